"""Steps that many browser tests take."""

from playwright.sync_api import Page, expect


def take_example(page: Page, number: int = 0) -> None:
    page.locator("#examples .example").nth(number).click()
    expect(page.get_by_label("Topic", exact=True)).not_to_have_value("")


def few_short_drafts(page: Page) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_label("number input for Drafts").fill("2")
    page.get_by_label("number input for Drafts").blur()
    page.get_by_label("number input for Length in words").fill("40")
    page.get_by_label("number input for Length in words").blur()


def write_note(page: Page) -> None:
    take_example(page)
    few_short_drafts(page)
    page.locator("#write").click()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    # The cards come a moment before the text: what is typed in between would be written over.
    expect(page.locator("#editor textarea")).not_to_have_value("")


def open_tab(page: Page, name: str) -> None:
    """Open a tab; all of them show on every screen."""
    page.get_by_role("tab", name=name).click()


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
