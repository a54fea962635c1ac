"""What may not be trained on: a writer's word on a note or sample, in the caller's transaction.

Everything may be trained on until its writer says no. Notes and profiles are immutable, so the word
is a row of its own; the last one on a thing holds. A sample is named by the address of its text,
so that it stays refused in every version of a style and under every title. What was deleted since
an adapter learned from it counts as taken back too.
"""

import re

from sqlalchemy import func
from sqlmodel import Session, col, select

from engine.errors import InvalidRequest, NotFound
from engine.types import utc_now
from storage import styles
from storage.tables import ConsentEntry, NoteEntry

ADDRESS = r"^[ns]1-[0-9a-f]{32}$"
"""What the id of a note or sample looks like."""


def put(session: Session, owner: str, about: str, *, allowed: bool) -> None:
    """Append a word on a note or sample; the one that holds already changes nothing."""
    if not re.fullmatch(ADDRESS, about):
        raise InvalidRequest(
            f"{about!r} names no note or sample; give an id such as n1-… or s1-….", field="about"
        )
    if allowed == (about not in refused(session, owner)):
        return
    mine = (NoteEntry.owner == owner, NoteEntry.id == about)
    if about.startswith("n") and session.exec(select(NoteEntry.seq).where(*mine)).first() is None:
        raise NotFound(f"There is no note {about!r}; look it up in the library.")
    session.add(ConsentEntry(owner=owner, about=about, allowed=allowed, at=utc_now()))
    session.flush()


def refused(session: Session, owner: str) -> frozenset[str]:
    """Return the ids of the notes and samples that must not be trained on."""
    last = (
        select(func.max(ConsentEntry.seq))
        .where(ConsentEntry.owner == owner)
        .group_by(col(ConsentEntry.about))
    )
    return frozenset(
        session.exec(
            select(ConsentEntry.about).where(
                col(ConsentEntry.seq).in_(last), col(ConsentEntry.allowed).is_(False)
            )
        )
    )


def withdrawn(session: Session, owner: str, style: str) -> frozenset[str]:
    """Return the ids of what no adapter of a style may have learned from.

    That is what was refused, notes that were deleted, and samples that were taken out of the style.
    An id that nobody knows here (an adapter came from elsewhere) is none of them.
    """
    deleted = session.exec(
        select(NoteEntry.id).where(NoteEntry.owner == owner, col(NoteEntry.deleted_at).is_not(None))
    )
    return refused(session, owner) | {*deleted} | styles.taken_out(session, owner, style)
