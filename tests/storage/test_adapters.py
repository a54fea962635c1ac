"""One adapter of a style serves; what served before can come back; nothing damaged gets in."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy import text

from engine.adapter_files import CARD, FILES, GGUF, MANIFEST
from engine.errors import AdapterUnusable, InvalidRequest, NotFound, StorageError
from engine.types import Adapter, BaseRef
from storage.adapters import AdapterShelf
from storage.store import Store
from tests.adapters import BASE, a_folder
from tests.builders import note, profile

Add = Callable[..., Adapter]
OTHER = BaseRef(name="Qwen2.5-1.5B-Instruct", revision="feedfacefeedface")


@pytest.fixture
def shelf(store: Store, tmp_path: Path) -> AdapterShelf:
    """Yield an empty shelf beside two styles."""
    for name in ("Ada", "Ben"):
        store.save_profile("me", profile(name))
    return store.adapters(tmp_path / "adapters")


@pytest.fixture
def add(shelf: AdapterShelf, tmp_path: Path) -> Add:
    """Return what adds an adapter of a name to Ada's."""

    def add_one(
        name: str, *, style: str = "Ada", status: str = "candidate", **about: object
    ) -> Adapter:
        built = a_folder(tmp_path / "built" / name, name, **about)
        return shelf.add("me", style, built, status=status)  # type: ignore[arg-type]

    return add_one


def serves(shelf: AdapterShelf, style: str = "Ada") -> str | None:
    adapter = shelf.current("me", style)
    promoted = [each for each in shelf.list("me", style) if each.status == "promoted"]
    assert [adapter] == promoted if adapter else promoted == []
    return adapter.id if adapter else None


# ------------------------------------------------------------------ in


def test_a_folder_is_moved_in_whole_and_comes_in_as_a_candidate(
    shelf: AdapterShelf, add: Add, tmp_path: Path
) -> None:
    made = add("one")

    assert (made.status, made.style, made.manifest.method) == ("candidate", "Ada", "sft")
    assert shelf.list("me") == [made] == [shelf.get("me", made.id)]
    assert serves(shelf) is None
    assert {p.name for p in (tmp_path / "adapters" / made.id).iterdir()} == {*FILES, MANIFEST}
    assert not (tmp_path / "built" / "one").exists()
    assert shelf.servable(made.id, BASE).read_text() == f"{GGUF} of one"


def test_the_same_adapter_again_changes_nothing_and_mends_a_damaged_folder(
    shelf: AdapterShelf, add: Add
) -> None:
    made = add("one")
    shelf.promote("me", made.id)
    shelf.servable(made.id, BASE).write_text("damaged")
    with pytest.raises(AdapterUnusable, match=r"adapter\.gguf is damaged"):
        shelf.servable(made.id, BASE)

    assert add("one").status == "promoted"
    assert shelf.servable(made.id, BASE).read_text() == f"{GGUF} of one"
    assert len(shelf.list("me")) == 1


def test_an_adapter_belongs_to_one_style_and_one_owner(shelf: AdapterShelf, add: Add) -> None:
    made = add("one")

    with pytest.raises(InvalidRequest, match="there already, for the style 'Ada'"):
        add("one", style="Ben")
    with pytest.raises(NotFound, match="no style named 'Nobody'"):
        add("two", style="Nobody")
    for stranger in (shelf.get, shelf.promote, shelf.retire):
        with pytest.raises(NotFound, match="no adapter"):
            stranger("you", made.id)
    assert shelf.list("you") == []


@pytest.mark.parametrize("name", FILES)
def test_a_folder_with_a_damaged_or_missing_file_does_not_come_in(
    shelf: AdapterShelf, tmp_path: Path, name: str
) -> None:
    built = a_folder(tmp_path / "built")
    (built / name).write_text((built / name).read_text()[:-1])
    with pytest.raises(AdapterUnusable, match=f"{name} is damaged"):
        shelf.add("me", "Ada", built)
    (built / name).unlink()
    with pytest.raises(AdapterUnusable, match=f"{name} cannot be read"):
        shelf.add("me", "Ada", built)
    (built / name).symlink_to(built / MANIFEST)
    with pytest.raises(AdapterUnusable, match=f"{name} is damaged"):
        shelf.add("me", "Ada", built)
    assert shelf.list("me") == []


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"files": {}},
        {"files": {GGUF: "0" * 64, "../../outside": "0" * 64}},
        {"files": {GGUF: "short"}},
        {"unknown": 1},
    ],
)
def test_a_manifest_that_we_did_not_write_is_refused(
    shelf: AdapterShelf, tmp_path: Path, change: dict[str, object]
) -> None:
    built = a_folder(tmp_path / "built")
    about = json.loads((built / MANIFEST).read_text())
    (built / MANIFEST).write_text(json.dumps(about | change))
    with pytest.raises(AdapterUnusable, match=r"manifest\.json in 'built' is not an adapter's"):
        shelf.add("me", "Ada", built)
    (built / MANIFEST).write_text(json.dumps(about)[:-40])
    with pytest.raises(AdapterUnusable, match="is not an adapter's"):
        shelf.add("me", "Ada", built)
    (built / MANIFEST).unlink()
    with pytest.raises(AdapterUnusable, match="There is no adapter in 'built'"):
        shelf.add("me", "Ada", built)


# ------------------------------------------------------------------ promotion


def test_promotion_puts_one_in_place_of_the_other_and_rolling_back_goes_one_back_at_a_time(
    shelf: AdapterShelf, add: Add
) -> None:
    one, two, three = (add(name).id for name in ("one", "two", "three"))
    for address in (one, two, three):
        shelf.promote("me", address)
        assert serves(shelf) == address
    assert [a.id for a in shelf.serving("me", "Ada")] == [three, two, one]

    for expected in (two, one, None):
        went_to = shelf.rollback("me", "Ada")
        assert (went_to.id if went_to else None) == expected == serves(shelf)
    with pytest.raises(InvalidRequest, match="nothing to roll back"):
        shelf.rollback("me", "Ada")
    assert shelf.promote("me", two).promoted_at is not None
    assert serves(shelf) == two
    kinds = [(p.kind, p.about, p.serves) for p in shelf.history("me", "Ada")]
    assert kinds == [
        *(("promote", a, a) for a in (one, two, three)),
        ("rollback", three, two),
        ("rollback", two, one),
        ("rollback", one, None),
        ("promote", two, two),
    ]


def test_promoting_what_serves_changes_nothing(shelf: AdapterShelf, add: Add) -> None:
    made = add("one")
    shelf.promote("me", made.id)
    shelf.promote("me", made.id)
    assert len(shelf.history("me", "Ada")) == 1


def test_each_style_and_each_base_has_an_adapter_of_its_own(shelf: AdapterShelf, add: Add) -> None:
    ada, ben = add("one"), add("two", style="Ben")
    on_other = add("three", base=OTHER)
    for adapter in (ada, ben, on_other):
        shelf.promote("me", adapter.id)

    found = shelf.current("me", "Ada", base=BASE.revision)
    assert found is not None
    assert found.id == ada.id
    assert [a.id for a in shelf.serving("me", "Ada", base=OTHER.revision)] == [on_other.id]
    assert serves(shelf, "Ben") == ben.id
    assert shelf.current("me", "Ada", base="none") is None
    assert shelf.rollback("me", "Ada", base=BASE.revision) is None
    assert shelf.current("me", "Ada", base=OTHER.revision) is not None


def test_the_gates_refusal_stands_unless_a_reason_is_given(shelf: AdapterShelf, add: Add) -> None:
    made = add("one", status="refused")
    for reason in ("", "  "):
        with pytest.raises(InvalidRequest, match="The gate refused this adapter; give a reason"):
            shelf.promote("me", made.id, reason)
    assert serves(shelf) is None
    shelf.promote("me", made.id, "It reads better to me.")
    assert serves(shelf) == made.id
    assert shelf.get("me", made.id).reason == "It reads better to me."
    assert shelf.history("me", "Ada")[0].reason == "It reads better to me."


def test_the_gate_can_judge_a_candidate_but_not_what_serves(shelf: AdapterShelf, add: Add) -> None:
    made = add("one")
    report: dict[str, JsonValue] = {"style": {"value": 0.4, "low": 0.3}, "faithful": None}
    refused = shelf.judge("me", made.id, report, passed=False)
    assert (refused.status, refused.report) == ("refused", report)
    assert shelf.judge("me", made.id, report, passed=True).status == "candidate"
    shelf.promote("me", made.id)
    with pytest.raises(InvalidRequest, match="served already"):
        shelf.judge("me", made.id, {}, passed=False)


def test_what_was_taken_out_never_comes_back_by_rolling_back(shelf: AdapterShelf, add: Add) -> None:
    one, two, three = (add(name).id for name in ("one", "two", "three"))
    for address in (one, two, three):
        shelf.promote("me", address)

    assert [a.status for a in shelf.retire("me", [two], "Its sample was deleted.")] == ["retired"]
    assert serves(shelf) == three
    shelf.retire("me", [three], "So was this.")
    assert serves(shelf) == one
    assert shelf.rollback("me", "Ada") is None
    with pytest.raises(InvalidRequest, match="taken out of service; give a reason"):
        shelf.promote("me", two)
    shelf.promote("me", one)
    shelf.promote("me", two, "The sample is back.")
    assert serves(shelf) == two


def test_between_two_promotions_of_one_a_retired_one_leaves_no_empty_step(
    shelf: AdapterShelf, add: Add
) -> None:
    one, two = (add(name).id for name in ("one", "two"))
    for address in (one, two, one):
        shelf.promote("me", address)
    shelf.retire("me", [two])
    assert [a.id for a in shelf.serving("me", "Ada")] == [one]
    assert shelf.rollback("me", "Ada") is None
    assert serves(shelf) is None


def test_a_damaged_candidate_is_not_promoted_and_the_old_one_serves(
    shelf: AdapterShelf, add: Add
) -> None:
    one, two = (add(name).id for name in ("one", "two"))
    shelf.promote("me", one)
    whole = shelf.servable(two, BASE)
    whole.write_bytes(whole.read_bytes()[:-3])
    with pytest.raises(AdapterUnusable, match="is damaged"):
        shelf.promote("me", two)
    assert serves(shelf) == one


def test_the_database_itself_lets_one_serve_and_keeps_its_history(
    shelf: AdapterShelf, add: Add, store: Store
) -> None:
    one, two = (add(name).id for name in ("one", "two"))
    shelf.promote("me", one)
    for statement, why in (
        (f"UPDATE adapters SET status = 'promoted' WHERE id = '{two}'", "(?i)unique"),
        ("UPDATE adapters SET body = ''", "adapters are immutable"),
        ("DELETE FROM promotions", "append-only"),
        ("UPDATE promotions SET reason = 'x'", "append-only"),
        ("UPDATE adapters SET status = 'best'", "(?i)check"),
    ):
        with pytest.raises(StorageError, match=why), store._database.write() as session:
            session.connection().execute(text(statement))
    assert serves(shelf) == one
    assert store.verify() == ()


# ------------------------------------------------------------------ consent


def test_what_learned_from_a_withdrawn_text_and_can_write_is_named(
    shelf: AdapterShelf, add: Add, store: Store
) -> None:
    ada = profile("Ada")
    sample, other = (each.id for each in ada.samples)
    about, kept = note(ada), note(ada, topic="Another")
    for each in (about, kept):
        store.save_note("me", each)
    learned = {
        "old": {"user": (about.id, "f1-x")},  # a roll back away
        "elsewhere": {"user": ("n1-not-here", "s1-not-here")},
        "sampled": {"sample": (sample, other), "shown": (sample,)},
        "serves": {"user": (kept.id,)},
        "judged": {"edit": (about.id,)},
    }
    made = {name: add(name, sources=sources).id for name, sources in learned.items()}
    for name in ("old", "elsewhere", "serves"):
        shelf.promote("me", made[name])
    shelf.judge("me", made["judged"], {}, passed=False)

    def overdue() -> dict[str, set[str]]:
        names = {address: name for name, address in made.items()}
        return {names[each.adapter.id]: set(each.about) for each in shelf.overdue("me")}

    assert overdue() == {}
    store.set_note_deleted("me", about.id, True)
    store.set_consent("me", sample, allowed=False)
    assert overdue() == {"old": {about.id}, "sampled": {sample}}
    assert shelf.overdue("you") == []
    store.set_consent("me", sample, allowed=True)
    shorter = ada.model_copy(update={"version": 2, "samples": ada.samples[:1]})
    store.save_profile("me", shorter)
    assert overdue() == {"old": {about.id}, "sampled": {other}}
    store.rename_style("me", "Ada", "Bea")
    store.set_style_deleted("me", "Bea", True)
    assert overdue() == {"old": {about.id}, "sampled": {sample, other}}
    store.set_style_deleted("me", "Bea", False)

    shelf.promote("me", made["sampled"])
    shelf.retire("me", [made["sampled"], made["old"]], "Withdrawn.")
    assert overdue() == {}
    assert [a.id for a in shelf.serving("me", "Bea")] == [made["serves"], made["elsewhere"]]


def test_adapters_are_retired_all_or_none(shelf: AdapterShelf, add: Add) -> None:
    one, two, three = (add(name).id for name in ("one", "two", "three"))
    for address in (one, two, three):
        shelf.promote("me", address)
    with pytest.raises(NotFound):
        shelf.retire("me", [two, three, "a1-none"])
    assert serves(shelf) == three
    shelf.retire("me", [three, two])
    assert serves(shelf) == one
    assert [act.serves for act in shelf.history("me", "Ada")][-2:] == [three, one]


# ------------------------------------------------------------------ carried elsewhere


def test_an_export_comes_in_elsewhere_as_the_same_adapter(
    shelf: AdapterShelf, add: Add, tmp_path: Path, store: Store
) -> None:
    made = add("one")
    shelf.promote("me", made.id)
    out = shelf.export("me", made.id, tmp_path / "out" / "mine")
    assert {p.name for p in out.iterdir()} == {*FILES, MANIFEST}
    (out / "stranger.txt").write_text("not ours")

    elsewhere = store.adapters(tmp_path / "elsewhere")
    store.save_profile("you", profile("Yours"))
    came = elsewhere.import_("you", "Yours", out, BASE)
    assert (came.id, came.status, came.style) == (made.id, "candidate", "Yours")
    assert came.manifest == made.manifest
    assert {p.name for p in (tmp_path / "elsewhere" / came.id).iterdir()} == {*FILES, MANIFEST}
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == [came.id]


def test_an_adapter_of_another_base_is_refused_with_both_names(
    shelf: AdapterShelf, add: Add, tmp_path: Path
) -> None:
    out = shelf.export("me", add("one").id, tmp_path / "out")
    with pytest.raises(
        AdapterUnusable,
        match=r"made for scripted \(1\), you run Qwen2\.5-1\.5B-Instruct \(feedface\): set that",
    ):
        shelf.import_("me", "Ben", out, OTHER)
    with pytest.raises(AdapterUnusable, match="you run Qwen"):
        shelf.servable(shelf.list("me")[0].id, OTHER)


def test_an_export_does_not_overwrite_and_a_damaged_one_does_not_come_in(
    shelf: AdapterShelf, add: Add, tmp_path: Path
) -> None:
    made = add("one")
    out = shelf.export("me", made.id, tmp_path / "out")
    with pytest.raises(InvalidRequest, match="holds other things"):
        shelf.export("me", made.id, out)
    (out / CARD).write_text("changed")
    with pytest.raises(AdapterUnusable, match=r"README\.md is damaged"):
        shelf.import_("me", "Ada", out, BASE)
    with pytest.raises(AdapterUnusable, match="There is no adapter in 'nothing'"):
        shelf.import_("me", "Ada", tmp_path / "nothing", BASE)
    assert not list((tmp_path / "adapters").glob(".partial*"))


def test_a_disk_that_refuses_leaves_no_row(store: Store, tmp_path: Path) -> None:
    store.save_profile("me", profile("Ada"))
    (tmp_path / "file").write_text("in the way")
    shelf = store.adapters(tmp_path / "file" / "adapters")
    with pytest.raises(StorageError, match="cannot be written"):
        shelf.add("me", "Ada", a_folder(tmp_path / "built"))
    assert shelf.list("me") == []
