"""Votes are kept as they were given, counted for their owner, and never changed."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from engine.errors import InvalidRequest, NotFound
from engine.types import Feedback
from storage.store import Store, VoteRow
from storage.votes import MOST_PER_PAIR
from tests.builders import WHEN, choice, note, profile, vote

NOTE = note(profile("Ada"))
FIRST_TABLES = {
    "alembic_version", "profiles", "styles", "style_versions", "notes", "feedback", "forms",
}  # fmt: skip


def preferred(**changes: object) -> Feedback:
    """Return that the note's second draft was preferred to its first."""
    return choice(NOTE, 1, over=0, **changes)


@pytest.fixture
def noted(store: Store) -> Store:
    """Return a store with a note of two drafts."""
    store.save_profile("me", profile("Ada"))
    store.save_note("me", NOTE)
    return store


def test_votes_come_back_in_their_order_and_are_their_owners(store: Store) -> None:
    store.add_vote("me", vote(item="x", seconds=2.5))
    store.add_vote("you", vote(item="y", rater="Bo"))
    store.add_vote("me", vote(item="x", chosen="undone"))
    store.add_vote("me", vote(item="x", chosen="undone"))  # the same act again

    mine = [vote(item="x", seconds=2.5), vote(item="x", chosen="undone")]
    assert [row.vote for row in store.votes("me")] == mine
    assert VoteRow("you", vote(item="y", rater="Bo")) in store.votes()
    assert len(store.votes()) == 3


def test_one_rater_cannot_flood_a_pair(store: Store) -> None:
    for number in range(MOST_PER_PAIR):
        left, right = ("b1-a", "b1-b") if number % 2 else ("b1-b", "b1-a")
        store.add_vote("me", vote(left=left, right=right, seconds=number))
    with pytest.raises(InvalidRequest, match="your last vote stands"):
        store.add_vote("me", vote(seconds=99))
    for other in (vote(right="b1-c"), vote(rater="Bo"), vote(item="other")):
        store.add_vote("me", other)
    store.add_vote("you", vote(seconds=99))
    assert len(store.votes()) == MOST_PER_PAIR + 4


def test_a_vote_on_drafts_is_feedback_too_or_neither_is_kept(noted: Store) -> None:
    noted.add_vote("me", vote(item=NOTE.id), preferred())
    assert [act.over for act in noted.note("me", NOTE.id).feedback] == [0]

    with pytest.raises(NotFound):
        noted.add_vote("you", vote(item=NOTE.id), preferred(rater="you"))
    with pytest.raises(InvalidRequest, match="7 is none of them"):
        noted.add_vote("me", vote(item="z"), choice(NOTE, 1, over=7))
    assert len(noted.votes()) == 1


def test_a_blind_preference_puts_no_draft_in_force(noted: Store) -> None:
    noted.add_vote("me", vote(item=NOTE.id), preferred())

    assert noted.search("me", "plainer").total == 0
    assert noted.verify() == ()
    noted.add_feedback("me", choice(NOTE, 1))
    assert noted.search("me", "plainer").total == 1


def test_feedback_without_a_preference_keeps_its_old_address() -> None:
    """The address of a plain choice is that of version 0.1.0."""
    assert "over" not in choice(NOTE, 1).model_dump(mode="json")
    assert "withdrawn" not in preferred().model_dump(mode="json")
    assert preferred(withdrawn=True).model_dump(mode="json")["withdrawn"] is True
    with pytest.raises(ValueError, match="only a choice"):
        choice(NOTE, 1, over=1)
    with pytest.raises(ValueError, match="can be withdrawn"):
        choice(NOTE, 1, withdrawn=True)


@pytest.mark.parametrize("change", ["UPDATE votes SET chosen = 'right'", "DELETE FROM votes"])
def test_votes_cannot_be_changed_or_deleted(store: Store, url: str, change: str) -> None:
    store.add_vote("me", vote())
    engine = create_engine(url)
    with pytest.raises(Exception, match="votes are append-only"), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    assert [row.vote for row in store.votes()] == [vote()]


def test_a_vote_that_was_tampered_with_is_found(store: Store, sqlite_file: Path) -> None:
    store.add_vote("me", vote())
    connection = sqlite3.connect(sqlite_file)
    connection.execute("DROP TRIGGER votes_no_update")
    connection.execute("UPDATE votes SET body = replace(body, 'left', 'right')")
    connection.commit()
    connection.close()

    assert [line.split()[0] for line in store.verify()] == ["Vote"]


def test_a_database_from_before_there_were_votes_is_brought_up_to_date(
    noted: Store, url: str, sqlite_file: Path
) -> None:
    noted.close()
    connection = sqlite3.connect(sqlite_file)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        if name not in FIRST_TABLES and not name.startswith(("note_search", "sqlite_")):
            connection.execute(f"DROP TABLE {name}")
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    connection.close()

    again = Store.open(url)
    again.add_vote("me", vote(created_at=WHEN))
    assert again.note("me", NOTE.id).note == NOTE
    assert len(again.votes("me")) == 1
    again.close()
