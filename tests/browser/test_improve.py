"""Learning in Chromium: a job left and found again in a real process; texts taken back."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.store import Store
from tests.adapters import a_folder
from tests.browser.conftest import Visits
from tests.browser.served import Served, served
from tests.browser.steps import is_too_wide, open_tab
from tests.finetune.scripted import VARIABLE, Script
from tests.taught import teach

pytestmark = pytest.mark.browser


def opened(data: Path) -> "closing[Store]":
    """Return the database of a data directory, closed at the end of the block."""
    return closing(Store.open(f"sqlite:///{data / 'notewright.db'}"))


@pytest.fixture
def taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The application with a style that was rated and edited, and a trainer that counts."""
    data = tmp_path / "data"
    data.mkdir()
    with opened(data) as store:
        teach(store, "local")
    monkeypatch.setenv(VARIABLE, Script(steps=60, delay=0.1).model_dump_json())
    with served(data, "--training") as run:
        assert os.environ[VARIABLE]
        yield run


@pytest.fixture
def visits(browser: Browser, taught: Served) -> Iterator[Visits]:
    """Open visitors of this test's own application."""
    made = Visits(browser, taught)
    yield made
    for visit in made.made:
        visit.page.context.close()
        assert visit.foreign == []
        assert visit.errors == []


def at_improve(page: Page, name: str = "Improve") -> None:
    open_tab(page, name)
    expect(page.locator("#prospect .prospect")).to_be_visible()


def test_a_style_is_improved_left_found_again_and_rolled_back(visits: Visits) -> None:
    page = visits.new().open()
    at_improve(page)
    expect(page.locator("#prospect")).to_contain_text("3 edits, 12 star ratings, 2 samples")
    expect(page.locator("#prospect")).to_contain_text("a first guess")
    page.locator("#improve-start").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#job .curve svg").first).to_be_visible()
    expect(page.locator("#job")).to_contain_text("You can close this page")
    expect(page.locator("#improve-start")).to_be_disabled()

    page.locator("#job-pause").click()
    expect(page.locator("#job")).to_contain_text("Paused.")
    page.reload()
    at_improve(page)
    expect(page.locator("#job")).to_contain_text("Paused.")
    page.locator("#job-resume").click()
    page.context.close()

    phone = visits.new(
        viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark"
    ).open()
    at_improve(phone, "改进")
    expect(phone.locator("#job")).to_contain_text(re.compile("可以关闭本页|已完成"))
    assert not is_too_wide(phone)
    expect(phone.locator("#adapter .before-after")).to_have_count(2, timeout=60_000)
    expect(phone.locator("#adapter-list")).to_contain_text("使用中")
    assert not is_too_wide(phone)

    with phone.expect_download() as download:
        phone.locator("#export-adapter").click()
    assert download.value.suggested_filename.endswith(".zip")
    phone.locator("#rollback").click()
    expect(phone.locator("#adapter-list")).to_contain_text("未使用")
    phone.locator("#adapter-list [data-pick]").click()
    phone.locator("#promote-reason textarea").fill("我喜欢。")
    phone.locator("#promote").click()
    expect(phone.locator("#adapter-list")).to_contain_text("使用中")


def test_a_text_is_taken_back_and_who_learned_from_it_is_trained_again(
    visits: Visits, taught: Served, tmp_path: Path
) -> None:
    with opened(taught.data_dir) as store:
        sample = store.style("local", "Ada").samples[0].id
        note = store.search("local").notes[0]
        shelf = store.adapters(taught.data_dir / "adapters")
        built = a_folder(tmp_path / "made", sources={"user": (note.id,), "shown": (sample,)})
        shelf.promote("local", shelf.add("local", "Ada", built).id)

    page = visits.new().open()
    open_tab(page, "Styles")
    page.get_by_role("button", name="The samples").click()
    switch = page.locator("#style-sample-view [role=switch]").first
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).not_to_be_checked()
    expect(page.locator("#samples-said")).to_contain_text("One adapter has learned from it already")
    page.locator("#style-sample-view [data-remove]").first.click()
    expect(page.locator("#style-sample-view section")).to_have_count(1)
    page.locator("#samples-said [data-restore]").click()
    expect(page.locator("#style-sample-view section")).to_have_count(2)

    phone = visits.new(viewport={"width": 390, "height": 844}, locale="zh-CN").open()
    expect(phone.get_by_role("tab")).to_have_count(page.get_by_role("tab").count())
    for tab in phone.get_by_role("tab").all():
        expect(tab).to_be_in_viewport(ratio=1)
    at_improve(phone, "改进")
    expect(phone.locator("#improve-offer")).to_contain_text("忘不掉")
    phone.locator("#adapter .learned summary").click()
    phone.locator("#adapter [data-note]").click()
    expect(phone.locator("#note-view h3").first).to_have_text(note.title)
    expect(phone.locator("#note-view [role=switch]")).to_be_checked()
    assert not is_too_wide(phone)
    open_tab(phone, "改进")
    phone.locator("#improve-offer [data-forget]").click()
    expect(phone.locator("#improve-offer")).to_contain_text("正在重新训练")
    expect(phone.locator("#adapter-list")).to_contain_text("未使用")
    expect(phone.locator("#adapter-list")).to_contain_text("使用中", timeout=60_000)
    expect(phone.locator("#adapter-list .item")).to_have_count(2)
    assert not is_too_wide(phone)
