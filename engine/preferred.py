"""Which drafts were preferred to which, blind: what feedback says after votes were taken back."""

from collections.abc import Iterable

from engine.types import Feedback
from engine.value import Value


class Preferred(Value):
    """A rater's last word on two drafts of a note."""

    note_id: str
    draft: int
    over: int
    rater: str


def preferred(feedback: Iterable[Feedback]) -> tuple[Preferred, ...]:
    """Return the preferences that stand, in the order of the last words.

    Args:
        feedback: acts on one note or several, oldest first.
    """
    last: dict[tuple[str, str, frozenset[int]], Preferred] = {}
    for act in feedback:
        if act.over is None:
            continue
        about = (act.note_id, act.rater, frozenset((act.draft, act.over)))
        last.pop(about, None)
        if not act.withdrawn:
            last[about] = Preferred(
                note_id=act.note_id, draft=act.draft, over=act.over, rater=act.rater
            )
    return tuple(last.values())
