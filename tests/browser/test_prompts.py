"""Searching a style's prompt in Chromium: started, left, found again, read, used, taken back."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.store import Store
from tests.browser.conftest import Visits
from tests.browser.served import served
from tests.browser.steps import is_too_wide, open_tab
from tests.taught import teach

pytestmark = pytest.mark.browser


@pytest.fixture
def visits(browser: Browser, tmp_path: Path) -> Iterator[Visits]:
    """Open visitors of an application with a style that was rated and edited."""
    data = tmp_path / "data"
    data.mkdir()
    with closing(Store.open(f"sqlite:///{data / 'notewright.db'}")) as store:
        teach(store, "local")
    with served(data) as run:
        opened = Visits(browser, run)
        yield opened
        for visit in opened.made:
            visit.page.context.close()
            assert visit.foreign == []
            assert visit.errors == []


def at_prompts(page: Page) -> None:
    # What the tab shows comes a moment after the tab: what is typed before may be written over.
    expect(page.locator("#prompt-serves")).not_to_be_empty()
    expect(page.locator("#search-budget")).to_be_visible()


def ask_for(page: Page, calls: str) -> None:
    budget = page.locator("#search-budget input")
    budget.fill(calls)
    budget.blur()
    expect(budget).to_have_value(calls)
    page.locator("#search-start").click()


def test_a_prompt_is_searched_left_found_again_used_and_taken_back(visits: Visits) -> None:
    page = visits.new().open()
    open_tab(page, "Improve")
    page.get_by_text("Search a better prompt").click()
    at_prompts(page)
    ask_for(page, "0")
    expect(page.locator("#search-said")).to_contain_text("60 calls at least")
    expect(page.locator("#search-minutes input")).to_have_value("0")
    ask_for(page, "60")
    expect(page.locator("#search-tree svg")).to_be_visible(timeout=60_000)
    page.context.close()

    phone = visits.new(viewport={"width": 390, "height": 844}, locale="zh-CN").open()
    open_tab(phone, "改进")
    at_prompts(phone)
    expect(phone.locator("#search-job .job")).to_have_attribute(
        "data-state", "done", timeout=120_000
    )
    assert not is_too_wide(phone)
    phone.locator("#search-tree [data-pick='1']").first.focus()
    phone.keyboard.press("Enter")
    expect(phone.locator("#search-prompt h4")).to_have_text("提示词 1")
    phone.locator("#prompt-use").click()
    expect(phone.locator("#prompt-serves")).to_contain_text("提示词 1")
    phone.locator("#prompt-back").click()
    expect(phone.locator("#prompt-serves")).to_contain_text("自带的提示词")
