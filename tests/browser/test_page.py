"""The page in real Chromium: from empty to an exported note, and what must survive on the way."""

import json
import re
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, Visits
from tests.browser.served import served

pytestmark = pytest.mark.browser


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


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


# ------------------------------------------------------------------ the whole way


def test_from_an_empty_page_to_an_exported_note(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    for absent in ("#plan textarea", "#editor textarea", "#stop", "#fresh"):
        expect(page.locator(absent)).to_be_hidden()
    take_example(page)
    few_short_drafts(page)
    page.locator("#write").click()
    expect(page.locator("#plan textarea")).to_have_value(re.compile("boiler"))
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    expect(page.locator("#write-status")).to_contain_text("kept in your Library")

    page.locator("#drafts-view [data-choose]").first.click()
    expect(page.locator(".card.is-chosen .reason")).to_have_text("You chose this one.")

    page.locator("#editor textarea").fill("The boiler is new. That is all.")
    page.locator("#save-edit").click()
    expect(page.locator("#difference ins").first).to_be_visible()

    page.get_by_role("button", name="4 stars").click()
    expect(page.get_by_role("button", name="4 stars")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="dull").click()
    expect(page.get_by_role("button", name="dull")).to_have_attribute("aria-pressed", "true")

    open_tab(page, "Library")
    page.get_by_label("Search").press_sequentially("boil", delay=20)
    expect(page.locator("#note-list .item mark").first).to_be_visible()
    page.locator("#note-list .item").click()
    expect(page.locator("#note-view .final")).to_have_text("The boiler is new. That is all.")
    expect(page.locator("#note-view")).to_contain_text("What you said about it")

    open_tab(page, "Write")
    page.locator("#fresh").click()
    expect(page.locator("#editor textarea")).to_be_hidden()
    open_tab(page, "Library")
    page.locator("#open-note").click()
    expect(page.locator("#editor textarea")).to_have_value("The boiler is new. That is all.")
    expect(page.locator("#plan textarea")).to_have_value(re.compile("boiler"))
    open_tab(page, "Library")

    with page.expect_download() as started:
        page.locator("#export").click()
    with zipfile.ZipFile(started.value.path()) as packed:
        rows = next(n for n in packed.namelist() if n.endswith("feedback.jsonl"))
        kinds = [json.loads(row)["kind"] for row in packed.read(rows).splitlines()]
    assert sorted(kinds) == ["choice", "edit", "stars", "tag"]


def test_a_note_downloads_as_markdown_and_can_be_copied(visit: Visit) -> None:
    page = visit.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.settled()
    write_note(page)
    with page.expect_download() as started:
        page.locator("#download-note").click()
    assert started.value.suggested_filename.endswith(".md")
    assert Path(started.value.path()).read_text().startswith("# ")
    page.locator("#copy-note").click()
    expect(page.locator("#copy-note")).to_have_class(re.compile("is-done"))
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#editor textarea").input_value()


# ------------------------------------------------------------------ nothing is lost


def test_a_reload_keeps_what_was_typed(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    page.get_by_label("Topic", exact=True).press_sequentially("The tide tables", delay=15)
    page.get_by_label("Facts it must say").press_sequentially("High water is at nine", delay=5)
    page.wait_for_timeout(1_000)  # the last letter is on its way
    page.reload()
    expect(page.get_by_label("Topic", exact=True)).to_have_value("The tide tables")
    expect(page.get_by_label("Facts it must say")).to_have_value("High water is at nine")


def test_a_reload_keeps_what_was_pasted_and_what_was_deleted(visit: Visit) -> None:
    page = visit.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.settled()
    page.evaluate("navigator.clipboard.writeText('The boat is in.')")
    page.locator("#samples textarea").focus()
    page.keyboard.press("Control+V")
    page.keyboard.press("Backspace")
    page.wait_for_timeout(1_000)
    page.reload()
    expect(page.locator("#samples textarea")).to_have_value("The boat is in")


def test_a_restart_keeps_the_note_and_what_was_typed(browser: Browser, tmp_path: Path) -> None:
    with browser.new_context(locale="en-US") as context:
        page = context.new_page()
        with served(tmp_path / "data") as app:
            page.goto(app.url)
            expect(page.locator("#examples .example").first).to_be_visible()
            write_note(page)
            page.locator("#editor textarea").fill("Half an edit")
            page.wait_for_timeout(1_000)
        with served(tmp_path / "data", port=app.port):
            page.goto(app.url)
            expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible()
            expect(page.locator("#editor textarea")).to_have_value("Half an edit")


def test_an_error_stands_near_the_button_and_the_form_stays(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    page.get_by_label("Facts it must say").fill("High water is at nine")
    page.locator("#write").click()
    expect(page.locator("#write-status [role=alert]")).to_contain_text("The topic is empty")
    expect(page.get_by_label("Facts it must say")).to_have_value("High water is at nine")
    expect(page.locator("#write")).to_be_enabled()


# ------------------------------------------------------------------ stop, wait, plan first


def test_stop_stops_within_a_second(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    take_example(page)
    page.locator("#write").click()
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible(timeout=30_000)
    began = time.monotonic()
    page.locator("#stop").click()
    expect(page.locator("#write-status")).to_contain_text("Stopped", timeout=5_000)
    assert time.monotonic() - began < 1.5  # a second, and the browser's own share
    expect(page.locator("#write")).to_be_enabled()
    expect(page.locator("#drafts-view .card").first).to_contain_text("stopped")


def test_two_people_write_one_after_the_other_and_the_second_sees_the_queue(
    visits: Visits,
) -> None:
    first, second = visits.new(), visits.new()
    for one in (first, second):
        one.open()
        one.settled()
        take_example(one.page)
    first.page.locator("#write").click()
    expect(first.page.locator("#drafts-view .is-writing").first).to_be_visible(timeout=30_000)
    second.page.locator("#write").click()
    expect(second.page.locator("#write-status")).to_contain_text("One person is writing before you")
    first.page.locator("#stop").click()
    expect(second.page.locator("#plan textarea")).to_have_value(re.compile("boiler"))
    second.page.locator("#stop").click()
    expect(second.page.locator("#write")).to_be_enabled()


def test_the_work_of_a_closed_page_stops(visits: Visits) -> None:
    gone, waiting = visits.new(), visits.new()
    for one in (gone, waiting):
        one.open()
        one.settled()
        take_example(one.page)
    page = gone.page
    page.get_by_role("button", name="More").click()
    page.get_by_label("number input for Length in words").fill("800")
    page.get_by_label("number input for Length in words").blur()
    page.locator("#write").click()
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible(timeout=30_000)
    waiting.page.locator("#write").click()
    expect(waiting.page.locator("#write-status")).to_contain_text("before you")
    page.close()
    expect(waiting.page.locator("#plan textarea")).to_have_value(
        re.compile("boiler"), timeout=10_000
    )
    waiting.page.locator("#stop").click()
    expect(waiting.page.locator("#write")).to_be_enabled()


def test_the_plan_can_be_edited_before_drafting(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    take_example(page)
    few_short_drafts(page)
    page.get_by_label("Let me edit the plan first").check()
    page.locator("#write").click()
    expect(page.locator("#write-status")).to_contain_text("Change what you like")
    text = page.locator("#plan textarea").input_value()
    page.locator("#plan textarea").fill(text.replace(text.splitlines()[0], "My own title", 1))
    page.locator("#draft").click()
    expect(page.locator("#drafts-view .card.is-chosen")).to_be_visible(timeout=60_000)
    open_tab(page, "Library")
    expect(page.locator("#note-list .item b")).to_have_text("My own title")


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
        expect(page.locator("#write-status [role=alert]")).to_contain_text("English only")
        expect(page.locator("#stop")).to_be_hidden()
