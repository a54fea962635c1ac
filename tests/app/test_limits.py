"""One visitor's share of a page: counted by a clock of our own, and told by a running server."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.examples import example
from app.limits import LimitReached, Limits
from app.logins import read_logins
from app.settings import Settings, load_settings
from app.ui import limits_of
from engine.errors import InvalidRequest
from engine.events import Event, PlanReady
from engine.types import Plan
from tests.app.bench import EN, Bench, a_form
from tests.browser.served import Served, served

VOICE = example("harbour-log")
MINUTE = 60.0


class Clock:
    """A clock that a test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def planned() -> Iterator[Event]:
    yield PlanReady(plan=Plan(title="T", summary="S", points=(), neutral_text="T."), seconds=1.0)


def nothing() -> Iterator[Event]:
    return iter(())


def begin(limits: Limits, owner: str = "ann") -> None:
    list(limits.plan(owner, nothing()))


def test_the_window_slides_and_says_when_to_try_again(clock: Clock) -> None:
    limits = Limits(notes=2, clock=clock)
    begin(limits)
    clock.now += 20 * MINUTE
    begin(limits)
    with pytest.raises(LimitReached, match="try again in 40 minutes"):
        begin(limits)
    clock.now += 40 * MINUTE
    begin(limits)
    with pytest.raises(LimitReached, match="try again in 20 minutes"):
        begin(limits)


def test_a_refused_note_is_not_counted(clock: Clock) -> None:
    limits = Limits(notes=1, clock=clock)
    begin(limits)
    for _ in range(5):
        clock.now += MINUTE
        with pytest.raises(LimitReached):
            begin(limits)
    clock.now += 55 * MINUTE
    begin(limits)


def test_visitors_are_counted_apart(clock: Clock) -> None:
    limits = Limits(notes=1, clock=clock)
    begin(limits, "ann")
    begin(limits, "bob")


def test_a_plan_and_its_drafts_are_one_note_and_further_drafts_another(clock: Clock) -> None:
    limits = Limits(notes=2, clock=clock)
    list(limits.plan("ann", planned()))
    list(limits.draft("ann", nothing()))
    list(limits.draft("ann", nothing()))
    with pytest.raises(LimitReached):
        list(limits.draft("ann", nothing()))


def test_no_more_than_so_many_run_or_wait_at_once() -> None:
    limits = Limits(at_once=2)
    running = [limits.plan("ann", planned()) for _ in range(2)]
    for run in running:
        next(run)
    with pytest.raises(LimitReached, match="try again when one of them is done"):
        begin(limits)
    begin(limits, "bob")
    list(running[0])
    begin(limits)


def test_a_run_that_fails_gives_its_place_back() -> None:
    def broken() -> Iterator[Event]:
        raise InvalidRequest("no")
        yield

    limits = Limits(at_once=1)
    with pytest.raises(InvalidRequest):
        list(limits.plan("ann", broken()))
    begin(limits)


def test_nobody_is_limited_on_their_own_machine(tmp_path: Path) -> None:
    limits = limits_of(Settings(data_dir=tmp_path))
    for _ in range(100):
        begin(limits)


def test_a_shared_page_has_a_limit_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path, shared=True).notes_limit == 20
    assert Settings(data_dir=tmp_path, shared=True, notes_per_hour=0).notes_limit == 0
    assert Settings(data_dir=tmp_path, notes_per_hour=3).notes_limit == 3


def test_the_page_tells_the_limit_and_keeps_what_was_typed(bench: Bench) -> None:
    limits, bench.desk.__dict__["limits"] = bench.desk.limits, Limits(notes=1)
    try:
        bench.write_note()
        note_id = bench.shown[bench.note.note_id]
        bench.write_note(topic="Another topic")
    finally:
        bench.desk.__dict__["limits"] = limits
    assert "try again in 60 minutes" in bench.status
    assert bench.write.parts.fields.read(bench.shown) == a_form(topic="Another topic")
    assert bench.studio.load_form(bench.owner)["form"]["topic"] == "Another topic"
    assert bench.shown[bench.note.note_id] == note_id
    assert bench.notes == 1
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == note_id


def write(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.predict(
        topic=VOICE.topic, facts=[], samples=list(VOICE.samples), words=40, drafts=1,
        api_name="/write",
    )  # fmt: skip
    return answer


def test_a_shared_server_limits_each_visitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEWRIGHT_NOTES_PER_HOUR", "1")
    with served(tmp_path / "data", "--shared") as app:
        mine = Client(app.url, verbose=False, headers={"Authorization": f"Bearer {'a' * 32}"})
        other = Client(app.url, verbose=False, headers={"Authorization": f"Bearer {'b' * 32}"})
        note_id = write(mine)["note_id"]
        with pytest.raises(AppError, match="try again in 60 minutes"):
            write(mine)
        assert mine.predict(api_name="/search")["notes"][0]["note_id"] == note_id
        write(other)
        mine.close()
        other.close()


# ------------------------------------------------------------------ logins


def refused(app: Served, route: str, data: object = None) -> int:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(
        app.url + route, data=body, headers={"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    error.value.close()
    return error.value.code


def test_who_logs_in_sees_their_own_notes_and_nobody_else_gets_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = tmp_path / "people.txt"
    people.write_text("# two people\nann:first:secret\n\nbob:other secret\n", encoding="utf-8")
    monkeypatch.setenv("NOTEWRIGHT_LOGIN_FILE", str(people))
    data = tmp_path / "data"
    with served(data) as app:
        ann = Client(app.url, verbose=False, auth=("ann", "first:secret"))
        bob = Client(app.url, verbose=False, auth=("bob", "other secret"))
        note_id = write(ann)["note_id"]
        assert ann.predict(api_name="/search")["total"] == 1
        assert bob.predict(api_name="/search")["total"] == 0
        with pytest.raises(AppError):
            bob.predict(note_id=note_id, stars=1, api_name="/rate")
        assert refused(app, "gradio_api/call/search", {"data": ["", "", "", 0, 5]}) == 401
        assert refused(app, "config") == 401
        ann.close()
        bob.close()
    told = data.with_suffix(".log").read_text()
    assert "secret" not in told
    assert not [file for file in data.rglob("*") if file.is_file() and b"first:s" in _bytes(file)]


def _bytes(file: Path) -> bytes:
    return file.read_bytes()


def test_a_login_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTEWRIGHT_LOGIN", "ann:hidden")
    settings = load_settings(data_dir=tmp_path)
    assert read_logins(settings) == [("ann", "hidden")]
    assert "hidden" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize("line", ["hidden", "hidden:", ":hidden"])
def test_a_login_that_cannot_be_used_is_refused_without_repeating_it(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(InvalidRequest, match="user:password") as error:
        read_logins(load_settings(data_dir=tmp_path, login=line))
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("content", [None, b"", b"# nobody\n", b"\xff\xfe\xff"])
def test_a_login_file_that_lets_nobody_in_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "people.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidRequest, match="NOTEWRIGHT_LOGIN_FILE"):
        read_logins(load_settings(data_dir=tmp_path, login_file=file))


def test_ones_own_page_behind_a_login_is_still_ones_own(tmp_path: Path) -> None:
    alone = Settings(data_dir=tmp_path, login="ann:x")
    assert not alone.named_owners
    assert alone.model_copy(update={"shared": True}).named_owners
