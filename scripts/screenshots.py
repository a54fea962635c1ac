"""Take pictures of the page in every state: `python scripts/screenshots.py [--url URL] [--all]`.

Without --url it serves the application itself, with a fresh data directory and the models of this
machine (--scripted for the scripted one). It saves docs/images/write.png; --all DIR saves every tab
in light, dark, on a phone and in Chinese, to be looked at.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from app.server import free_port, start
from app.settings import load_settings

_IMAGES = Path(__file__).parent.parent / "docs" / "images"
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
_MODES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 780}, "has_touch": True},
    "chinese": {"locale": "zh-CN"},
}
_WAIT = 180_000


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a page that is already served")
    parser.add_argument("--scripted", action="store_true", help="use the scripted model")
    parser.add_argument("--all", type=Path, help="save all states of all tabs in this folder")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with _address(asked.url, asked.scripted) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=_ARGUMENTS)
        _IMAGES.mkdir(parents=True, exist_ok=True)
        page = _open(browser, url, {"viewport": {"width": 1320, "height": 1240}})
        _write(page)
        page.screenshot(path=_IMAGES / "write.png")
        page.context.close()
        if asked.all:
            asked.all.mkdir(parents=True, exist_ok=True)
            for mode, options in _MODES.items():
                _tour(_open(browser, url, options), asked.all, mode)
        browser.close()


@contextmanager
def _address(url: str, scripted: bool) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port("127.0.0.1")
        settings = load_settings(
            data_dir=Path(folder), port=port, scripted=scripted, open_browser=False, shared=True
        )
        server = start(settings)
        for _ in server.loading.wait(lambda: False):
            pass
        yield server.url
        server.close()


def _open(browser: Browser, url: str, options: dict[str, Any]) -> Page:
    settings = {"viewport": {"width": 1320, "height": 900}, "locale": "en-US"} | options
    page = browser.new_context(**settings).new_page()
    page.goto(url)
    page.wait_for_selector("#examples .example")
    return page


def _write(page: Page) -> None:
    """Fill in the second English example and wait for its note."""
    page.locator("#examples .example[lang=en]").nth(1).click()
    page.wait_for_function("document.querySelector('#topic textarea, #topic input').value !== ''")
    page.locator("#write").click()
    page.wait_for_selector("#drafts-view .is-chosen", timeout=_WAIT)
    page.wait_for_timeout(600)
    page.evaluate("window.scrollTo(0, 0)")


def _tour(page: Page, folder: Path, mode: str) -> None:
    """Go through all tabs, empty and full."""

    def shot(name: str) -> None:
        page.wait_for_timeout(500)
        page.screenshot(path=folder / f"{mode}-{name}.png", full_page=True)

    shot("1-empty")
    for number, name in ((1, "2-styles-empty"), (2, "3-library-empty")):
        page.get_by_role("tab").nth(number).click()
        shot(name)
    page.get_by_role("tab").nth(0).click()
    page.locator("#write").click()
    page.wait_for_selector("#write-status [role=alert]")
    shot("4-error")
    page.locator("#examples .example[lang=en]").nth(1).click()
    page.wait_for_function("document.querySelector('#topic textarea, #topic input').value !== ''")
    page.locator("#write").click()
    page.wait_for_selector("#drafts-view .is-writing, #drafts-view .is-chosen", timeout=_WAIT)
    time.sleep(1)
    shot("5-writing")
    page.wait_for_selector("#drafts-view .is-chosen", timeout=_WAIT)
    page.locator(".score").first.focus()
    shot("6-note")
    page.locator("#editor textarea").fill("All of it, put in my own way. It opened on Saturday.")
    page.locator("#save-edit").click()
    page.locator("[data-rate='stars:4']").click()
    page.locator("[data-rate='tag:dull']").click()
    page.wait_for_selector("#difference ins")
    shot("7-rated")
    page.get_by_role("tab").nth(1).click()
    page.locator("#style-examples .example").first.click()
    page.wait_for_selector("#profile .histogram")
    shot("8-styles")
    page.get_by_role("tab").nth(2).click()
    page.locator("#note-list .item").first.click()
    page.wait_for_selector("#note-view .note")
    shot("9-library")
    page.context.close()


if __name__ == "__main__":
    main()
