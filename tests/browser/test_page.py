"""The page in real Chromium: from empty to an exported note, and what must survive."""

import json
import re
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, Visits
from tests.browser.served import served
from tests.browser.steps import few_short_drafts, open_tab, take_example, write_note

pytestmark = pytest.mark.browser


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


def test_a_reload_while_words_grow_keeps_the_topic_and_the_plan(visit: Visit) -> None:
    page = visit.open()
    visit.settled()
    take_example(page)
    topic = page.get_by_label("Topic", exact=True).input_value()
    page.locator("#write").click()
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible()
    page.reload()
    expect(page.get_by_label("Topic", exact=True)).to_have_value(topic)
    expect(page.locator("#plan textarea")).not_to_have_value("")
    expect(page.locator("#write")).to_be_enabled()


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
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible()
    began = time.monotonic()
    page.locator("#stop").click()
    expect(page.locator("#write-status")).to_contain_text("Stopped", timeout=5_000)
    assert time.monotonic() - began < 1.5  # a second, and the browser's own share
    expect(page.locator("#write")).to_be_enabled()
    expect(page.locator("#drafts-view .card").first).to_contain_text("stopped")


def ask_for_800_words(page: Page) -> None:
    """Make the note last longer than the rest of the test."""
    page.get_by_role("button", name="More").click()
    page.get_by_label("number input for Length in words").fill("800")
    page.get_by_label("number input for Length in words").blur()


def test_two_people_write_one_after_the_other_and_the_second_sees_the_queue(
    visits: Visits,
) -> None:
    first, second = visits.new(), visits.new()
    for one in (first, second):
        one.open()
        one.settled()
        take_example(one.page)
    ask_for_800_words(first.page)
    first.page.locator("#write").click()
    expect(first.page.locator("#drafts-view .is-writing").first).to_be_visible()
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
    ask_for_800_words(page)
    page.locator("#write").click()
    expect(page.locator("#drafts-view .is-writing").first).to_be_visible()
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
