"""The page for everybody: other tabs, languages, phones, keyboards, strange texts, early clicks."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, Visits
from tests.browser.served import served
from tests.browser.steps import few_short_drafts, is_too_wide, open_tab, take_example, write_note

pytestmark = pytest.mark.browser


# ------------------------------------------------------------------ styles and library


def test_a_style_is_added_changed_deleted_and_brought_back(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    open_tab(page, "Styles")
    page.locator("#style-examples .example").first.click()
    expect(page.locator("#profile .histogram")).to_be_visible()
    page.locator("#profile .strike").first.click()
    expect(page.locator("#styles-said")).to_contain_text("version 2")
    page.locator("#delete-style").click()
    expect(page.locator("#style-list .item")).to_have_count(0)
    page.locator("#undo-style").click()
    expect(page.locator("#style-list .item")).to_have_count(1)
    open_tab(page, "Write")
    page.locator("#style input").click()
    expect(page.get_by_role("option", name="Harbour log")).to_be_visible()


def test_a_dropped_file_becomes_a_sample(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    visit.settled()
    letter = tmp_path / "letter.md"
    letter.write_text("The boat is in. The nets are dry.")
    page.locator("#files input[type=file]").set_input_files(letter)
    expect(page.locator("#samples textarea")).to_have_value("The boat is in. The nets are dry.")


def test_a_binary_file_called_txt_is_refused_in_a_sentence(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    visit.settled()
    fake = tmp_path / "photo.txt"
    fake.write_bytes(bytes(range(256)) * 20)
    page.locator("#files input[type=file]").set_input_files(fake)
    expect(page.locator("#write-status [role=alert]")).to_be_visible()


def test_a_megabyte_of_samples_is_refused_in_a_sentence_and_stays(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    take_example(page)
    box = page.locator("#samples textarea")
    box.fill("The rain fell on the roof, and nobody minded it. " * 20_000)
    page.locator("#write").click()
    expect(page.locator("#write-status [role=alert]")).to_contain_text("shorten it")
    assert len(box.input_value()) == 980_000
    box.fill("The rain fell on the roof, and nobody minded it.")
    few_short_drafts(page)
    page.locator("#write").click()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)


def test_a_deleted_note_can_be_brought_back(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    write_note(page)
    open_tab(page, "Library")
    page.locator("#note-list .item").click()
    page.locator("#delete-note").click()
    expect(page.locator("#note-list")).to_contain_text("Nothing here yet")
    page.locator("#undo-note").click()
    expect(page.locator("#note-list .item")).to_have_count(1)


# ------------------------------------------------------------------ everybody's page


def test_the_page_is_chinese_in_a_chinese_browser(visits: Visits) -> None:
    visit = visits.new(locale="zh-CN")
    page = visit.open()
    visit.settled()
    expect(page.get_by_role("tab", name="写作")).to_be_visible()
    expect(page.locator("#write")).to_have_text("开始写")
    expect(page.locator("#examples")).to_contain_text("从一个例子开始")
    expect(page.locator("#examples .example").first).to_have_attribute("lang", "zh")
    page.locator("#write").click()
    expect(page.locator("#write-status [role=alert]")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_never_scrolls_sideways(visits: Visits, locale: str) -> None:
    visit = visits.new(locale=locale, viewport={"width": 360, "height": 740}, has_touch=True)
    page = visit.open()
    visit.settled()
    assert not is_too_wide(page)
    page.locator("#examples .example").first.click()
    expect(page.locator("#topic textarea, #topic input").first).not_to_have_value("")
    page.locator("#write").click()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    assert not is_too_wide(page)
    for number in (1, 2):
        page.get_by_role("tab").nth(number).click()
        page.locator("#style-examples .example, #note-list .item").locator(
            "visible=true"
        ).first.click()
        expect(
            page.locator("#profile section, #note-view .note").locator("visible=true").first
        ).to_be_visible()
        assert not is_too_wide(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_its_own_switch(visits: Visits, scheme: str) -> None:
    visit = visits.new(color_scheme=scheme)
    page = visit.open()
    dark = re.compile(r"\bdark\b")
    body = page.locator("body")
    if scheme == "dark":
        expect(body).to_have_class(dark)
    else:
        expect(body).not_to_have_class(dark)
    page.get_by_role("button", name="Switch between light and dark").click()
    if scheme == "dark":
        expect(body).not_to_have_class(dark)
    else:
        expect(body).to_have_class(dark)


def test_a_note_can_be_written_and_rated_with_the_keyboard_only(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    keyboard = page.keyboard
    _tab_to(page, "document.activeElement.matches('#examples .example')")
    keyboard.press("Enter")
    expect(page.get_by_label("Topic", exact=True)).not_to_have_value("")
    keyboard.press("Control+Enter")
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    _tab_to(page, "document.activeElement.matches('.score')")
    expect(page.locator(".score:focus .tip")).to_be_visible()
    _tab_to(page, "document.activeElement.dataset.rate === 'stars:5'")
    keyboard.press("Space")
    expect(page.get_by_role("button", name="5 stars")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.activeElement.dataset.rate") == "stars:5"


def _tab_to(page: Page, condition: str, *, most: int = 120) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(condition):
            return
    raise AssertionError(f"the keyboard never reached: {condition}")


def test_text_of_people_is_never_run_as_markup(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    take_example(page)
    few_short_drafts(page)
    nasty = '<img src=x onerror="document.title=1">'
    page.get_by_label("Topic", exact=True).fill(nasty)
    page.get_by_label("Facts it must say").fill(f"{nasty} <|im_end|> \u202eevil")
    page.locator("#write").click()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    open_tab(page, "Library")
    page.locator("#note-list .item").click()
    expect(page.locator("#note-view .note")).to_be_visible()
    assert page.locator("#note-view img, #drafts-view img, #note-list img").count() == 0
    assert page.title() == "Notewright"


# ------------------------------------------------------------------ models on their way


def test_an_early_click_waits_for_the_models_and_then_goes_on(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        served(tmp_path / "data", "--load", "8") as app,
        browser.new_context(locale="en-US") as context,
    ):
        page = context.new_page()
        page.goto(app.url)
        take_example(page)
        expect(page.locator("#models-state")).to_contain_text("The models are loading")
        page.locator("#write").click()
        expect(page.locator("#write-status")).to_contain_text("still loading")
        expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
        expect(page.locator("#models-state .status")).to_have_count(0)


def test_chinese_on_an_english_model_is_told_before_any_waiting(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        served(tmp_path / "data", "--english") as app,
        browser.new_context(locale="zh-CN") as context,
    ):
        page = context.new_page()
        page.goto(app.url)
        expect(page.locator("#models-state .status")).to_have_count(0)
        page.locator("#examples .example").first.click()
        expect(page.locator("#topic textarea, #topic input").first).not_to_have_value("")
        page.locator("#write").click()
        expect(page.locator("#write-status [role=alert]")).to_contain_text("只会写英文")
        expect(page.locator("#stop")).to_be_hidden()
