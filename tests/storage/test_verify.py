"""verify() finds what was changed behind the store's back."""

import sqlite3
from pathlib import Path

import pytest

from storage.store import Store
from tests.builders import edit, note, profile, stars


@pytest.fixture(autouse=True)
def one_of_each(store: Store) -> None:
    """Store a style, a note and feedback on it."""
    kept = note(profile("Ada"))
    store.save_profile("me", profile("Ada"))
    store.save_note("me", kept)
    store.add_feedback("me", stars(kept, 4))
    store.add_feedback("me", edit(kept, "Mended."))


def test_a_sound_database_has_no_disagreements(store: Store) -> None:
    assert store.verify() == ()


@pytest.mark.parametrize(
    ("statement", "sentences"),
    [
        (
            "UPDATE notes SET body = replace(body, 'harbour', 'station')",
            ["Note n1-* does not have the content of its address."],
        ),
        ("UPDATE feedback SET body = '{}' WHERE kind = 'stars'", ["Feedback f1-* does not*"]),
        ("UPDATE profiles SET body = replace(body, 'tide', 'time')", ["Profile * does not have*"]),
        ("UPDATE notes SET stars = 1", ["Note n1-* does not show*"]),
        ("UPDATE notes SET text = 'Other.'", ["Note n1-* does not show*"]),
        ("DELETE FROM note_search", ["The search index is wrong about 1 notes."]),
        ("DELETE FROM profiles", ["*profiles*not there.", "*profiles*not there."]),
    ],
)
def test_each_kind_of_tampering_is_named(
    store: Store, sqlite_file: Path, statement: str, sentences: list[str]
) -> None:
    connection = sqlite3.connect(sqlite_file)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()

    found = list(store.verify())

    assert len(found) == len(sentences), found
    for sentence, pattern in zip(found, sentences, strict=True):
        for part in pattern.split("*"):
            assert part in sentence
