"""What tabs do about consent: keep a word, offer to forget, forget. Each answers in HTML."""

from collections.abc import Collection

from app.consentview import forgotten, offer, word_kept
from app.i18n import Texts
from app.tabs.desk import Desk


def keep_word(desk: Desk, owner: str, about: str, t: Texts, *, allowed: bool) -> str:
    """Keep whether a text may be learned from; offer to forget it where somebody learned before."""
    desk.consent.say(owner, about, allowed=allowed)
    return word_kept(t, allowed=allowed) + offered(desk, owner, [about], t)


def offered(desk: Desk, owner: str, about: Collection[str], t: Texts) -> str:
    """Return the offer to forget texts that were taken back just now; empty where nobody saw."""
    return offer(len(desk.consent.overdue(owner, about)), t)


def forget(desk: Desk, owner: str, t: Texts) -> str:
    """Retire the adapters that saw what was taken back, and train again; return what came of it."""
    return forgotten(desk.consent.forget(owner), t)
