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


def at_prompts(page: Page, tab: str, title: str) -> None:
    open_tab(page, tab)
    expect(page.locator("#prompt-serves, #prompts").first).to_be_attached()
    if not page.locator("#search-budget").is_visible():
        page.get_by_text(title).click()
    expect(page.locator("#search-budget")).to_be_visible()


def test_a_prompt_is_searched_left_found_again_used_and_taken_back(visits: Visits) -> None:
    page = visits.new().open()
    at_prompts(page, "Improve", "Search a better prompt")
    page.locator("#search-budget input").fill("0")
    page.locator("#search-start").click()
    expect(page.locator("#search-said")).to_contain_text("60 calls at least")
    page.locator("#search-budget input").fill("60")
    page.locator("#search-start").click()
    expect(page.locator("#search-tree svg")).to_be_visible(timeout=60_000)
    page.context.close()

    phone = visits.new(viewport={"width": 390, "height": 844}, locale="zh-CN").open()
    at_prompts(phone, "改进", "寻找更好的提示词")
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
