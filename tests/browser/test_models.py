"""The Models tab in real Chromium: from the list over a download to use and deletion."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.models_use import in_settings
from app.settings import Settings
from tests.browser.served import served
from tests.browser.steps import is_too_wide
from tests.engine.hub_server import Hub, entry_for, serving, write_catalogue

pytestmark = pytest.mark.browser
NAME = "Qwen2.5-0.5B-Instruct"


def press(page: Page, event: str) -> None:
    page.locator(f"[data-{event}='{NAME}']").click()


def is_offered_for_a_note(page: Page) -> None:
    """The Write tab knows the model at once, without the page being loaded again."""
    page.get_by_role("tab", name="Write").click()
    page.get_by_role("button", name="More").click()
    expect(page.locator("#note-planner input")).to_have_value(f"As set: {NAME}")
    page.locator("#note-stylist input").click()
    expect(page.get_by_role("option", name=NAME)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Models").click()


def is_no_longer_offered(page: Page) -> None:
    page.get_by_role("tab", name="Write").click()
    expect(page.locator("#drafts")).to_be_visible()
    expect(page.locator("#note-models")).to_be_hidden()
    page.get_by_role("tab", name="Models").click()


def test_a_model_is_chosen_downloaded_paused_used_and_deleted(
    browser: Browser, tmp_path: Path
) -> None:
    data_dir, gate = tmp_path / "data", threading.Event()
    with serving(Hub(b"GGUF" + bytes(4_000_000), gate=gate)) as hub:
        write_catalogue(tmp_path / "catalogue", entry_for(hub))
        flags = ("--catalogue", str(tmp_path / "catalogue"))
        with (
            served(data_dir, *flags, hub=hub.url) as app,
            browser.new_context(locale="en-US") as context,
        ):
            page = context.new_page()
            page.goto(app.url)
            expect(page.locator("#examples .example").first).to_be_visible()
            page.get_by_role("tab", name="Models").click()
            card = page.locator(f".model[data-name='{NAME}']")
            expect(card).to_contain_text("English and Chinese")
            expect(card).to_contain_text("fits here")
            press(page, "ask")
            expect(card.locator(".model-ask")).to_contain_text("Apache-2.0")
            assert hub.asked == []  # nothing is asked for before the licence was shown
            press(page, "pull")
            expect(page.locator(".coming")).to_contain_text("2 MB of 4 MB")
            press(page, "pause")
            expect(page.locator("#models-said")).to_contain_text("Paused")
            gate.set()
            press(page, "pull")
            expect(card).to_have_attribute("data-state", "ready")

            press(page, "plans")
            expect(page.locator("#models-said")).to_contain_text("plans from the next note on")
            expect(page.locator("#machine")).to_contain_text(f"from the next note: {NAME}")
            settings = Settings(data_dir=data_dir)
            assert in_settings(settings)["planner"] == NAME
            is_offered_for_a_note(page)
            page.locator("[data-plans='SmolLM2-135M-Instruct']").click()
            press(page, "askdrop")
            press(page, "drop")
            expect(page.locator("#models-said")).to_contain_text("4 MB are free again")
            expect(card).to_have_attribute("data-state", "absent")
            is_no_longer_offered(page)
            page.set_viewport_size({"width": 390, "height": 844})
            assert not is_too_wide(page)


def test_a_shared_page_shows_its_visitors_no_models(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path / "data", "--shared") as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        expect(page.locator("#header .brand")).to_be_visible()
        expect(
            page.locator("#tab-improve-button, [role=tab]", has_text="Improve").first
        ).to_be_attached()
        expect(page.get_by_role("tab", name="Models")).to_have_count(0)
