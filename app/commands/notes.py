"""`notewright notes`: list, search, show, consent, delete and restore."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from app.commands.common import OWNER, Json, WrongUsage, new_group, open_studio, say, say_json
from app.commands.consent import Allowed, keep_word, tell_overdue

if TYPE_CHECKING:
    from engine.types import Language
    from storage.store import NotePage, NoteRecord, NoteSummary

commands = new_group("Find and read your notes.")

Style = Annotated[str | None, typer.Option(metavar="NAME", help="Only notes in this style.")]
In = Annotated[str | None, typer.Option("--language", metavar="en|zh", help="Only this language.")]
Stars = Annotated[
    int | None, typer.Option(min=1, max=5, metavar="1-5", help="Only notes rated so, or better.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")]
Offset = Annotated[int, typer.Option(min=0, metavar="N", help="How many to pass over.")]
NoteId = Annotated[str, typer.Argument(metavar="ID", help="The note's id, as in the list.")]


@commands.command("list")
def list_notes(
    style: Style = None,
    language: In = None,
    min_stars: Stars = None,
    limit: Limit = 30,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """List notes, newest first."""
    _find("", style, language, min_stars, limit, offset, as_json=as_json)


@commands.command("search")
def search_notes(
    query: Annotated[str, typer.Argument(metavar="WORDS", help="Words to look for.")],
    style: Style = None,
    language: In = None,
    min_stars: Stars = None,
    limit: Limit = 30,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Search topic, facts and text, best match first."""
    _find(query, style, language, min_stars, limit, offset, as_json=as_json)


@commands.command("show")
def show_note(note_id: NoteId, as_json: Json = False) -> None:
    """Show a note with its plan, drafts, scores, models and feedback."""
    from app.present import note_json
    from app.studio import final_text

    with open_studio() as studio:
        record = studio.note(OWNER, note_id)
        allowed = note_id not in studio.store.refused(OWNER)
    if as_json:
        acts = [act.model_dump(mode="json") for act in record.feedback]
        also = {"final_text": final_text(record), "feedback": acts, "consent": allowed}
        say_json({**note_json(record.note), **also})
    else:
        _show(record)
        if not allowed:
            say("Kept out of training.")


@commands.command("consent")
def consent_to_note(note_id: NoteId, allowed: Allowed, as_json: Json = False) -> None:
    """Say whether training may learn from a note and the feedback on it; it may by default."""
    with open_studio() as studio:
        keep_word(studio, note_id, allowed=allowed, as_json=as_json)


@commands.command("delete")
def delete_note(note_id: NoteId) -> None:
    """Hide a note; `restore` brings it back."""
    with open_studio() as studio:
        studio.delete_note(OWNER, note_id)
        say(f"Deleted. `notewright notes restore {note_id}` brings it back.")
        tell_overdue(studio, [note_id])


@commands.command("restore")
def restore_note(note_id: NoteId) -> None:
    """Bring a deleted note back."""
    with open_studio() as studio:
        studio.restore_note(OWNER, note_id)
    say("Restored.")


def _find(
    query: str,
    style: str | None,
    language: str | None,
    min_stars: int | None,
    limit: int,
    offset: int,
    *,
    as_json: bool,
) -> None:
    if language not in (None, "en", "zh"):
        raise WrongUsage(f"The language {language!r} is not known; choose en or zh.")
    with open_studio() as studio:
        page = studio.search(
            OWNER,
            query,
            style=style,
            language=cast("Language | None", language),
            min_stars=min_stars,
            limit=limit,
            offset=offset,
        )
    if as_json:
        say_json({"total": page.total, "notes": [_summary_json(one) for one in page.notes]})
    else:
        _list(page)


def _list(page: "NotePage") -> None:
    for one in page.notes:
        stars = "★" * (one.stars or 0)
        style = one.style_name or "pasted samples"
        say(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M}  {style}  {one.title}  {stars}".rstrip())
    if not page.notes:
        say("No notes found. `notewright write` makes one.")
    elif page.total > len(page.notes):
        say(f"{len(page.notes)} of {page.total}; --offset and --limit show others.")


def _summary_json(one: "NoteSummary") -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "snippet": one.snippet.replace("\x02", "").replace("\x03", ""),
        "style": one.style_name,
        "language": one.language,
        "stars": one.stars,
        "created_at": one.created_at.isoformat(),
    }


def _show(record: "NoteRecord") -> None:
    from app.present import score_words
    from app.studio import chosen_draft, final_text

    note = record.note
    say(f"# {note.plan.title}\n\n{final_text(record)}\n")
    say(f"## Plan\n\n{note.plan.summary}\n")
    for point in note.plan.points:
        say(f"- {point.text}")
    for fact in note.plan.missing:
        say(f"- (not planned: {note.request.facts[fact]})")
    for index, draft in enumerate(note.drafts):
        mark = ", chosen" if index == chosen_draft(record) else ""
        failed = f" · fails on: {', '.join(draft.failed)}" if draft.failed else ""
        say(f"\n## Draft {index}{mark}\n\n{draft.text}\n\n{score_words(draft.scores)}{failed}")
    if record.feedback:
        say("\n## Feedback\n")
    for act in record.feedback:
        value = act.stars or act.thumb or act.tag or act.edited_text or f"draft {act.draft}"
        say(f"- {act.created_at:%Y-%m-%d %H:%M} draft {act.draft}, {act.kind}: {value}")
    models = note.models
    style = record.style_name or note.style_name or "pasted samples"
    stood_in = f" (instead of {note.plan.instead_of})" if note.plan.instead_of else ""
    say(f"\nStyle {style} (version {note.profile_version}) · planner {models.planner}{stood_in} · ")
    say(f"stylist {models.stylist} · seed {note.request.seed} · {note.timings.total:.1f} s")
