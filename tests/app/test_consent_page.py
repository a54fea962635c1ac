"""Consent on the page: switches, the offer to forget, and what an adapter learned from."""

from pathlib import Path

import pytest

from app.consent import Forgotten, Learned
from app.consentview import consent_switch, forgotten, learned_view, offer
from app.i18n import Texts
from storage.adapters import AdapterShelf
from tests.adapters import a_folder
from tests.app.bench import EN, ZH, Bench, clicked
from tests.taught import teach

T, HOSTILE = Texts("en"), "<script>alert(1)</script>"


@pytest.fixture
def taught(bench: Bench) -> Bench:
    """Return a visitor's page, with a style Ada that was rated; nobody can train there."""
    teach(bench.studio.store, bench.owner)
    bench.shown[bench.styles.opened] = "Ada"
    return bench


def learned_from(bench: Bench, place: Path, *ids: str) -> tuple[AdapterShelf, str]:
    """Let an adapter serve that learned from these ids."""
    shelf = bench.desk.training.shelf
    made = shelf.add(bench.owner, "Ada", a_folder(place / "made", sources={"user": ids}))
    shelf.promote(bench.owner, made.id)
    return shelf, made.id


# ------------------------------------------------------------------ what it says


def test_a_switch_asks_for_the_other_way_round() -> None:
    on, off = (consent_switch("s1-x", T, allowed=allowed) for allowed in (True, False))
    assert 'aria-checked="true"' in on
    assert 'data-refuse="s1-x"' in on
    assert 'aria-checked="false"' in off
    assert 'data-allow="s1-x"' in off


def test_an_offer_says_how_many_and_nothing_where_nobody_saw() -> None:
    assert offer(0, T) == ""
    assert "One adapter has learned from it already" in offer(1, T)
    assert "Retire them and train again" in offer(2, T)
    assert "refused or deleted since" in offer(2, T, standing=True)
    done = Forgotten([], [], {HOSTILE: "This style is being trained already; wait for it, or "
                              "cancel it first."})  # fmt: skip
    said = forgotten(done, Texts("zh"))
    assert "正在训练" in said
    assert HOSTILE not in said


def test_what_was_learned_from_is_counted_named_and_escaped() -> None:
    found = Learned(
        notes={f"n1-{n}": f"Day {n} {HOSTILE}" for n in range(40)}, samples={"s1-a": "A letter"},
        refused=frozenset({"n1-0", "s1-a"}), acts=1, deleted=2, taken_out=0, elsewhere=3,
        continued=True,
    )  # fmt: skip
    said = learned_view(found, T)
    assert "42 notes, 1 rating or edit, 1 sample, 3 other things" in said
    assert said.count("data-note=") == 30
    assert "and 10 more" in said
    assert said.count("kept out of training since") == 2
    assert "2 of the notes were deleted since." in said
    assert "went on from an earlier adapter" in said
    assert HOSTILE not in said


# ------------------------------------------------------------------ what it does


def test_a_sample_is_refused_forgotten_taken_out_and_brought_back(
    taught: Bench, tmp_path: Path
) -> None:
    page, styles = taught, taught.styles
    first, second = (s.id for s in page.studio.style(page.owner, "Ada").samples)
    shelf, _ = learned_from(page, tmp_path, first)
    page.see(styles.refuse(page.shown, clicked(first), EN))
    assert f'data-allow="{first}"' in page.shown[styles.sample_view]
    assert f'data-refuse="{second}"' in page.shown[styles.sample_view]
    assert "Kept out of training" in page.shown[styles.sample_said]
    assert "data-forget" in page.shown[styles.sample_said]
    page.see(styles.forget_sample(page.shown, EN))
    assert "It is retired. “Ada” is not trained again: Training is off" in str(
        page.shown[styles.sample_said]
    )
    assert shelf.current(page.owner, "Ada") is None
    page.see(styles.allow(page.shown, clicked(first), EN))
    assert page.desk.consent.refused(page.owner) == frozenset()

    page.see(styles.remove_sample(page.shown, clicked(first), EN))
    assert first not in page.shown[styles.sample_view]
    assert f'data-restore="{first}"' in page.shown[styles.sample_said]
    page.see(styles.remove_sample(page.shown, clicked(second), ZH))
    assert "至少要有一篇样文" in page.shown[styles.said]
    page.see(styles.restore_sample(page.shown, clicked(first), EN))
    assert first in page.shown[styles.sample_view]
    page.shown[styles.version] = 1
    page.see(styles.show_version(page.shown, EN))
    assert "data-remove" not in page.shown[styles.sample_view]


def test_a_note_is_refused_where_it_is_read_and_where_it_is_rated(
    taught: Bench, tmp_path: Path
) -> None:
    page, library, panel = taught, taught.library, taught.note
    about = page.studio.search(page.owner).notes[0].id
    learned_from(page, tmp_path, about)
    page.see(library.pick(page.shown, clicked(about), EN))
    assert 'aria-checked="true"' in page.shown[library.view]
    page.see(library.refuse(page.shown, clicked(about), EN))
    assert 'aria-checked="false"' in page.shown[library.view]
    assert "data-forget" in page.shown[library.note_said]
    page.shown[panel.note_id] = about
    page.see(panel.allow(page.shown, EN))
    assert 'aria-checked="true"' in page.shown[panel.rating]
    page.see(panel.refuse(page.shown, EN))
    assert "data-forget" in page.shown[panel.said]
    page.see(library.delete_note(page.shown, EN))
    assert "data-forget" in page.shown[library.said]
    page.see(library.forget_deleted(page.shown, EN))
    assert "It is retired." in page.shown[library.said]
    page.see(library.forget_note(page.shown, ZH))
    assert "没有改动任何东西" in page.shown[library.said]


def test_deleting_a_style_offers_to_retire_its_adapters(taught: Bench, tmp_path: Path) -> None:
    page, styles = taught, taught.styles
    _, address = learned_from(page, tmp_path, page.studio.style(page.owner, "Ada").samples[0].id)
    page.see(styles.delete_style(page.shown, EN))
    assert "data-forget" in page.shown[styles.said]
    page.see(styles.forget_style(page.shown, EN))
    assert "It is retired." in page.shown[styles.said]
    assert page.desk.training.shelf.get(page.owner, address).status == "retired"


def test_the_improve_tab_keeps_the_offer_and_opens_the_notes(taught: Bench, tmp_path: Path) -> None:
    page, tab = taught, taught.page.improve
    about = page.studio.search(page.owner).notes[0].id
    learned_from(page, tmp_path, about)
    page.desk.consent.say(page.owner, about, allowed=False)
    page.shown |= {tab.style: "Ada", tab.told: "", tab.pane.opened: ""}
    page.see(tab.shown(page.shown, EN))
    assert "One adapter learned from something" in page.shown[tab.offer]
    assert f'data-note="{about}"' in page.shown[tab.pane.view]
    page.see(page.page.open_in_library(page.shown, clicked(about), EN))
    assert page.shown[page.library.opened] == about
    page.see(tab.forget(page.shown, EN))
    assert "It is retired." in page.shown[tab.offer]
    assert "learned from a text that was refused" in page.shown[tab.pane.view]
