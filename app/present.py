"""Notes as JSON (the format of `write --json`) and as words for a terminal."""

from collections.abc import Iterable

from app.feedback import final_text
from engine.types import Draft, Generation, Note, Plan, Scores
from storage.store import NoteRecord

_BANDS = ((0.8, "high"), (0.6, "good"), (0.4, "fair"), (0.0, "low"))
_SHOWN = (
    ("style", "like the samples"),
    ("meaning", "says what the plan says"),
    ("faithful", "invents nothing"),
    ("fact_recall", "facts kept"),
)


def note_json(note: Note, *, row_id: str | None = None) -> dict[str, object]:
    """Return a note in the documented JSON form; `id` is the batch row's, else the note's own."""
    return {
        "id": row_id if row_id is not None else note.id,
        "note_id": note.id,
        "style": note.style_name,
        "language": note.request.language,
        "text": note.text,
        "plan": _plan_json(note.plan),
        "drafts": [
            _draft_json(draft, chosen=index == note.chosen)
            for index, draft in enumerate(note.drafts)
        ],
        "scores": _scores_json(note.drafts[note.chosen].scores),
        "models": note.models.model_dump(mode="json"),
        "seconds": note.timings.model_dump(mode="json"),
        "tokens": _tokens(note),
    }


def note_markdown(record: NoteRecord) -> str:
    """Return the note as a person keeps it: its title and the text as last edited."""
    return f"# {record.note.plan.title}\n\n{final_text(record)}\n"


def score_words(scores: Scores | None) -> str:
    """Return scores as one line of words and numbers; empty when there are none.

    Only what was measured is named: "like the samples: good (0.71) · copied: none · …".
    """
    if scores is None:
        return ""
    parts = [
        f"{label}: {_band(value)} ({value:.2f})"
        for name, label in _SHOWN
        if (value := getattr(scores, name)) is not None
    ]
    if scores.copied is not None:
        parts.append("copied: none" if scores.copied == 0 else f"copied: {scores.copied:.0%}")
    if scores.slop:
        parts.append(f"stock phrases and repetition: {scores.slop:.0%}")
    if scores.length_ratio is not None:
        parts.append(f"length: {scores.length_ratio:.0%} of what was asked")
    return " · ".join(parts)


def _band(value: float) -> str:
    return next(word for floor, word in _BANDS if value >= floor)


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "title": plan.title,
        "summary": plan.summary,
        "points": [point.text for point in plan.points],
        "uses": [list(point.facts) for point in plan.points],
        "missing": list(plan.missing),
        "neutral_text": plan.neutral_text,
    }


def _draft_json(draft: Draft, *, chosen: bool) -> dict[str, object]:
    return {
        "text": draft.text,
        "scores": _scores_json(draft.scores),
        "chosen": chosen,
        "failed": list(draft.failed),
    }


def _scores_json(scores: Scores | None) -> dict[str, object] | None:
    return None if scores is None else scores.model_dump(mode="json")


def _tokens(note: Note) -> dict[str, int]:
    generations = [note.plan.generation, *(draft.generation for draft in note.drafts)]
    return _sum_tokens(generation for generation in generations if generation is not None)


def _sum_tokens(generations: Iterable[Generation]) -> dict[str, int]:
    totals = {"prompt": 0, "completion": 0, "cached": 0}
    for generation in generations:
        totals["prompt"] += generation.prompt_tokens
        totals["completion"] += generation.completion_tokens
        totals["cached"] += generation.cached_tokens
    return totals
