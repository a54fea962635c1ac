"""Making a note funnier in real Chromium: beside the text, kept, undone; a trait of a style."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import is_too_wide, open_tab, write_note

pytestmark = pytest.mark.browser


def test_a_note_is_made_funnier_and_put_back(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    write_note(page)
    before = page.locator("#editor textarea").input_value()
    page.locator("#trait-chips .chip", has_text="funnier").click()
    keep = page.locator("#rewriting [data-rewriting=keep]")
    expect(keep).to_be_visible(timeout=60_000)
    keep.click()
    undo = page.locator("#rewriting [data-rewriting=undo]")
    expect(undo).to_be_visible()
    expect(page.locator("#editor textarea")).not_to_have_value(before)
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#editor textarea")).to_have_value(before)
    page.locator("#trait textarea, #trait input").fill("word " * 200)
    page.locator("#rewrite-go").click()
    expect(page.locator("#rewriting")).to_contain_text("8 words and 60 characters at most")
    assert not is_too_wide(page)


def test_a_style_keeps_a_trait(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    open_tab(page, "Styles")
    page.locator("#style-examples .example").first.click()
    page.locator("#style-trait textarea, #style-trait input").fill("warmer")
    page.locator("#trait-level input[type=number]").fill("2")
    page.locator("#trait-level input[type=number]").blur()
    page.locator("#keep-style").click()
    expect(page.locator("#styles-said")).to_contain_text("2")
    served = page.locator("#trait-served")
    expect(served).to_have_text(re.compile("Served by the prompt"))
    page.reload()
    open_tab(page, "Styles")
    expect(page.locator("#style-trait textarea, #style-trait input")).to_have_value("warmer")
    expect(served).to_have_text(re.compile("Served by the prompt"))
