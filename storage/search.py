"""The full-text index of notes: FTS5 on SQLite, tsvector on PostgreSQL.

Filters are words of the index too (owner, style, language, stars), so that a search is one walk of
word lists however rare the filter. Deleted notes are not in the index. Up to COUNT_CAP matches are
ranked (BM25, the title weighing most); more are too many to be told apart by rank while someone is
typing, and come newest first, which the index yields without looking at them all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

from sqlalchemy import text
from sqlmodel import Session

from engine.errors import InvalidRequest
from engine.types import Language
from storage.words import Phrase, indexed

COUNT_CAP = 1_000


@dataclass(frozen=True)
class Entry:
    """What is findable of one note."""

    scope: tuple[str, ...]
    title: str
    facts: str
    text: str


@dataclass(frozen=True)
class Query:
    """What is looked for: filters and phrases, all of which must hold."""

    scope: tuple[str, ...]
    phrases: tuple[Phrase, ...]


def scope_words(
    owner: str, *, style_id: int | None, language: str | None, stars: int | None
) -> tuple[str, ...]:
    """Return a note's filter words; asking for at least n stars is asking for the word `r{n}`.

    Raises:
        InvalidRequest: an unknown language (words go into a query unquoted, so none is made up).
    """
    if language and language not in get_args(Language):
        raise InvalidRequest(
            f"Notewright does not know the language {language!r}; choose en or zh.",
            field="language",
        )
    return (
        _owner_word(owner),
        *([f"s{style_id}"] if style_id is not None else []),
        *([f"l{language}"] if language else []),
        *(f"r{n}" for n in range(1, (stars or 0) + 1)),
    )


def scope_query(
    owner: str, *, style_id: int | None, language: str | None, min_stars: int | None
) -> tuple[str, ...]:
    """Return the filter words that a note must have."""
    wanted = scope_words(owner, style_id=style_id, language=language, stars=None)
    return (*wanted, f"r{min_stars:d}") if min_stars and min_stars > 0 else wanted


def _owner_word(owner: str) -> str:
    return "o" + hashlib.sha256(owner.encode()).hexdigest()[:24]


class Index(Protocol):
    """The index of one kind of database; every call is inside the caller's transaction."""

    def put(self, session: Session, seq: int, entry: Entry) -> None:
        """Index a note, replacing what was indexed of it."""

    def drop(self, session: Session, seq: int) -> None:
        """Take a note out."""

    def find(
        self, session: Session, query: Query, *, ranked: bool, limit: int, offset: int
    ) -> Sequence[int]:
        """Return keys of notes: best first if `ranked`, else newest first."""

    def count(self, session: Session, query: Query) -> int:
        """Return how many notes match; counting stops at COUNT_CAP."""

    def keys(self, session: Session) -> Sequence[int]:
        """Return the keys of all indexed notes."""


class SqliteIndex:
    """FTS5 with prefix indexes."""

    def put(self, session: Session, seq: int, entry: Entry) -> None:
        """Index a note, replacing what was indexed of it."""
        session.connection().execute(
            text(
                "INSERT OR REPLACE INTO note_search (rowid, scope, title, facts, text)"
                " VALUES (:seq, :scope, :title, :facts, :text)"
            ),
            {
                "seq": seq,
                "scope": " ".join(entry.scope),
                "title": indexed(entry.title),
                "facts": indexed(entry.facts),
                "text": indexed(entry.text),
            },
        )

    def drop(self, session: Session, seq: int) -> None:
        """Take a note out."""
        session.connection().execute(
            text("DELETE FROM note_search WHERE rowid = :seq"), {"seq": seq}
        )

    def find(
        self, session: Session, query: Query, *, ranked: bool, limit: int, offset: int
    ) -> Sequence[int]:
        """Return keys of notes: best first if `ranked`, else newest first."""
        best = "bm25(note_search, 0.0, 10.0, 4.0, 1.0)," if ranked else ""
        rows = session.connection().execute(
            text(
                "SELECT rowid FROM note_search WHERE note_search MATCH :match"
                f" ORDER BY {best} rowid DESC LIMIT :limit OFFSET :offset"
            ),
            {"match": _fts5(query), "limit": limit, "offset": offset},
        )
        return [row[0] for row in rows]

    def count(self, session: Session, query: Query) -> int:
        """Return how many notes match; counting stops at COUNT_CAP."""
        row = session.connection().execute(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM note_search"
                " WHERE note_search MATCH :match LIMIT :cap)"
            ),
            {"match": _fts5(query), "cap": COUNT_CAP},
        )
        return int(row.scalar_one())

    def keys(self, session: Session) -> Sequence[int]:
        """Return the keys of all indexed notes."""
        return list(session.connection().execute(text("SELECT rowid FROM note_search")).scalars())


def _fts5(query: Query) -> str:
    # Words hold letters and digits only (storage/words.py), so nothing typed can be syntax.
    parts = [f"scope : {word}" for word in query.scope]
    for phrase in query.phrases:
        star = " *" if phrase.prefix else ""
        parts.append(f'{{title facts text}} : "{" ".join(phrase.words)}"{star}')
    return " AND ".join(parts)
