"""Notes and feedback: what goes in comes out, stays as it is, and stays its owner's."""

import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.feedback import final_text
from engine.errors import InvalidRequest, NotFound
from engine.types import Feedback, Note
from storage.store import Store
from tests.builders import WHEN, choice, edit, note, profile, stars, tag, thumb


@pytest.fixture(autouse=True)
def ada(store: Store) -> None:
    """Let both owners have the style that the notes are in."""
    for owner in ("me", "you"):
        store.save_profile(owner, profile())


def test_a_note_comes_back_as_it_was(store: Store) -> None:
    kept = note(topic="Dawn 黎明 🌅 <|im_end|>")

    assert store.save_note("me", kept) == kept.id
    record = store.note("me", kept.id)
    assert record.note == kept
    assert record.note.id == kept.id
    assert (record.feedback, record.deleted) == ((), False)


def test_storing_a_note_again_changes_nothing(store: Store) -> None:
    kept = note()
    store.save_note("me", kept)
    store.add_feedback("me", stars(kept, 3))
    store.save_note("me", kept)

    assert len(list(store.notes("me"))) == 1
    assert store.note("me", kept.id).feedback == (stars(kept, 3),)


def test_a_note_whose_profile_is_not_stored_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="save the style"):
        store.save_note("me", note(profile("Unknown")))
    assert list(store.notes("me")) == []


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, 0, 123_000, tzinfo=timezone(timedelta(hours=8))),
        datetime(1969, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_moments_keep_their_place_in_time(store: Store, moment: datetime) -> None:
    kept = note(created_at=moment)
    store.save_note("me", kept)

    listed = store.search("me").notes[0].created_at
    assert (listed, listed.utcoffset()) == (moment, timedelta(0))
    assert store.note("me", kept.id).note.created_at == moment


def test_notes_come_oldest_first_whatever_the_order_they_were_stored_in(store: Store) -> None:
    days = [note(topic=str(day), created_at=WHEN + timedelta(days=day)) for day in range(120)]
    for each in days[::2] + days[1::2]:
        store.save_note("me", each)

    assert [record.note for record in store.notes("me")] == days
    assert [found.title for found in store.search("me", limit=3).notes] == ["119", "118", "117"]


def test_more_notes_than_fit_in_a_second_are_kept_apart(store: Store) -> None:
    same = [note(topic=f"Note {i}") for i in range(1_100)]
    for each in same:
        store.save_note("me", each)

    assert [record.note.request.topic for record in store.notes("me")] == [
        each.request.topic for each in same
    ]


def test_notes_can_be_stored_while_they_are_read(store: Store) -> None:
    for i in range(60):
        store.save_note("me", note(topic=str(i)))
    seen = 0
    for record in store.notes("me"):
        store.add_feedback("me", stars(record.note, 5))
        seen += 1

    assert seen == 60


def test_notes_are_read_as_they_are_asked_for_not_all_at_once(store: Store) -> None:
    for i in range(120):
        store.save_note("me", note(topic=str(i)))
    reading = store.notes("me")
    next(reading)

    store.set_note_deleted("me", note(topic="119").id, True)

    assert len(list(reading)) == 118


def test_a_deleted_note_is_hidden_until_it_is_restored(store: Store) -> None:
    kept = note(topic="Lighthouse")
    store.save_note("me", kept)
    store.set_note_deleted("me", kept.id, True)
    store.set_note_deleted("me", kept.id, True)

    assert list(store.notes("me")) == []
    assert [record.deleted for record in store.notes("me", include_deleted=True)] == [True]
    assert store.note("me", kept.id).deleted
    assert store.search("me", "lighthouse").total == 0

    store.add_feedback("me", edit(kept, "Now about a lantern."))
    assert store.search("me", "lantern").total == 0
    store.set_note_deleted("me", kept.id, False)
    assert store.search("me", "lantern").total == store.search("me", "lighthouse").total == 1


def test_feedback_comes_back_oldest_first(store: Store) -> None:
    kept = note()
    store.save_note("me", kept)
    later = WHEN + timedelta(minutes=1)
    acts = (
        stars(kept, 2),
        thumb(kept, "down"),
        tag(kept, "dull"),
        choice(kept, 1, created_at=later),
        edit(kept, "Mended.", created_at=later),
    )
    for act in (*acts[3:], *acts[:3], *acts):
        store.add_feedback("me", act)

    assert store.note("me", kept.id).feedback == acts


@pytest.mark.parametrize("draft", [-1, 2])
def test_feedback_on_a_draft_that_is_not_there_is_refused(store: Store, draft: int) -> None:
    kept = note()
    store.save_note("me", kept)

    with pytest.raises(InvalidRequest, match="2 drafts"):
        store.add_feedback("me", stars(kept, 2, draft=draft))
    assert store.note("me", kept.id).feedback == ()


def test_the_latest_stars_count_whichever_were_stored_last(store: Store) -> None:
    kept = note()
    store.save_note("me", kept)
    store.add_feedback("me", stars(kept, 5, created_at=WHEN + timedelta(days=1)))
    store.add_feedback("me", stars(kept, 2))

    assert store.search("me").notes[0].stars == 5


@pytest.mark.parametrize(
    ("acts", "shown"),
    [
        ((), "First."),
        ((("edit", 0, "Edited."),), "Edited."),
        ((("edit", 0, "Edited."), ("choice", 1, None)), "Second."),
        ((("choice", 1, None), ("edit", 1, "Better.")), "Better."),
        ((("edit", 0, "Edited."), ("choice", 1, None), ("choice", 0, None)), "Edited."),
    ],
)
def test_the_library_shows_the_text_that_the_page_shows(
    store: Store, acts: tuple[tuple[str, int, str | None], ...], shown: str
) -> None:
    kept = note(text="First.")
    kept = kept.model_copy(
        update={"drafts": (kept.drafts[0], kept.drafts[1].model_copy(update={"text": "Second."}))}
    )
    store.save_note("me", kept)
    for minute, (kind, draft, edited) in enumerate(acts):
        act: dict[str, object] = {"note_id": kept.id, "draft": draft, "kind": kind}
        act |= {"edited_text": edited, "created_at": WHEN + timedelta(minutes=minute)}
        store.add_feedback("me", Feedback.model_validate(act))

    assert final_text(store.note("me", kept.id)) == shown
    assert store.search("me").notes[0].snippet == shown


def test_a_note_of_another_owner_is_not_there(store: Store) -> None:
    mine = note(topic="Secret garden")
    store.save_note("me", mine)

    for act in (
        lambda: store.note("you", mine.id),
        lambda: store.set_note_deleted("you", mine.id, True),
        lambda: store.add_feedback("you", stars(mine, 1)),
    ):
        with pytest.raises(NotFound, match="no note"):
            act()
    assert list(store.notes("you")) == []
    assert store.search("you", "secret").total == 0
    assert store.note("me", mine.id).feedback == ()


def test_two_owners_of_the_same_note_have_one_each(store: Store) -> None:
    same = note()
    store.save_note("me", same)
    store.save_note("you", same)
    store.add_feedback("me", stars(same, 1))
    store.set_note_deleted("me", same.id, True)

    assert store.note("you", same.id).feedback == ()
    assert not store.note("you", same.id).deleted


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE feedback SET body = '{}'", "append-only"),
        ("DELETE FROM feedback", "append-only"),
        ("UPDATE notes SET body = '{}'", "immutable"),
        ("UPDATE notes SET id = 'n1-0', owner = 'you'", "immutable"),
        ("DELETE FROM notes", "immutable"),
        ("UPDATE profiles SET body = '{}'", "immutable"),
        ("DELETE FROM style_versions", "append-only"),
    ],
)
def test_the_database_itself_refuses_to_change_what_was_written(
    store: Store, url: str, statement: str, reason: str
) -> None:
    store.save_profile("me", profile("Ada"))
    kept = note()
    store.save_note("me", kept)
    store.add_feedback("me", stars(kept, 4))
    engine = create_engine(url)

    with engine.connect() as connection, pytest.raises(DBAPIError, match=reason):
        connection.execute(text(statement))
    engine.dispose()


def test_many_threads_may_write_and_read_at_once(store: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(15):
                kept = note(topic=f"Thread {number} note {i}")
                store.save_note("me", kept)
                store.add_feedback("me", stars(kept, 1 + i % 5))
                assert store.search("me", f"thread {number}").total > i
        except BaseException as error:  # handed to the test's own thread, which raises it
            failures.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(list(store.notes("me"))) == 120
    assert store.verify() == ()


def test_what_is_typed_is_kept_for_each_owner(store: Store, url: str) -> None:
    form = {
        "topic": "Dawn 黎明",
        "facts": ["a", "b"],
        "words": 120,
        "style": None,
        "half": "\ud83c",
    }
    store.save_form("me", {"topic": "D"})
    store.save_form("me", form)

    again = Store.open(url)
    try:
        assert again.load_form("me") == form
        assert again.load_form("you") == {}
    finally:
        again.close()


def test_the_same_form_again_does_not_wait_for_a_writer(store: Store, sqlite_file: Path) -> None:
    store.save_form("me", {"topic": "Dawn"})
    writer = sqlite3.connect(sqlite_file, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        store.save_form("me", {"topic": "Dawn"})
    finally:
        writer.close()


def test_the_database_may_be_read_by_its_owner_only(store: Store, sqlite_file: Path) -> None:
    store.save_note("me", note())

    for each in sqlite_file.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each.name


def test_a_note_of_an_older_program_keeps_its_address(store: Store, sqlite_file: Path) -> None:
    """Addresses are of the bytes: a field that the model gains later does not change them."""
    kept = note()
    store.save_note("me", kept)
    connection = sqlite3.connect(sqlite_file)
    try:
        (body,) = connection.execute("SELECT body FROM notes").fetchone()
    finally:
        connection.close()

    assert Note.model_validate_json(body) == kept
    assert "\n" not in body
    assert body.startswith('{"chosen":0,"created_at":"2026-03-01T09:30:00Z"')
