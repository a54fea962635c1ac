"""The NoteBench tab in real Chromium: a run that outlives its page, its results, its downloads."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.bench_command import save
from tests.browser.conftest import Visits
from tests.browser.served import served
from tests.browser.steps import is_too_wide, open_tab
from tests.engine.notebench.made import item

pytestmark = pytest.mark.browser


def start_run(page: Page, file: Path) -> None:
    """Start a run of two systems on a file of items."""
    open_tab(page, "NoteBench")
    page.get_by_label("A file of mine").check()
    page.locator("#bench-file input[type=file]").set_input_files(file)
    expect(page.locator("#bench-said")).to_contain_text("items, 2 voices")
    page.locator("#bench-language").get_by_label("Both").check()
    page.locator("#bench-start").click()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of ten items by two voices."""
    return save(tmp_path / "mine.jsonl", [item(n, author="AB"[n % 2]) for n in range(10)])


def test_a_run_outlives_its_page_and_every_figure_opens_its_texts(
    visits: Visits, data: Path
) -> None:
    visit = visits.new(accept_downloads=True)
    page = visit.open()
    visit.settled()
    start_run(page, data)
    expect(page.locator("#bench-progress progress")).to_be_visible()
    page.goto("about:blank")
    visit.open()
    open_tab(page, "NoteBench")
    expect(page.locator("#run-head")).to_contain_text(re.compile("at work|done"))
    expect(page.locator("#bench-table tbody tr")).to_have_count(2, timeout=120_000)
    expect(page.locator("#bench-stop")).to_be_hidden()

    page.get_by_role("button", name="ROUGE-L", exact=True).click()
    expect(page.locator("#bench-table th[aria-sort=descending]")).to_have_text("ROUGE-L ▼")
    page.locator("#bench-table .figure").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bench-texts .text-row")).to_have_count(10)
    page.locator("#bench-texts .text-row").first.click()
    expect(page.locator("#bench-texts .card")).to_have_count(4)
    expect(page.locator("#bench-texts")).to_contain_text("What the author wrote")

    page.locator("#bench-plots .mean").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bench-texts .text-row")).to_have_count(10)
    page.locator("#bench-plots .heat-cell").first.click()
    expect(page.locator("#bench-texts .text-row")).to_have_count(5)
    page.locator("#bench-plots .dot").first.dispatch_event("click")
    expect(page.locator("#bench-texts .card")).to_have_count(4)
    download_all(page)


def download_all(page: Page) -> None:
    """Download reports, Markdown and plots, and look into each."""
    with page.expect_download() as started:
        page.locator("#bench-json").click()
    with zipfile.ZipFile(started.value.path()) as packed:
        assert set(packed.namelist()) >= {"items.jsonl", "sag.json", "copy-source.json"}
    with page.expect_download() as started:
        page.locator("#bench-md").click()
    assert "| Style |" in Path(started.value.path()).read_text()
    with page.expect_download() as started:
        page.locator("#bench-png").click()
    assert Path(started.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_restarted_server_lets_a_run_go_on(browser: Browser, tmp_path: Path, data: Path) -> None:
    with browser.new_context(locale="en-US") as context:
        page = context.new_page()
        with served(tmp_path / "data", "--delay", "0.004") as app:
            page.goto(app.url)
            start_run(page, data)
            expect(page.locator("#bench-progress")).to_contain_text(
                re.compile("sag .* [1-9] of 10 written"), timeout=60_000
            )
        with served(tmp_path / "data", port=app.port):
            page.goto(app.url)
            open_tab(page, "NoteBench")
            expect(page.locator("#run-head")).to_contain_text("The server was stopped")
            page.locator("#bench-resume").click()
            expect(page.locator("#bench-table tbody tr")).to_have_count(2, timeout=60_000)
            expect(page.locator("#run-head")).to_contain_text("done")


def test_a_phone_shows_a_run_without_scrolling_sideways(
    browser: Browser, tmp_path: Path, data: Path
) -> None:
    settings = {"locale": "en-US", "viewport": {"width": 360, "height": 740}, "has_touch": True}
    with (
        served(tmp_path / "data") as app,
        browser.new_context(**settings) as context,  # type: ignore[arg-type]
    ):
        page = context.new_page()
        page.goto(app.url)
        start_run(page, data)
        expect(page.locator("#bench-table tbody tr")).to_have_count(2, timeout=60_000)
        page.locator("#bench-table .figure").first.click()
        page.locator("#bench-texts .text-row").first.click()
        expect(page.locator("#bench-texts .card").first).to_be_visible()
        assert not is_too_wide(page)
        page.get_by_role("tab", name="Score my text").click()
        page.locator("#score-text textarea").fill("In today's fast-paced world, tea is hot.")
        page.locator("#score-go").click()
        expect(page.locator("#scored-view mark").first).to_be_visible()
        assert not is_too_wide(page)
