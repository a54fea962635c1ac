"""Everything may be trained on until its writer says no; the last word holds, and none is lost."""

import pytest
from sqlalchemy import create_engine, text

from engine.errors import InvalidRequest, NotFound
from storage.store import Store
from tests.builders import note, profile

ADA = profile("Ada")
NOTE = note(ADA)
SAMPLE = ADA.samples[0].id


@pytest.fixture
def noted(store: Store) -> Store:
    """Return a store with a note of mine."""
    store.save_profile("me", ADA)
    store.save_note("me", NOTE)
    return store


def test_the_last_word_on_a_note_or_sample_holds_and_is_its_owners(noted: Store) -> None:
    assert noted.refused("me") == frozenset()

    for about in (NOTE.id, SAMPLE):
        noted.set_consent("me", about, allowed=False)
    noted.set_consent("you", SAMPLE, allowed=False)
    assert noted.refused("me") == {NOTE.id, SAMPLE}
    assert noted.refused("you") == {SAMPLE}

    noted.set_consent("me", SAMPLE, allowed=True)
    assert noted.refused("me") == {NOTE.id}
    assert noted.refused("you") == {SAMPLE}


def test_only_a_change_of_mind_is_kept_and_nothing_is_taken_back(noted: Store, url: str) -> None:
    for allowed in (True, False, False, True, True, False):
        noted.set_consent("me", SAMPLE, allowed=allowed)

    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT allowed FROM consent ORDER BY seq")).all()
        assert [bool(allowed) for (allowed,) in rows] == [False, True, False]
    for change in ("UPDATE consent SET allowed = NOT allowed", "DELETE FROM consent"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.execute(text(change))
    engine.dispose()
    assert noted.refused("me") == {SAMPLE}


def test_a_word_on_nothing_is_an_error(noted: Store) -> None:
    with pytest.raises(InvalidRequest, match="'my diary' names no note or sample"):
        noted.set_consent("me", "my diary", allowed=False)
    with pytest.raises(NotFound, match="look it up in the library"):
        noted.set_consent("you", NOTE.id, allowed=False)
    assert noted.refused("you") == frozenset()
