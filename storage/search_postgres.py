"""The full-text index on PostgreSQL: one tsvector a note, built from our own words.

The words are handed over with their positions, so PostgreSQL's parser, which splits Chinese,
hyphens and addresses its own way, is never asked.
"""

from collections.abc import Iterable, Sequence
from itertools import count

from sqlalchemy import text
from sqlmodel import Session

from storage.search import COUNT_CAP, Entry, Query
from storage.words import Phrase, indexed

_MAX_POSITION = 16_383  # PostgreSQL's own limit


class PostgresIndex:
    """A GIN index over tsvectors."""

    def put(self, session: Session, seq: int, entry: Entry) -> None:
        """Index a note, replacing what was indexed of it."""
        session.connection().execute(
            text(
                "INSERT INTO note_search (seq, document) VALUES (:seq, CAST(:document AS tsvector))"
                " ON CONFLICT (seq) DO UPDATE SET document = EXCLUDED.document"
            ),
            {"seq": seq, "document": _document(entry)},
        )

    def drop(self, session: Session, seq: int) -> None:
        """Take a note out."""
        session.connection().execute(text("DELETE FROM note_search WHERE seq = :seq"), {"seq": seq})

    def find(
        self, session: Session, query: Query, *, ranked: bool, limit: int, offset: int
    ) -> Sequence[int]:
        """Return keys of notes: best first if `ranked`, else newest first."""
        best = "ts_rank(document, CAST(:words AS tsquery)) DESC," if ranked else ""
        parameters = {"match": _tsquery(query), "limit": limit, "offset": offset}
        if ranked:
            parameters["words"] = " & ".join(map(_phrase, query.phrases))
        rows = session.connection().execute(
            text(
                "SELECT seq FROM note_search WHERE document @@ CAST(:match AS tsquery)"
                f" ORDER BY {best} seq DESC LIMIT :limit OFFSET :offset"
            ),
            parameters,
        )
        return list(rows.scalars())

    def count(self, session: Session, query: Query) -> int:
        """Return how many notes match; counting stops at COUNT_CAP."""
        row = session.connection().execute(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM note_search"
                " WHERE document @@ CAST(:match AS tsquery) LIMIT :cap) AS capped"
            ),
            {"match": _tsquery(query), "cap": COUNT_CAP},
        )
        return int(row.scalar_one())

    def keys(self, session: Session) -> Sequence[int]:
        """Return the keys of all indexed notes."""
        return list(session.connection().execute(text("SELECT seq FROM note_search")).scalars())


def _document(entry: Entry) -> str:
    # A sign that no word holds keeps filters apart from people's words.
    scope = [f"'={word}'" for word in entry.scope]
    place = count(1)
    weighted = ((entry.title, "A"), (entry.facts, "B"), (entry.text, "D"))
    return " ".join(
        [*scope, *(w for part, weight in weighted for w in _placed(part, weight, place))]
    )


def _placed(part: str, weight: str, place: "count[int]") -> Iterable[str]:
    next(place)  # a gap, so that no phrase reaches from one part into the next
    for word in indexed(part).split():
        at = next(place)
        if at <= _MAX_POSITION:
            yield f"'{word}':{at}{weight}"


def _tsquery(query: Query) -> str:
    return " & ".join([*(f"'={word}'" for word in query.scope), *map(_phrase, query.phrases)])


def _phrase(phrase: Phrase) -> str:
    star = ":*" if phrase.prefix else ""
    return "(" + " <-> ".join(f"'{word}'" for word in phrase.words) + star + ")"
