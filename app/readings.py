"""What a page says of drafts beyond their scores: the style read against the samples they had."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from engine.errors import NotFound
from engine.scoring.nouns import StyleReading
from engine.scoring.reading import read_style
from engine.scoring.slop import load_phrases
from engine.scoring.striking import without_struck
from engine.types import Language, Note
from storage.store import Store


def own_phrases(directory: Path) -> Mapping[Language, tuple[str, ...]]:
    """Return the stock phrases in force: the files of the directory, else those that ship."""
    languages: tuple[Language, ...] = get_args(Language)
    return {language: load_phrases(language, directory) for language in languages}


def readings(store: Store, owner: str, note: Note) -> tuple[StyleReading | None, ...]:
    """Return the reading of each draft; empty where the note's profile is not kept any more."""
    try:
        profile = store.profile(owner, note.profile_digest)
    except NotFound:
        return ()
    samples = [without_struck(sample.text, profile) for sample in profile.samples]
    return tuple(
        read_style(
            without_struck(draft.text, profile),
            samples,
            profile.language,
            score=draft.scores.style,
            watched=profile.active_words,
        )
        if draft.scores is not None and draft.scores.style is not None
        else None
        for draft in note.drafts
    )
