"""What a writer changes about a profile: what was found, and the samples it is read from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args

from app.naming import added_tags, added_words, guidance, never_list
from engine.errors import InvalidRequest, NotFound
from engine.profile.build import build_profile
from engine.trait import trait_name
from engine.types import StyleProfile, StyleSample, TraitLevel, TraitWish

WRITERS_OWN = ("struck", "added_words", "added_tags", "guidance", "never", "trait")
"""What of a profile is the writer's and outlives a new reading of the samples."""


@dataclass(frozen=True)
class ProfileEdits:
    """The whole new lists, not differences; `never` and `trait` None leave those as they are.

    `trait` holds the one that every note is to have, or nothing for none.
    """

    struck: tuple[str, ...]
    added_words: tuple[str, ...]
    guidance: str
    added_tags: tuple[str, ...] = ()
    never: tuple[str, ...] | None = None
    trait: tuple[TraitWish, ...] | None = None


def checked(edits: ProfileEdits) -> dict[str, tuple[str, ...] | str | TraitWish | None]:
    """Return the edits by field of the profile, tidied.

    Raises:
        InvalidRequest: naming what is too long, too much or unknown.
    """
    never = {} if edits.never is None else {"never": never_list(edits.never)}
    return {
        "struck": tuple(dict.fromkeys(edits.struck)),
        "added_words": added_words(edits.added_words),
        "guidance": guidance(edits.guidance),
        "added_tags": added_tags(edits.added_tags),
        **never,
        **({} if edits.trait is None else {"trait": next(iter(edits.trait), None)}),
    }


def wished(name: str, level: object) -> tuple[TraitWish, ...]:
    """Return the trait that was typed and how much of it; nothing where it is off.

    Raises:
        InvalidRequest: a few words cannot say it, or the level is none.
    """
    if not level or not name.strip():
        return ()
    if level not in get_args(TraitLevel):
        raise InvalidRequest("A trait goes from 0 (off) to 3.", field="trait_level")
    return (TraitWish(name=trait_name(name), level=cast("TraitLevel", level)),)


def toggled(profile: StyleProfile, name: str) -> ProfileEdits:
    """Return the edits of one press on a feature's button.

    A found one is struck out or brought back, an added one goes, a tag that was not found is added.
    """
    tag = name.removeprefix("tag:")
    words = tuple(word for word in profile.added_words if word != name)
    tags = tuple(t for t in profile.added_tags if f"tag:{t}" != name)
    struck = tuple(n for n in profile.struck if n != name)
    if (words, tags, struck) == (profile.added_words, profile.added_tags, profile.struck):
        absent = name != tag and tag not in {found.name for found in profile.tags}
        tags, struck = ((*tags, tag), struck) if absent else (tags, (*struck, name))
    return ProfileEdits(struck, words, profile.guidance, tags)


def with_samples(old: StyleProfile, samples: Sequence[StyleSample]) -> StyleProfile:
    """Return the next version of a profile, read from more samples.

    Raises:
        InvalidRequest: it has all of them already.
    """
    have = {sample.text for sample in old.samples}
    fresh = tuple(sample for sample in samples if sample.text not in have)
    if not fresh:
        raise InvalidRequest("These samples are in the style already.", field="samples")
    return _read_again(old, old.samples + fresh)


def without_sample(old: StyleProfile, sample_id: str) -> StyleProfile:
    """Return the next version of a profile, read without one of its samples.

    Raises:
        NotFound: it has no such sample.
        InvalidRequest: it has no other.
    """
    left = tuple(sample for sample in old.samples if sample.id != sample_id)
    if len(left) == len(old.samples):
        raise NotFound(f"There is no sample {sample_id!r} in the style; choose one that it lists.")
    if not left:
        raise InvalidRequest(
            "A style needs a sample: add another before you take this one out, or delete the style."
        )
    return _read_again(old, left)


def _read_again(old: StyleProfile, samples: tuple[StyleSample, ...]) -> StyleProfile:
    built = build_profile(samples, old.language, name=old.name)
    kept = {field: getattr(old, field) for field in WRITERS_OWN}
    return built.model_copy(update={**kept, "version": old.version + 1})
