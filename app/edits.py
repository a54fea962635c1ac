"""What a writer changes about a profile."""

from dataclasses import dataclass

from app.naming import added_tags, added_words, guidance, never_list
from engine.types import StyleProfile

WRITERS_OWN = ("struck", "added_words", "added_tags", "guidance", "never")
"""What of a profile is the writer's and outlives a new reading of the samples."""


@dataclass(frozen=True)
class ProfileEdits:
    """The whole new lists, not differences; `never` None leaves that list as it is."""

    struck: tuple[str, ...]
    added_words: tuple[str, ...]
    guidance: str
    added_tags: tuple[str, ...] = ()
    never: tuple[str, ...] | None = None


def checked(edits: ProfileEdits) -> dict[str, tuple[str, ...] | str]:
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
    }


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
