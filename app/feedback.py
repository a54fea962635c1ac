"""From what a person did on a note to one Feedback, and back to the text in force."""

from collections.abc import Mapping
from typing import cast, get_args

from engine.errors import InvalidRequest
from engine.text import clean
from engine.types import Feedback, FeedbackKind, FeedbackTag
from storage.store import NoteRecord

_EDIT_CHARACTERS = 20_000


def chosen_draft(record: NoteRecord) -> int:
    """Return the draft in force: the writer's last choice, else the program's."""
    choices = [f.draft for f in record.feedback if f.puts_in_force]
    return choices[-1] if choices else record.note.chosen


def final_text(record: NoteRecord) -> str:
    """Return the text as the writer left it: the last edit of the draft in force, or the draft."""
    draft = chosen_draft(record)
    edits = [f.edited_text for f in record.feedback if f.kind == "edit" and f.draft == draft]
    return (edits[-1] if edits else None) or record.note.drafts[draft].text


def make_feedback(
    record: NoteRecord,
    values: Mapping[str, object],
    *,
    draft: int | None = None,
    rater: str = "writer",
) -> Feedback:
    """Return one act of feedback; `values` maps each kind to its value, all but one None.

    Raises:
        InvalidRequest: none or several values, a draft that is not there, stars outside 1 to 5,
            an unknown tag, an empty edit.
    """
    given = {kind: value for kind, value in values.items() if value is not None}
    if len(given) != 1:
        raise InvalidRequest(
            "Give just one of stars, thumb, choice, edit and tag.", field="feedback"
        )
    kind, value = next(iter(given.items()))
    about = value if kind == "choice" else chosen_draft(record) if draft is None else draft
    if type(about) is not int or not 0 <= about < len(record.note.drafts):
        raise InvalidRequest(
            f"This note has drafts 0 to {len(record.note.drafts) - 1}; there is no {about!r}.",
            field="draft",
        )
    return Feedback.model_validate(
        {
            "note_id": record.note.id,
            "draft": about,
            "kind": cast("FeedbackKind", kind),
            "rater": " ".join(clean(rater).split())[:60] or "writer",
            **_checked(kind, value),
        }
    )


def _checked(kind: str, value: object) -> dict[str, object]:
    """Return the field of this kind, or say in a sentence what is wrong with its value."""
    if kind == "stars":
        if type(value) is not int or not 1 <= value <= 5:
            raise InvalidRequest("Stars go from 1 to 5.", field="stars")
        return {"stars": value}
    if kind == "thumb":
        if value not in ("up", "down"):
            raise InvalidRequest("A thumb is 'up' or 'down'.", field="thumb")
        return {"thumb": value}
    if kind == "tag":
        if value not in get_args(FeedbackTag):
            known = ", ".join(get_args(FeedbackTag))
            raise InvalidRequest(f"The tags are: {known}.", field="tag")
        return {"tag": value}
    if kind == "edit":
        return {"edited_text": _edit(value)}
    return {}


def _edit(value: object) -> str:
    given = value if isinstance(value, str) else ""
    # Cleaning megabytes takes seconds: what is far too long is refused as it came.
    text = clean(given).strip() if len(given) <= 4 * _EDIT_CHARACTERS else given
    if not text:
        raise InvalidRequest("The edited text is empty; nothing was saved.", field="edited_text")
    if len(text) > _EDIT_CHARACTERS:
        raise InvalidRequest(
            f"An edited note has at most {_EDIT_CHARACTERS:,} characters.", field="edited_text"
        )
    return text
