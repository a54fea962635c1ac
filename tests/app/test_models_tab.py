"""The Models tab's handlers, and `notewright models`: from the list to a model in its place."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.modeljobs import Pace
from app.models_use import in_settings
from engine.models import catalogue as module
from engine.models.catalogue import catalogue
from engine.models.machine import fingerprint
from engine.models.pulled import PulledModels
from engine.models.speed import expected_speed
from engine.models.weights import packaged_weights
from tests.app.bench import EN, ZH, Bench, clicked
from tests.app.test_cli import Run, run
from tests.engine.hub_server import (
    Hub,
    entry_for,
    go_online,
    read_catalogue_from,
    serving,
    write_catalogue,
)

__all__ = ["run"]
NAME = "Qwen2.5-0.5B-Instruct"
CARD, EMBEDDED = f'data-name="{NAME}"', 'data-name="SmolLM2-135M-Instruct"'


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve a small file as the catalogue's only other model."""
    monkeypatch.setitem(vars(module), "files", vars(module)["files"])  # undone at the end
    with serving(Hub(b"GGUF" + bytes(2_000_000))) as opened:
        go_online(monkeypatch, opened.url)
        write_catalogue(tmp_path / "catalogue", entry_for(opened))
        read_catalogue_from(tmp_path / "catalogue")
        yield opened
    catalogue.cache_clear()


class Shown:
    """The tab on a bench: what its buttons do, and what it shows then."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.tab = bench, bench.page.catalogue
        tab = self.tab
        bench.shown |= {tab.told: "", tab.asked: "", tab.language: "", tab.fitting: False}
        bench.see(tab.shown(bench.shown, EN))

    def press(self, handler: Callable[..., Any], name: str = NAME) -> None:
        self.bench.see(handler(self.bench.shown, clicked(name), EN))

    def until(self, state: str) -> None:
        """Let the page's clock tick until the model's card says so."""
        while f'data-name="{NAME}" data-state="{state}"' not in self.list:
            self.bench.see(self.tab.watch(self.bench.shown, EN))

    @property
    def list(self) -> str:
        return str(self.bench.shown[self.tab.list])

    @property
    def said(self) -> str:
        return str(self.bench.shown[self.tab.said])


@pytest.fixture
def shown(data_dir: Path, hub: Hub) -> Shown:
    assert hub.asked == []
    return Shown(Bench(data_dir))


def test_the_licence_is_shown_before_anything_is_asked_for(shown: Shown, hub: Hub) -> None:
    assert "English only" in shown.list  # the embedded one
    assert "is under the licence" not in shown.list

    shown.press(shown.tab.ask)

    assert f"{NAME} is under the licence Apache-2.0." in shown.list
    assert hub.asked == []
    shown.bench.see(shown.tab.keep(shown.bench.shown, EN))
    assert "is under the licence" not in shown.list


def test_a_model_comes_is_used_and_cannot_be_deleted_while_it_is(shown: Shown) -> None:
    shown.press(shown.tab.pull)
    shown.until("ready")
    shown.press(shown.tab.plans)
    assert f"{NAME} plans from the next note on" in shown.said
    assert in_settings(shown.bench.desk.settings)["planner"] == NAME

    shown.press(shown.tab.drop)
    assert "choose another model first" in shown.said

    shown.press(shown.tab.plans, "SmolLM2-135M-Instruct")
    shown.press(shown.tab.drop)
    assert "2 MB are free again" in shown.said
    assert f'data-name="{NAME}" data-state="absent"' in shown.list


def test_a_file_of_ones_own_that_is_loaded_is_not_said_to_come(shown: Shown) -> None:
    studio = shown.bench.desk.studio
    studio.room.put(studio.models)
    file = studio.settings.data_dir / "settings.toml"
    file.write_text('planner_gguf = "/mine/good.gguf"\n', encoding="utf-8")
    shown.bench.see(shown.tab.shown(shown.bench.shown, EN))
    assert "(from the next note: good.gguf)" in str(shown.bench.shown[shown.tab.machine])

    studio.settings = studio.settings.model_copy(update={"planner_gguf": Path("/mine/good.gguf")})
    shown.bench.see(shown.tab.shown(shown.bench.shown, EN))
    assert "good.gguf" in str(shown.bench.shown[shown.tab.machine])
    assert "from the next note" not in str(shown.bench.shown[shown.tab.machine])


def test_what_goes_wrong_stands_on_the_card_in_the_readers_language(shown: Shown, hub: Hub) -> None:
    hub.status = 404
    shown.press(shown.tab.pull)
    shown.until("absent")
    while "no longer has" not in shown.list:
        shown.bench.see(
            shown.tab.watch(shown.bench.shown, EN) | shown.tab.keep(shown.bench.shown, EN)
        )
    shown.bench.see(shown.tab.shown(shown.bench.shown, ZH))
    assert "Hub 上已经没有" in shown.list


def test_a_download_that_breaks_as_nobody_foresaw_says_so(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Path:
        raise RuntimeError("a Hub that answers with a list")

    monkeypatch.setattr(PulledModels, "pull", broken)
    shown.press(shown.tab.pull)
    shown.until("absent")
    shown.bench.see(shown.tab.shown(shown.bench.shown, EN))
    assert "nobody foresaw" in shown.list
    assert "a Hub that answers" not in shown.list


def test_the_list_can_be_narrowed(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = shown.tab
    shown.bench.see(tab.shown(shown.bench.shown | {tab.language: "zh"}, EN))
    assert EMBEDDED not in shown.list
    assert CARD in shown.list
    monkeypatch.setattr("app.modelrows.available_memory", lambda: 500_000_000)
    shown.bench.see(tab.shown(shown.bench.shown | {tab.fitting: True}, EN))
    assert EMBEDDED in shown.list  # it is in memory already
    shown.bench.studio.room.change(shown.bench.studio.settings)
    shown.bench.see(tab.shown(shown.bench.shown | {tab.fitting: True}, EN))
    assert CARD in shown.list
    assert EMBEDDED not in shown.list  # with a context for both roles it needs 0.66 GB


def test_visitors_of_a_shared_page_choose_no_models(data_dir: Path, hub: Hub) -> None:
    bench = Bench(data_dir, shared=True)
    tab = bench.page.catalogue
    bench.shown |= {tab.told: "", tab.asked: "", tab.language: "", tab.fitting: False}
    for handler in (tab.pull, tab.pause, tab.drop, tab.plans, tab.writes, tab.ask):
        bench.see(handler(bench.shown, clicked(NAME), EN))
        assert "Whoever runs this page" in str(bench.shown[tab.said])
    bench.see(tab.shown(bench.shown, EN))
    assert tab.list not in bench.shown
    assert hub.asked == []
    assert not (data_dir / "models").exists()


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    pace = Pace()
    assert pace.rate is None
    for second in range(31):
        pace.note(1_000 * second if second <= 20 else 20_000 + 500 * (second - 20), float(second))
    assert pace.rate == 500
    pace.note(0, 31.0)  # begun anew
    assert pace.rate is None


def test_speed_is_scaled_from_what_the_embedded_model_did_here(tmp_path: Path) -> None:
    memory = tmp_path / "probe.json"
    assert expected_speed(memory, 1_000, 2) is None
    memory.write_text("not JSON", "utf-8")
    assert expected_speed(memory, 1_000, 2) is None
    packaged = packaged_weights()
    key = f"build | normal abc | packaged weights, one thread {fingerprint(packaged)}"
    speeds = (
        '{"speed": {"prompt": 9, "together": 99}, "source_speed": {"prompt": 1, "together": 60}}'
    )
    memory.write_text(
        f'{{"{key}": {{"rung": "normal", "trial": {speeds}, "failures": []}}}}', "utf-8"
    )

    size = packaged.stat().st_size
    assert expected_speed(memory, size, 1) == pytest.approx(60)
    assert expected_speed(memory, 10 * size, 2) == pytest.approx(12)


# ------------------------------------------------------------------ the command line


def test_the_list_says_what_fits_and_what_is_here(run: Run) -> None:
    found = run("models", "list", "--json").json
    assert len(found) == len(catalogue())
    first = found[0]
    assert (first["name"], first["state"], first["roles"]) == (
        "SmolLM2-135M-Instruct", "ready", ["planner", "stylist"],
    )  # fmt: skip
    assert first["memory"] > first["size"] > 90e6
    assert all(row["licence"] and row["state"] for row in found)
    lines = run("models", "list").out.splitlines()
    assert len(lines) == len(catalogue())
    assert "(plans, writes)" in lines[0]


def test_a_model_is_pulled_and_removed_by_its_name(run: Run, hub: Hub) -> None:
    done = run("models", "pull", NAME.lower())
    assert done.code == 0
    assert "licence Apache-2.0" in done.err
    assert Path(done.out.strip()).read_bytes() == hub.content
    assert run("models", "pull", NAME).out == done.out  # here already
    assert hub.asked == ["HEAD", "GET 0"]
    assert "2 MB are free" in run("models", "remove", NAME).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pull", "qwen-7b"), "closest: Qwen2.5-7B-Instruct"),
        (("pull", "SmolLM2-135M-Instruct"), "comes with Notewright"),
        (("remove", "SmolLM2-135M-Instruct"), "choose another model first"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run("models", *arguments)
    assert done.code == 1
    assert said in done.err


def test_a_servers_name_and_key_go_with_a_server(run: Run) -> None:
    done = run("models", "use", "--planner", "embedded", "--planner-key-file", "key")
    assert done.code == 2
    assert "go with the address of a server in --planner" in done.err


def test_a_pull_stopped_by_ctrl_c_goes_on_later(
    run: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("engine.models.pulled.fetch", interrupted)
        done = run("models", "pull", NAME)
    assert done.code == 1
    assert "run the same command again" in done.err
    assert run("models", "pull", NAME).code == 0
    assert hub.asked == ["HEAD", "HEAD", "GET 0"]
