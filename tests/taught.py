"""A style with notes that were rated and edited: enough to learn from."""

from storage.store import Store
from tests.builders import draft, edit, note, plan, profile, request, stars

SAMPLES = (
    "Right. The boiler. It has opinions, and this morning its opinion was no. I asked it twice.",
    "The bins went out on time, for once. Honestly, a parade would not have been too much.",
)


def teach(store: Store, owner: str, style: str = "Ada", count: int = 12) -> None:
    """Save a style, and notes in it of which half were liked and a quarter edited."""
    saved = profile(style, SAMPLES)
    store.save_profile(owner, saved)
    for number in range(count):
        ferry, cafe = f"ferry to isle {number}", f"cafe on pier {number}"
        facts = (f"The {ferry} leaves at six.", f"The {cafe} opens at five.")
        asked = request(f"The harbour, day {number}", facts=facts)
        made = note(
            saved,
            topic=asked.topic,
            facts=facts,
            plan=plan(asked, neutral_text=" ".join(facts)),
            drafts=(
                draft(" ".join(facts)),
                draft(f"At six the {ferry} leaves! By five the {cafe} opens."),
            ),
        )
        store.save_note(owner, made)
        store.add_feedback(owner, stars(made, 5 if number % 2 else 1))
        if number % 4 == 0:
            better = f"Six: the {ferry} leaves. Five: the {cafe} opens, honestly."
            store.add_feedback(owner, edit(made, better))
