"""Voting in real Chromium, with the keys alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import Settings
from app.studio import Studio
from tests.app.rated import LIVELY, PLAIN, put_note, put_report
from tests.browser.served import served
from tests.browser.steps import is_too_wide, open_tab

pytestmark = pytest.mark.browser


def pressed(page: Page, key: str, progress: str) -> None:
    page.keyboard.press(key)
    expect(page.locator("#ballot [role=status]")).to_have_text(progress)


def test_a_rater_votes_and_undoes_with_keys_and_goes_on_after_a_reload(
    browser: Browser, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    studio = Studio.open(Settings(data_dir=data_dir, scripted=True))
    put_report(data_dir, "secret-plain", PLAIN)
    put_report(data_dir, "secret-lively", LIVELY)
    put_note(studio)
    with served(data_dir) as app, browser.new_context(locale="en-US") as context:
        page = context.new_page()
        page.goto(app.url)
        open_tab(page, "Rate")
        expect(page.locator("#ballot .question")).to_have_text(
            "Which sounds more like the samples?"
        )
        assert "secret" not in page.locator("#ballot").inner_html()
        pressed(page, "1", "1 of 8 pairs")
        pressed(page, "2", "2 of 8 pairs")
        pressed(page, "0", "3 of 8 pairs")
        pressed(page, "u", "2 of 8 pairs")
        pressed(page, "1", "3 of 8 pairs")

        page.locator("#rater input, #rater textarea").press("2")  # in a field it is a letter
        page.locator("#rater input, #rater textarea").fill("writer")
        page.locator("#show-results").click()
        expect(page.locator("#results")).to_contain_text("secret-plain")
        assert not is_too_wide(page)

        page.reload()
        open_tab(page, "Rate")
        expect(page.locator("#ballot [role=status]")).to_have_text("3 of 8 pairs")
        page.locator("#ballot [data-key='2']").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#ballot [role=status]")).to_have_text("4 of 8 pairs")
    chosen = [row.vote.chosen for row in studio.store.votes()]
    assert chosen == ["left", "right", "tie", "undone", "left", "right"]
    studio.close()
