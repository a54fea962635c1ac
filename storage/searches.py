"""Prompt searches: their orders, calls and trees, the memory of gains, and the prompts in use.

A search is in the hands of whoever holds its style's lock file, which the system lets go of where
they are killed; so one search at a time works on a style of this machine, and none that died is
taken for one at work.
"""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from sqlmodel import Session, col, select

from engine.errors import InvalidRequest, NotFound, StorageError
from engine.optimize.types import (
    Gain,
    Outcome,
    PromptInUse,
    SearchJob,
    SearchNode,
    SearchOrder,
    SearchReport,
    State,
)
from engine.types import utc_now
from storage.adapter_rows import style_key
from storage.database import Database
from storage.locks import locked
from storage.search_tables import (
    PromptEntry,
    SearchCallEntry,
    SearchEntry,
    SearchGainEntry,
    SearchNodeEntry,
)
from storage.tables import StyleEntry

_TOGETHER = "+"
_TRIES, _LOOK = 5, 0.02


class SearchBoard:
    """The prompt searches of a database. Safe to call from several threads and processes."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Use a database whose tables are up to date; lock files lie in `folder`."""
        self._database, self._folder = database, folder

    # what a person asks for
    def add(self, owner: str, style: str, order: SearchOrder) -> SearchJob:
        """Add a search that waits to be taken in hand.

        Raises:
            NotFound: there is no such style.
            InvalidRequest: a search is at work on it.
        """
        now = utc_now()
        with self._database.write() as session:
            key = style_key(session, owner, style)
            if self._is_held(key):
                _refuse_second()
            entry = SearchEntry(
                id=f"o1-{secrets.token_hex(8)}", owner=owner, style_id=key, state="running",
                wish="go", message="", calls=0, seconds=0.0, body=order.model_dump_json(),
                created_at=now, updated_at=now,
            )  # fmt: skip
            session.add(entry)
            session.flush()
            return self._job(session, entry)

    def cancel(self, owner: str, search_id: str) -> SearchJob:
        """Ask a search to end; one that nobody has in hand ends at once."""
        with self._database.write() as session:
            entry = _existing(session, owner, search_id)
            if self._job(session, entry).alive:
                entry.wish = "cancel"
            elif entry.state == "running":
                entry.state = "stopped"
            session.add(entry)
            return self._job(session, entry)

    def get(self, owner: str, search_id: str) -> SearchJob:
        """Return a search; NotFound if it is not this owner's."""
        with self._database.read() as session:
            return self._job(session, _existing(session, owner, search_id))

    def list(self, owner: str, style: str | None = None) -> Sequence[SearchJob]:
        """Return the searches of an owner, or of a style, newest first."""
        with self._database.read() as session:
            wanted = select(SearchEntry).where(SearchEntry.owner == owner)
            if style is not None:
                key = style_key(session, owner, style)
                wanted = wanted.where(SearchEntry.style_id == key)
            found = session.exec(wanted.order_by(col(SearchEntry.seq).desc())).all()
            return [self._job(session, entry) for entry in found]

    def order(self, owner: str, search_id: str) -> SearchOrder:
        """Return what a search was asked to do."""
        with self._database.read() as session:
            return SearchOrder.model_validate_json(_existing(session, owner, search_id).body)

    def nodes(self, owner: str, search_id: str) -> Sequence[SearchNode]:
        """Return the tree as it stands, in the order in which it grew."""
        with self._database.read() as session:
            seq = _existing(session, owner, search_id).seq
            rows = session.exec(
                select(SearchNodeEntry)
                .where(SearchNodeEntry.search_seq == seq)
                .order_by(col(SearchNodeEntry.number))
            )
            return [SearchNode.model_validate_json(row.body) for row in rows]

    # what the work does
    @contextmanager
    def in_hand(self, owner: str, search_id: str) -> Iterator["SearchWork"]:
        """Hold a search while it is worked on.

        Raises:
            InvalidRequest: another search of the style, or another process, is at work.
        """
        with self._database.read() as session:
            key = _existing(session, owner, search_id).style_id
        held = self._hold(key)
        for _ in range(_TRIES):  # somebody may just have looked whether it is held
            if held is None:
                time.sleep(_LOOK)
                held = self._hold(key)
        if held is None:
            _refuse_second()
        try:
            work = SearchWork(self._database, owner, search_id)
            work.change(state="running", wish="go", message="")
            yield work
        finally:
            os.close(held)

    def _path(self, style: int) -> Path:
        return self._folder / f"{style}.lock"

    def _hold(self, style: int) -> int | None:
        held = locked(self._path(style), "alone")
        if held is None and not self._path(style).exists():
            raise StorageError(
                f"The folder {str(self._folder)!r} cannot be written; free some space, or see that "
                "you may write there, and try again."
            )
        return held

    def _is_held(self, style: int) -> bool:
        if not self._path(style).exists():
            return False
        held = self._hold(style)
        if held is not None:
            os.close(held)
        return held is None

    def _job(self, session: Session, entry: SearchEntry) -> SearchJob:
        order = SearchOrder.model_validate_json(entry.body)
        newest = session.exec(
            select(SearchEntry.seq)
            .where(SearchEntry.style_id == entry.style_id, SearchEntry.state == "running")
            .order_by(col(SearchEntry.updated_at).desc())
        ).first()
        alive = entry.state == "running" and entry.seq == newest and self._is_held(entry.style_id)
        return SearchJob(
            id=entry.id, owner=entry.owner,
            style=session.get_one(StyleEntry, entry.style_id).name,
            state=_state(entry.state), alive=alive,
            wish="cancel" if entry.wish == "cancel" else "go",
            message=entry.message, budget=order.budget, minutes=order.minutes,
            adapter=order.adapter, way=order.way, calls=entry.calls, seconds=entry.seconds,
            report=SearchReport.model_validate_json(entry.report) if entry.report else None,
            created_at=entry.created_at, updated_at=entry.updated_at,
        )  # fmt: skip

    # the memory
    def gains(self, owner: str, model: str) -> Sequence[Gain]:
        """Return what strategies gained on an owner's styles with a model, oldest first."""
        with self._database.read() as session:
            rows = session.exec(
                select(SearchGainEntry)
                .where(SearchGainEntry.owner == owner, SearchGainEntry.model == model)
                .order_by(col(SearchGainEntry.seq))
            )
            kept = {"seq", "owner", "search_seq", "model", "steps"}
            return [
                Gain.model_validate(
                    row.model_dump(exclude=kept) | {"steps": row.steps.split(_TOGETHER)}
                )
                for row in rows
            ]

    # prompts in use
    def use(self, owner: str, style: str, prompt: PromptInUse) -> None:
        """Let a prompt serve a style from now on."""
        with self._database.write() as session:
            session.add(
                PromptEntry(
                    owner=owner, style_id=style_key(session, owner, style),
                    body=prompt.model_dump_json(), at=prompt.at,
                )
            )  # fmt: skip

    def in_use(self, owner: str, style: str) -> PromptInUse | None:
        """Return the prompt that a style was given last and that was not taken back."""
        with self._database.read() as session:
            entry = _in_use(session, owner, style_key(session, owner, style))
            return PromptInUse.model_validate_json(entry.body) if entry else None

    def back(self, owner: str, style: str) -> PromptInUse | None:
        """Take the prompt in use back; return the one that serves again, None for the plain one.

        Raises:
            InvalidRequest: no prompt is in use.
        """
        with self._database.write() as session:
            key = style_key(session, owner, style)
            entry = _in_use(session, owner, key)
            if entry is None:
                raise InvalidRequest(
                    "This style has no prompt of its own in use, so there is nothing to go back "
                    "from."
                )
            entry.back_at = utc_now()
            session.add(entry)
            session.flush()
            before = _in_use(session, owner, key)
            return PromptInUse.model_validate_json(before.body) if before else None


class SearchWork:
    """A search in the hands of the process that works on it; also its ledger."""

    def __init__(self, database: Database, owner: str, search_id: str) -> None:
        """Hold what `SearchBoard.in_hand` gave."""
        self._database, self._owner, self._id = database, owner, search_id
        with database.read() as session:
            self._seq = _existing(session, owner, search_id).seq or 0

    def wants_to_end(self) -> bool:
        """Tell whether the person cancelled."""
        with self._database.read() as session:
            return _existing(session, self._owner, self._id).wish == "cancel"

    def get(self, key: str) -> Outcome | None:
        """Return what a call gave, if it was made."""
        with self._database.read() as session:
            row = session.get(SearchCallEntry, (self._seq, key))
            return Outcome.model_validate_json(row.body) if row else None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep what a call gave, and count it."""
        with self._database.write() as session:
            body = outcome.model_dump_json()
            session.merge(SearchCallEntry(search_seq=self._seq, key=key, body=body))
            entry = _existing(session, self._owner, self._id)
            entry.calls += 1
            entry.seconds += outcome.seconds
            entry.updated_at = utc_now()
            session.add(entry)

    def put_node(self, node: SearchNode) -> None:
        """Keep a prompt of the tree as it stands."""
        with self._database.write() as session:
            body = node.model_dump_json()
            session.merge(SearchNodeEntry(search_seq=self._seq, number=node.number, body=body))

    def finish(self, report: SearchReport, gains: Sequence[Gain], model: str) -> None:
        """Keep how it ended and what it teaches, together."""
        with self._database.write() as session:
            for one in gains:
                session.add(
                    SearchGainEntry(
                        owner=self._owner, search_seq=self._seq, steps=_TOGETHER.join(one.steps),
                        kind=one.kind, way=one.way, model=model, gain=one.gain,
                    )
                )  # fmt: skip
            entry = _existing(session, self._owner, self._id)
            entry.state = "done"
            entry.report, entry.updated_at = report.model_dump_json(), utc_now()
            session.add(entry)

    def change(self, **changes: Any) -> None:
        """Change what the row says of the search's state."""
        with self._database.write() as session:
            entry = _existing(session, self._owner, self._id)
            for name, value in changes.items():
                setattr(entry, name, value)
            entry.updated_at = utc_now()
            session.add(entry)


def _refuse_second() -> NoReturn:
    raise InvalidRequest(
        "A search for this style's prompt is at work already; watch it with `notewright optimize "
        "status`, or cancel it first."
    )


def _existing(session: Session, owner: str, search_id: str) -> SearchEntry:
    entry = session.exec(select(SearchEntry).where(SearchEntry.id == search_id)).one_or_none()
    if entry is None or entry.owner != owner:
        raise NotFound(
            f"There is no search {search_id!r}; `notewright optimize status` lists those that are."
        )
    return entry


def _in_use(session: Session, owner: str, key: int) -> PromptEntry | None:
    return session.exec(
        select(PromptEntry)
        .where(PromptEntry.owner == owner, PromptEntry.style_id == key)
        .where(col(PromptEntry.back_at).is_(None))
        .order_by(col(PromptEntry.seq).desc())
    ).first()


def _state(value: str) -> State:
    states: dict[str, State] = {"stopped": "stopped", "failed": "failed", "done": "done"}
    return states.get(value, "running")
