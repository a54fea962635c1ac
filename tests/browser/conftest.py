"""A real Chromium on a served page. Nothing foreign is reached; nothing goes wrong unseen."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

from tests.browser.served import Served, served

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PLACES = ("chromium", "chromium-browser", "google-chrome")
_LEAVING = ("AbortError: signal is aborted", "Unexpected error Connection errored out.")
_OWN = ("http://127.0.0.1", "http://localhost", "data:", "blob:")

# Long, for a machine that others use too: a test fails by what it sees, not by how soon.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this system; without one, CI fails and other machines skip with the reason."""
    path = next((found for name in _PLACES if (found := shutil.which(name))), None)
    if path is None:
        reason = "no Chromium on this system; install the package chromium to run these tests"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application, writing a word of each draft every 20 milliseconds."""
    with served(tmp_path_factory.mktemp("browser") / "data", "--delay", "0.02", "--shared") as run:
        yield run


@dataclass
class Visit:
    """A visitor's page, and what went wrong on it."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    leaving: bool = False

    def open(self, url: str = "") -> Page:
        """Open the page and wait until it can be used."""
        self.page.goto(url or self.url)
        expect(self.page.locator("#header .brand")).to_be_visible()
        expect(self.page.locator("#topic textarea, #topic input")).to_be_visible()
        return self.page

    def settled(self) -> Page:
        """Wait until the form answers: the page has been filled with what was kept."""
        expect(self.page.locator("#examples .example, #drafts-view .card").first).to_be_visible()
        return self.page


class Visits:
    """Opens visitors, each with a browser of their own."""

    def __init__(self, browser: Browser, app: Served) -> None:
        """Keep what is needed."""
        self._browser, self._app = browser, app
        self.made: list[Visit] = []

    def new(self, **options: Any) -> Visit:
        """Return a visitor; `options` are Playwright's of a browser context."""
        settings = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}} | options
        context = self._browser.new_context(**settings)
        visit = Visit(context.new_page(), self._app.url)
        context.route("**/*", lambda route: _keep_home(route, visit))
        visit.page.on("console", lambda message: _note(message, visit))
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on("framenavigated", lambda _: _arrive(visit))
        self.made.append(visit)
        return visit


def _keep_home(route: Route, visit: Visit) -> None:
    if route.request.url.startswith(_OWN):
        route.continue_()
    else:
        visit.foreign.append(route.request.url)
        route.abort()


def _note(message: ConsoleMessage, visit: Visit) -> None:
    """Keep an error of the console, unless it only says that the page is being left.

    Gradio aborts its open stream as a page unloads, and then calls that a broken connection.
    """
    if message.type != "error":
        return
    visit.leaving = visit.leaving or message.text.startswith("AbortError: signal is aborted")
    if not (visit.leaving and message.text.startswith(_LEAVING)):
        visit.errors.append(message.text)


def _arrive(visit: Visit) -> None:
    visit.leaving = False


@pytest.fixture
def visits(browser: Browser, app: Served) -> Iterator[Visits]:
    """Open visitors; afterwards nothing foreign was asked for and the console holds no error."""
    opened = Visits(browser, app)
    yield opened
    for visit in opened.made:
        visit.page.context.close()
        assert visit.foreign == []
        assert visit.errors == []


@pytest.fixture
def visit(visits: Visits) -> Visit:
    """One visitor with an English browser."""
    return visits.new()
