"""A page behind a login, in a real Chromium: two people, each with their own notes."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visits
from tests.browser.served import served
from tests.browser.steps import open_tab, write_note

pytestmark = pytest.mark.browser


def log_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(url)
    page.locator("input").first.fill(name)
    page.locator("input[type=password]").fill(password)
    page.get_by_role("button").first.click()


def test_who_logs_in_finds_their_own_notes(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = tmp_path / "people.txt"
    people.write_text("ann:one word\nbob:another\n", encoding="utf-8")
    monkeypatch.setenv("NOTEWRIGHT_LOGIN_FILE", str(people))
    with served(tmp_path / "data") as app:
        visits = Visits(browser, app)
        ann, bob, again = (visits.new().page for _ in range(3))
        log_in(ann, app.url, "ann", "one word")
        expect(ann.locator("#examples .example").first).to_be_visible()
        write_note(ann)
        log_in(bob, app.url, "bob", "another")
        expect(bob.locator("#examples .example").first).to_be_visible()
        open_tab(bob, "Library")
        expect(bob.locator("#note-list .item")).to_have_count(0)
        log_in(again, app.url, "ann", "one word")
        expect(again.locator("#drafts-view .card").first).to_be_visible()
        open_tab(again, "Library")
        expect(again.locator("#note-list .item")).to_have_count(1)
        for page in (ann, bob, again):
            page.context.close()
        assert [visit.foreign for visit in visits.made] == [[], [], []]


def test_a_wrong_password_opens_nothing(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEWRIGHT_LOGIN", "ann:right")
    with served(tmp_path / "data") as app:
        visit = Visits(browser, app).new()
        log_in(visit.page, app.url, "ann", "wrong")
        expect(visit.page.get_by_text("Incorrect", exact=False).first).to_be_visible()
        assert visit.page.locator("#topic").count() == 0
        visit.page.context.close()
