"""Models for one note in real Chromium: offered under More, kept, named in the note."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.app.pulled import PULLED, pull
from tests.browser.served import served
from tests.browser.steps import few_short_drafts, is_too_wide, open_tab, take_example

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 360])
def test_a_note_is_written_on_the_planner_chosen_under_more(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    data_dir = tmp_path / "data"
    pull(data_dir)
    with (
        served(data_dir) as app,
        browser.new_context(locale="en-US", viewport={"width": width, "height": 900}) as context,
    ):
        page = context.new_page()
        page.goto(app.url)
        expect(page.locator("#examples .example").first).to_be_visible()
        take_example(page)
        few_short_drafts(page)
        planner = page.locator("#note-planner input")
        expect(planner).to_have_value("As set: SmolLM2-135M-Instruct")
        planner.click()
        page.get_by_role("option", name=PULLED).click()
        expect(planner).to_have_value(PULLED)
        assert not is_too_wide(page)
        page.locator("#write").click()
        expect(page.locator("#write-status")).to_contain_text(
            "kept in your Library", timeout=60_000
        )
        open_tab(page, "Library")
        page.locator("#note-list .item").first.click()
        expect(page.locator("#note-view")).to_contain_text(PULLED)
        page.reload()
        expect(page.locator("#drafts-view .card").first).to_be_visible()
        page.get_by_role("button", name="More").click()
        expect(planner).to_have_value(PULLED)
