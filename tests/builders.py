"""Valid nouns for tests, each with defaults and keyword overrides.

note(profile("Ada"), topic="Rain", text="It rained.")   a finished note in Ada's style
stars(some_note, 4)                                      an act of feedback on it
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from engine.notebench.votes import Vote
from engine.types import (
    Draft,
    Feedback,
    Generation,
    Habit,
    Language,
    ModelsUsed,
    Note,
    Plan,
    PlanPoint,
    Sampling,
    Scores,
    ShapeMetrics,
    SignatureWord,
    StyleProfile,
    StyleSample,
    Timings,
    WritingRequest,
)

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SAMPLES = (
    "We walked to the harbour before dawn. The gulls were louder than the engines!",
    "Honestly, the tide does not care. It comes, it goes, it takes a shoe now and then.",
)


def request(topic: str = "The harbour at dawn", **changes: Any) -> WritingRequest:
    """Return a request for a note on `topic`, with two facts."""
    values: dict[str, Any] = {
        "topic": topic,
        "facts": ("The ferry leaves at six", "The cafe opens at five"),
    }
    return WritingRequest(**values | changes)


def profile(
    name: str = "",
    samples: Sequence[str] = SAMPLES,
    *,
    version: int = 1,
    language: Language = "en",
    **changes: Any,
) -> StyleProfile:
    """Return a style profile; unnamed unless told."""
    values: dict[str, Any] = {
        "name": name,
        "version": version,
        "language": language,
        "samples": tuple(
            StyleSample(title=f"sample {i}", text=text) for i, text in enumerate(samples, 1)
        ),
        "words": (
            SignatureWord(word="honestly", count=1, pmi=3.5, score=3.5, example=samples[-1]),
        ),
        "habits": (
            Habit(name="exclamation", mark="!", rate=3.4, reference_rate=0.2, example=samples[0]),
        ),
        "shape": shape(),
        "confidence": "low",
    }
    return StyleProfile(**values | changes)


def shape(**changes: Any) -> ShapeMetrics:
    """Return plausible sentence and paragraph metrics."""
    values: dict[str, Any] = {
        "sentence_mean": 7.5,
        "sentence_spread": 2.0,
        "sentence_lengths": (7, 7, 6, 12),
        "paragraph_sentences": 2.0,
        "text_words": 16.0,
        "question_share": 0.0,
        "exclamation_share": 0.25,
        "vocabulary_richness": 0.8,
        "contraction_rate": 0.0,
        "first_person_rate": 3.1,
        "second_person_rate": 0.0,
    }
    return ShapeMetrics(**values | changes)


def plan(asked: WritingRequest | None = None, **changes: Any) -> Plan:
    """Return a plan in which each fact of the request has its own point."""
    asked = asked or request()
    values: dict[str, Any] = {
        "title": asked.topic,
        "summary": f"A note on {asked.topic}.",
        "points": tuple(PlanPoint(text=f, facts=(i,)) for i, f in enumerate(asked.facts)),
        "neutral_text": " ".join(f"{fact}." for fact in asked.facts),
        "fact_count": len(asked.facts),
    }
    return Plan(**values | changes)


def generation(text: str = "The ferry leaves at six.", **changes: Any) -> Generation:
    """Return a finished generation of the scripted model."""
    values: dict[str, Any] = {
        "text": text,
        "model": "scripted",
        "revision": "1",
        "prompt_version": "stylist-1",
        "sampling": Sampling(),
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "finish": "stop",
    }
    return Generation(**values | changes)


def draft(text: str = "The ferry leaves at six.", **changes: Any) -> Draft:
    """Return a scored draft that passed the gate."""
    values: dict[str, Any] = {
        "text": text,
        "generation": generation(text),
        "scores": Scores(style=0.7, meaning=0.8, copied=0.1, signature="scorer-1"),
    }
    return Draft(**values | changes)


def note(
    style: StyleProfile | None = None,
    *,
    topic: str = "The harbour at dawn",
    text: str = "We walked down. The ferry leaves at six! The cafe opens at five, honestly.",
    facts: Sequence[str] = ("The ferry leaves at six", "The cafe opens at five"),
    **changes: Any,
) -> Note:
    """Return a finished note of two drafts, the first (`text`) chosen, in `style`."""
    style = style or profile()
    asked = request(topic, facts=tuple(facts), language=style.language)
    values: dict[str, Any] = {
        "request": asked,
        "style_name": style.name,
        "profile_digest": style.digest(),
        "profile_version": style.version,
        "plan": plan(asked),
        "drafts": (draft(text), draft("A second, plainer draft.")),
        "chosen": 0,
        "models": ModelsUsed(planner="scripted", stylist="scripted", embedder="scripted"),
        "timings": Timings(plan=0.2, draft=0.5, total=0.8),
        "created_at": WHEN,
    }
    return Note(**values | changes)


def stars(about: Note, count: int, **changes: Any) -> Feedback:
    """Return a star rating of the note's chosen draft."""
    return _feedback(about, "stars", {"stars": count} | changes)


def thumb(about: Note, way: Literal["up", "down"] = "up", **changes: Any) -> Feedback:
    """Return a thumb on the note's chosen draft."""
    return _feedback(about, "thumb", {"thumb": way} | changes)


def choice(about: Note, index: int, **changes: Any) -> Feedback:
    """Return the choice of another draft."""
    return _feedback(about, "choice", {"draft": index} | changes)


def vote(**changes: Any) -> Vote:
    """Return a vote for the left of two texts on an item."""
    values: dict[str, Any] = {
        "rater": "writer",
        "item": "i0",
        "left": "b1-a",
        "right": "b1-b",
        "chosen": "left",
        "created_at": WHEN,
    }
    return Vote(**values | changes)


def edit(about: Note, text: str, **changes: Any) -> Feedback:
    """Return an edit of the note's chosen draft."""
    return _feedback(about, "edit", {"edited_text": text} | changes)


def tag(about: Note, word: str = "off-style", **changes: Any) -> Feedback:
    """Return a tag on the note's chosen draft."""
    return _feedback(about, "tag", {"tag": word} | changes)


def _feedback(about: Note, kind: str, changes: dict[str, Any]) -> Feedback:
    values: dict[str, Any] = {
        "note_id": about.id,
        "draft": about.chosen,
        "kind": kind,
        "created_at": WHEN,
    }
    return Feedback(**values | changes)
