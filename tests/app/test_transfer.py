"""Export and import: the same things come back, once, or nothing does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.transfer import export_all, import_all
from engine.errors import InvalidRequest, NotFound, StorageError
from engine.types import Note
from storage.store import Store
from tests import builders

ME = "local"


def open_store(folder: Path) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    return Store.open(f"sqlite:///{folder / 'notewright.db'}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "first")
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "second")
    yield opened
    opened.close()


def fill(store: Store) -> Note:
    """Store a style of two versions, a note in each, a note in no style, and feedback."""
    ada = builders.profile("Ada")
    store.save_profile(ME, ada)
    newer = ada.model_copy(update={"version": 2, "guidance": "Shorter."})
    store.save_profile(ME, newer)
    first = builders.note(ada)
    store.save_note(ME, first)
    store.save_note(ME, builders.note(newer, topic="Rain / wind: 北京?"))
    loose = builders.profile(samples=("One pasted sample, with a line\u2028separator in it.",))
    store.save_profile(ME, loose)
    store.save_note(ME, builders.note(loose, topic="A note of its own"))
    store.add_feedback(ME, builders.stars(first, 4))
    store.add_feedback(ME, builders.edit(first, "It rained, we walked."))
    store.add_vote(ME, builders.vote(item="i1"))
    store.add_vote(ME, builders.vote(item="i1", chosen="undone"))
    store.set_consent(ME, first.id, allowed=False)
    store.set_consent(ME, builders.profile().samples[0].id, allowed=False)
    return first


def everything(store: Store) -> object:
    histories = sorted(store.histories(ME), key=lambda history: history.name)
    return histories, list(store.notes(ME)), store.votes(ME), store.refused(ME)


def test_what_was_exported_comes_back_whole(store: Store, other: Store, tmp_path: Path) -> None:
    first = fill(store)

    out = export_all(store, ME, tmp_path / "out")
    back = import_all(other, ME, tmp_path / "out")

    assert out == back == {"styles": 1, "notes": 3, "feedback": 2, "votes": 2, "refused": 2}
    assert everything(other) == everything(store)
    assert other.note(ME, first.id).note == first
    assert other.verify() == ()


def test_an_export_made_before_there_were_votes_or_refusals_is_read(
    store: Store, other: Store, tmp_path: Path
) -> None:
    fill(store)
    export_all(store, ME, tmp_path / "out")
    for name in ("votes.jsonl", "refused.jsonl"):
        (tmp_path / "out" / name).unlink()

    assert import_all(other, ME, tmp_path / "out")["notes"] == 3
    assert other.votes(ME) == []


def test_a_second_import_changes_nothing(store: Store, other: Store, tmp_path: Path) -> None:
    fill(store)
    export_all(store, ME, tmp_path / "out")
    import_all(other, ME, tmp_path / "out")
    before = everything(other)

    assert set(import_all(other, ME, tmp_path / "out").values()) == {0}
    assert everything(other) == before


def test_each_note_is_also_markdown_as_last_edited(store: Store, tmp_path: Path) -> None:
    first = fill(store)
    export_all(store, ME, tmp_path / "out")

    files = sorted((tmp_path / "out" / "notes").iterdir())

    assert len(files) == 3
    mine = next(path for path in files if first.id[3:11] in path.name)
    assert mine.read_text(encoding="utf-8") == f"# {first.plan.title}\n\nIt rained, we walked.\n"


def test_a_renamed_style_comes_back_under_its_new_name(
    store: Store, other: Store, tmp_path: Path
) -> None:
    first = fill(store)
    store.rename_style(ME, "Ada", "Countess")
    export_all(store, ME, tmp_path / "out")
    import_all(other, ME, tmp_path / "out")

    assert [(row.name, row.version, row.notes) for row in other.styles(ME)] == [("Countess", 2, 2)]
    assert other.note(ME, first.id).style_name == "Countess"


def test_a_rename_travels_to_where_the_style_was_known_before(
    store: Store, other: Store, tmp_path: Path
) -> None:
    fill(store)
    export_all(store, ME, tmp_path / "out")
    import_all(other, ME, tmp_path / "out")
    store.rename_style(ME, "Ada", "Countess")
    export_all(store, ME, tmp_path / "out")
    import_all(other, ME, tmp_path / "out")

    assert [row.name for row in other.styles(ME)] == ["Countess"]
    assert other.style(ME, "Countess") == store.style(ME, "Countess")


def test_a_newer_version_here_stays_in_force(store: Store, other: Store, tmp_path: Path) -> None:
    store.save_profile(ME, builders.profile("Ada"))
    other.save_profile(ME, builders.profile("Ada"))
    store.save_profile(ME, builders.profile("Ada", version=2, guidance="Theirs."))
    other.save_profile(ME, builders.profile("Ada", version=2, guidance="Mine."))
    export_all(store, ME, tmp_path / "out")

    assert import_all(other, ME, tmp_path / "out")["styles"] == 1
    assert other.style(ME, "Ada").guidance == "Mine."
    assert [p.guidance for p in other.histories(ME)[0].profiles] == [
        "",
        "Mine.",
        "Theirs.",
        "Mine.",
    ]


def test_another_style_of_the_same_name_is_not_overwritten(
    store: Store, other: Store, tmp_path: Path
) -> None:
    fill(store)
    other.save_profile(ME, builders.profile("Ada", samples=("Somebody else wrote this.",)))
    export_all(store, ME, tmp_path / "out")

    with pytest.raises(InvalidRequest, match="already called 'Ada'"):
        import_all(other, ME, tmp_path / "out")
    assert other.search(ME).total == 0


def test_deleted_things_stay_behind_unless_a_note_needs_them(
    store: Store, other: Store, tmp_path: Path
) -> None:
    first = fill(store)
    store.save_profile(ME, builders.profile("Unused", samples=("Nobody wrote in this style.",)))
    store.set_style_deleted(ME, "Ada", True)
    store.set_style_deleted(ME, "Unused", True)
    store.set_note_deleted(ME, first.id, True)
    export_all(store, ME, tmp_path / "out")

    counts = import_all(other, ME, tmp_path / "out")

    assert counts == {"styles": 1, "notes": 2, "feedback": 0, "votes": 2, "refused": 1}
    assert other.styles(ME) == []
    other.set_style_deleted(ME, "Ada", False)
    assert other.styles(ME)[0].notes == 1


def test_an_export_replaces_an_earlier_one(store: Store, tmp_path: Path) -> None:
    first = fill(store)
    export_all(store, ME, tmp_path / "out")
    store.set_note_deleted(ME, first.id, True)

    assert export_all(store, ME, tmp_path / "out")["notes"] == 2
    assert len(list((tmp_path / "out" / "notes").iterdir())) == 2
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_a_folder_of_other_things_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.txt").write_text("My thesis", encoding="utf-8")

    with pytest.raises(InvalidRequest, match="holds other things"):
        export_all(store, ME, tmp_path / "mine")
    assert (tmp_path / "mine" / "README.txt").read_text(encoding="utf-8") == "My thesis"


def test_a_place_that_cannot_be_written_is_a_sentence(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(StorageError, match="choose another folder"):
        export_all(store, ME, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    "name", [f"{n}.jsonl" for n in ("styles", "notes", "feedback", "votes", "refused")]
)
def test_a_bad_line_is_named_and_nothing_is_stored(
    store: Store, other: Store, tmp_path: Path, name: str
) -> None:
    fill(store)
    export_all(store, ME, tmp_path / "out")
    path = tmp_path / "out" / name
    count = len(path.read_text(encoding="utf-8").split("\n")) - 1
    with path.open("a", encoding="utf-8") as file:
        file.write('{"surprise": 1}\n')

    with pytest.raises(InvalidRequest, match=f"{name}, line {count + 1}: .*'surprise'"):
        import_all(other, ME, tmp_path / "out")
    assert everything(other) == ([], [], [], frozenset())


def test_feedback_on_a_note_that_is_not_there_is_named(
    store: Store, other: Store, tmp_path: Path
) -> None:
    fill(store)
    export_all(store, ME, tmp_path / "out")
    path = tmp_path / "out" / "feedback.jsonl"
    row = json.loads(path.read_text(encoding="utf-8").split("\n")[0])
    path.write_text(json.dumps(row | {"note_id": "n1-0"}), encoding="utf-8")

    with pytest.raises(InvalidRequest, match="line 1: there is no note 'n1-0'"):
        import_all(other, ME, tmp_path / "out")
    assert everything(other) == ([], [], [], frozenset())


def test_a_folder_without_an_export_is_not_found(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no Notewright export"):
        import_all(store, ME, tmp_path)
