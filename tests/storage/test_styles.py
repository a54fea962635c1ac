"""Profiles, and the styles that name them."""

import json
from threading import Barrier, Thread

import pytest

from engine.errors import InvalidRequest, NotFound
from storage.store import Store
from tests.builders import note, profile


def test_a_profile_comes_back_as_it_was_under_its_digest(store: Store) -> None:
    ada = profile("Ada", guidance="Short. 短句。")

    assert store.save_profile("me", ada) == ada.digest()
    assert store.profile("me", ada.digest()) == ada
    assert store.style("me", "Ada") == ada


def test_a_profile_from_before_rules_tags_and_never_keeps_its_address(store: Store) -> None:
    ada = profile("Ada", guidance="Short. 短句。")
    later = {"rules", "syntax", "tags", "added_tags", "never"}

    assert not later & ada.model_dump().keys()
    assert ada.digest() == "0a1dd451d2871950cc74ad79c704708c349ee288f0776c14e945829089dc51d3"
    changed = profile("Ada", version=2, never=("delve",), added_tags=("humour",))
    store.save_profile("me", ada)
    store.save_profile("me", changed)
    assert store.style("me", "Ada", 1) == ada
    assert store.style("me", "Ada") == changed


def test_a_style_whose_address_counted_its_empty_lists_can_be_written_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = profile("Ada")
    with monkeypatch.context() as then:
        body = json.dumps(dict(ada) | ada.model_dump(mode="json"))
        then.setattr("storage.styles.canonical", lambda _: body)
        assert store.save_profile("me", ada) != ada.digest()

    assert store.save_profile("me", store.style("me", "Ada")) == ada.digest()
    store.save_note("me", note(ada))
    assert [(row.version, row.notes) for row in store.styles("me")] == [(1, 1)]
    with pytest.raises(InvalidRequest, match="was changed meanwhile"):
        store.save_profile("me", profile("Ada", guidance="Other."))


def test_an_unnamed_profile_belongs_to_no_style(store: Store) -> None:
    digest = store.save_profile("me", profile())

    assert store.profile("me", digest) == profile()
    assert store.styles("me") == []


def test_a_new_version_is_the_newest_and_the_old_one_stays(store: Store) -> None:
    first, second = profile("Ada"), profile("Ada", version=2, guidance="Shorter.")
    store.save_profile("me", first)
    store.save_profile("me", second)

    assert store.style("me", "Ada") == second
    assert store.style("me", "Ada", 1) == first
    assert [(row.version, row.samples) for row in store.styles("me")] == [(2, 2)]
    with pytest.raises(NotFound, match="no version 3"):
        store.style("me", "Ada", 3)


def test_storing_a_profile_again_changes_nothing(store: Store) -> None:
    first, second = profile("Ada"), profile("Ada", version=2)
    for each in (first, second, first, second):
        store.save_profile("me", each)

    assert store.style("me", "Ada") == second


def test_two_changes_of_the_same_version_do_not_hide_each_other(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.save_profile("me", profile("Ada", version=2, guidance="Mine."))

    with pytest.raises(InvalidRequest, match="changed meanwhile"):
        store.save_profile("me", profile("Ada", version=2, guidance="Theirs."))
    assert store.style("me", "Ada").guidance == "Mine."


def test_of_two_threads_that_add_one_name_one_is_told(store: Store) -> None:
    gate, told = Barrier(2), list[str]()

    def add(guidance: str) -> None:
        gate.wait()
        try:
            store.save_profile("me", profile("Ada", guidance=guidance), new=True)
        except InvalidRequest as error:
            told.append(str(error))

    threads = [Thread(target=add, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told == ["Another style is already called 'Ada'; choose another name."]


def test_styles_are_listed_by_name_with_the_number_of_their_notes(store: Store) -> None:
    for name in ("zoe", "Ada", "陈"):
        store.save_profile("me", profile(name))
    for topic in ("One", "Two"):
        store.save_note("me", note(profile("zoe"), topic=topic))
    store.set_note_deleted("me", note(profile("zoe"), topic="Two").id, True)

    assert [(row.name, row.notes) for row in store.styles("me")] == [
        ("Ada", 0),
        ("zoe", 1),
        ("陈", 0),
    ]


def test_notes_follow_a_renamed_style(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.save_profile("me", profile("Ada", version=2))
    kept = note(profile("Ada"))
    store.save_note("me", kept)

    store.rename_style("me", "Ada", "Bea")

    assert [(row.name, row.version, row.notes) for row in store.styles("me")] == [("Bea", 2, 1)]
    assert store.note("me", kept.id).style_name == "Bea"
    assert store.note("me", kept.id).note == kept
    assert store.search("me", style="Bea").notes[0].style_name == "Bea"
    assert store.search("me", style="Ada").total == 0


def test_a_renamed_style_holds_profiles_of_that_name_and_the_old_ones_stay(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.save_profile("me", profile("Ada", version=2))

    store.rename_style("me", "Ada", "Bea")

    assert store.style("me", "Bea") == profile("Bea", version=2)
    assert store.style("me", "Bea", 1) == profile("Bea")
    assert store.profile("me", profile("Ada").digest()).name == "Ada"
    with pytest.raises(NotFound, match="no style named 'Ada'"):
        store.style("me", "Ada")


def test_a_note_begun_before_a_rename_belongs_to_the_renamed_style(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.rename_style("me", "Ada", "Bea")

    store.save_profile("me", profile("Ada"))
    store.save_note("me", note(profile("Ada")))

    assert [(row.name, row.notes) for row in store.styles("me")] == [("Bea", 1)]


def test_a_name_is_free_again_after_a_rename_even_for_the_same_samples(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.rename_style("me", "Ada", "Bea")

    store.save_profile("me", profile("Ada"), new=True)

    assert [row.name for row in store.styles("me")] == ["Ada", "Bea"]
    store.save_note("me", note(profile("Ada")))
    assert {row.name: row.notes for row in store.styles("me")} == {"Ada": 1, "Bea": 0}


def test_a_style_can_be_renamed_back(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.rename_style("me", "Ada", "Bea")
    store.rename_style("me", "Bea", "Ada")

    assert store.style("me", "Ada") == profile("Ada")


@pytest.mark.parametrize("deleted", [False, True])
def test_a_taken_name_is_refused_even_if_its_style_is_deleted(store: Store, deleted: bool) -> None:
    for name in ("Ada", "Bea"):
        store.save_profile("me", profile(name))
    store.set_style_deleted("me", "Bea", deleted)

    with pytest.raises(InvalidRequest, match="already called 'Bea'"):
        store.rename_style("me", "Ada", "Bea")
    with pytest.raises(InvalidRequest, match="already called 'Bea'"):
        store.save_profile("me", profile("Bea"), new=True)
    assert store.style("me", "Ada") == profile("Ada")


def test_an_empty_name_is_refused(store: Store) -> None:
    store.save_profile("me", profile("Ada"))

    with pytest.raises(InvalidRequest, match="needs a name"):
        store.rename_style("me", "Ada", " ")


def test_a_deleted_style_is_hidden_until_it_is_restored(store: Store) -> None:
    store.save_profile("me", profile("Ada"))
    store.save_note("me", note(profile("Ada")))
    store.set_style_deleted("me", "Ada", True)

    assert store.styles("me") == []
    with pytest.raises(NotFound):
        store.style("me", "Ada")
    with pytest.raises(InvalidRequest, match="deleted style is already called 'Ada'; restore it"):
        store.save_profile("me", profile("Ada", version=2))
    assert store.search("me", style="Ada").total == 1

    store.set_style_deleted("me", "Ada", False)
    assert store.style("me", "Ada") == profile("Ada")


def test_a_style_that_is_not_there_cannot_be_renamed_or_deleted(store: Store) -> None:
    with pytest.raises(NotFound):
        store.rename_style("me", "Ada", "Bea")
    with pytest.raises(NotFound):
        store.set_style_deleted("me", "Ada", True)


def test_styles_of_two_owners_do_not_meet(store: Store) -> None:
    shared = profile("Ada")
    store.save_profile("me", shared)
    with pytest.raises(NotFound):
        store.profile("you", shared.digest())

    store.save_profile("you", shared)
    store.rename_style("you", "Ada", "Bea")
    store.set_style_deleted("you", "Bea", True)

    assert store.style("me", "Ada") == shared
    assert [row.name for row in store.styles("me")] == ["Ada"]
    assert store.styles("you") == []
