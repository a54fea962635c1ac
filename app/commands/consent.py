"""What commands say about consent: whether a text may be learned from, and who did before."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from app.commands.common import OWNER, counted, note, say, say_json

if TYPE_CHECKING:
    from app.consent import Consent
    from app.studio import Studio

Allowed: TypeAlias = Annotated[
    bool, typer.Option("--allow/--refuse", help="Whether training may learn from it.")
]


def consent_of(studio: "Studio") -> "Consent":
    """Return what a person can say about being learned from."""
    from app.consent import Consent
    from app.training import Training

    return Consent(studio, Training(studio))


def keep_word(studio: "Studio", about: str, *, allowed: bool, as_json: bool) -> None:
    """Keep the word on a note or sample, and say which adapters learned from it before."""
    consent = consent_of(studio)
    consent.say(OWNER, about, allowed=allowed)
    if as_json:
        saw = [each.adapter.id for each in consent.overdue(OWNER, [about])]
        say_json({"id": about, "consent": allowed, "overdue": saw})
        return
    say("It may be learned from." if allowed else "It is kept out of training from now on.")
    tell_overdue(studio, [about])


def tell_overdue(studio: "Studio", about: Collection[str]) -> None:
    """Say which adapters learned from texts that were withdrawn, and which command forgets them."""
    found = consent_of(studio).overdue(OWNER, about)
    if found:
        note(
            f"{counted(len(found), 'adapter')} learned from it already. `notewright train forget` "
            f"retires {'it' if len(found) == 1 else 'them'} and trains again without."
        )
