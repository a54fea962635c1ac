"""The NoteBench tab's handlers: start, watch, results, texts behind figures, downloads, scoring."""

import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.limits import Limits
from app.tabs.notebench import NoteBenchTab
from tests.app.bench import EN, ZH, Bench, clicked
from tests.app.bench_command import save
from tests.engine.notebench.made import item


@pytest.fixture
def tab(bench: Bench) -> NoteBenchTab:
    """The tab as a new visitor finds it, with a file of a few items chosen."""
    made = bench.page.bench
    made.jobs.limits = Limits()
    results, scoring = made.results, made.scoring
    bench.shown |= {
        made.systems: ["sag", "copy-source"], made.data: "own", made.file: None,
        made.language: "", made.count: None, made.seed: 0, made.told: "", made.deleted: "",
        results.opened: "", results.sorting: "", results.baseline: "", results.measure: "style",
        scoring.text: "", scoring.samples: "", scoring.source: "", scoring.reference: "",
        scoring.knowledge: "", scoring.language: "en",
    }  # fmt: skip
    return made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of items by two voices in two languages."""
    rows = [item(n, author="Ann" if n % 2 else "Bea") for n in range(6)]
    chinese = item(
        9, language="zh", author="<b>李</b>", topic="渡船", facts=("渡船六点开",),
        source="渡船六点开。",
        samples=("雾又来了。我喜欢雾，它把声音挡在外面。", "两条船出海，一条早早回来了。"),
        reference=("渡船六点就开，谁也不等你。",),
    )  # fmt: skip
    return save(tmp_path / "mine.jsonl", [*rows, chinese])


def started(bench: Bench, tab: NoteBenchTab, data: Path) -> str:
    """Start a run of the file, watch until it is done, and return its id."""
    bench.shown[tab.file] = str(data)
    bench.see(tab.begin(bench.shown, EN))
    run_id = str(bench.shown[tab.results.opened])
    watched(bench, tab, lambda: "done" in str(bench.shown[tab.results.head]))
    return run_id


def watched(bench: Bench, tab: NoteBenchTab, until: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not until():
        assert time.monotonic() < end, bench.shown[tab.said]
        bench.see(tab.watch(bench.shown, EN))
        time.sleep(0.02)


def html(bench: Bench, part: Any) -> str:
    return str(bench.shown[part])


# ------------------------------------------------------------------ runs


def test_a_run_is_started_watched_and_shown(bench: Bench, tab: NoteBenchTab, data: Path) -> None:
    run_id = started(bench, tab, data)

    assert f'data-pick="{run_id}"' in html(bench, tab.list)
    assert html(bench, tab.progress) == ""
    table = html(bench, tab.results.table)
    assert [name for name in ("copy-source", "sag") if f">{name}</bdi>" in table] == [
        "copy-source", "sag"
    ]  # fmt: skip
    assert "no difference shown" in table
    assert "Few items" in table
    assert re.search(r"<b>\d\.\d\d</b><span>\d\.\d\d–\d\.\d\d</span>", table)
    assert "Chinese: " in html(bench, tab.results.languages)
    plots = html(bench, tab.results.plots)
    assert plots.count("<svg") == 2
    assert "&lt;b&gt;李&lt;/b&gt;" in plots
    assert "<b>李" not in plots


def test_a_run_shows_how_far_it_is_and_can_be_stopped_resumed_and_deleted(
    bench: Bench, tab: NoteBenchTab, data: Path
) -> None:
    bench.shown[tab.file] = str(data)
    bench.slow_down(0.01)
    try:
        bench.see(tab.begin(bench.shown, EN))
        watched(bench, tab, lambda: "of 7 written. " in html(bench, tab.progress))
        assert '<progress max="1" value="0.' in html(bench, tab.progress)
        bench.see(tab.stop_run(bench.shown, EN))
        watched(bench, tab, lambda: "stopped, " in html(bench, tab.results.head))
    finally:
        bench.slow_down(0)
    bench.see(tab.resume_run(bench.shown, EN))
    watched(bench, tab, lambda: '· <span role="status">done' in html(bench, tab.results.head))

    run_id = bench.shown[tab.results.opened]
    bench.see(tab.delete_run(bench.shown, EN))
    assert run_id not in html(bench, tab.list)
    bench.see(tab.undo_delete(bench.shown, EN))
    assert run_id in html(bench, tab.list)
    assert bench.shown[tab.results.opened] == run_id


def test_a_page_opened_again_shows_the_newest_run(
    bench: Bench, tab: NoteBenchTab, data: Path
) -> None:
    run_id = started(bench, tab, data)
    bench.shown[tab.results.opened] = ""
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[tab.results.opened] == run_id
    assert "copy-source" in html(bench, tab.results.table)


def test_another_visitor_sees_nothing_of_it(bench: Bench, tab: NoteBenchTab, data: Path) -> None:
    run_id = started(bench, tab, data)
    strange = bench.shown | {bench.page.token: "f" * 32}
    answer = tab.shown(strange | {tab.results.opened: run_id}, EN)
    assert run_id not in str(answer[tab.list])
    assert "Who writes best" in answer[tab.results.head]
    for handler in (tab.pick, tab.results.open_cell):
        refused = handler(strange | {tab.results.opened: run_id}, clicked(run_id), EN)
        assert "no such run" in str(list(refused.values()))


@pytest.mark.parametrize(
    ("line", "english", "chinese"),
    [
        (
            '{"id": 1}',
            "wrong.jsonl, line 2: the field 'topic' is missing",
            "第 2 行：缺少字段“topic”",
        ),
        ("{", "wrong.jsonl, line 2: this is not JSON", "第 2 行：这不是 JSON"),
    ],
)
def test_a_wrong_line_of_a_dropped_file_is_named_at_once(
    bench: Bench, tab: NoteBenchTab, tmp_path: Path, line: str, english: str, chinese: str
) -> None:
    wrong = save(tmp_path / "wrong.jsonl", [item(0)])
    wrong.write_text(wrong.read_text() + line + "\n")
    bench.shown[tab.file] = str(wrong)
    assert english in str(tab.read_file(bench.shown, EN)[tab.said]).replace("&#x27;", "'")
    assert chinese in str(tab.read_file(bench.shown, ZH)[tab.said])
    bench.see(tab.begin(bench.shown, EN))
    assert "is-error" in html(bench, tab.said)


def test_what_cannot_be_started_is_told(bench: Bench, tab: NoteBenchTab, data: Path) -> None:
    def told(**changes: Any) -> str:
        shown = bench.shown | {tab.file: str(data)}
        shown |= {getattr(tab, name): value for name, value in changes.items()}
        return str(tab.begin(shown, EN)[tab.said])

    assert "at least one system" in told(systems=[])
    assert "cannot run yet" in told(systems=["sag+filter"])
    assert "Drop a file of items first" in told(file=None)
    assert "whole numbers" in told(count=1.5)
    tab.jobs.limits = Limits(notes=5)
    assert "counts as 7 notes" in told()


# ------------------------------------------------------------------ results


@pytest.fixture
def run(bench: Bench, tab: NoteBenchTab, data: Path) -> NoteBenchTab:
    """The tab with a finished run open."""
    started(bench, tab, data)
    return tab


def test_a_heading_sorts_down_then_up_then_not(bench: Bench, run: NoteBenchTab) -> None:
    def order() -> list[str]:
        body = html(bench, run.results.table).split("<tbody>")[1]
        return re.findall(r'scope="row"><bdi dir="auto">([^<]+)', body)

    def value(name: str) -> float:
        seen = run.jobs.see(bench.owner, bench.shown[run.results.opened])
        return run.results.reader.of(bench.owner, seen).reports[name].metrics["chrf"].value

    falling = sorted(order(), key=value, reverse=True)
    bench.see(run.results.sort(bench.shown, clicked("chrf"), EN))
    assert order() == falling
    assert 'aria-sort="descending"' in html(bench, run.results.table)
    bench.see(run.results.sort(bench.shown, clicked("chrf"), EN))
    assert order() == falling[::-1]
    bench.see(run.results.sort(bench.shown, clicked("chrf"), EN))
    assert order() == ["copy-source", "sag"]
    bench.see(run.results.sort(bench.shown, clicked("<script>"), EN))
    assert order() == ["copy-source", "sag"]


def test_another_baseline_turns_the_comparison(bench: Bench, run: NoteBenchTab) -> None:
    first = html(bench, run.results.table)
    bench.shown[run.results.baseline] = "sag"
    bench.see(run.results.choose_baseline(bench.shown, EN))
    assert "Compared with sag" in html(bench, run.results.table)
    assert "Compared with copy-source" in first


def test_every_figure_opens_texts_and_every_text_its_reference(
    bench: Bench, run: NoteBenchTab
) -> None:
    pane = run.results
    shown = html(bench, pane.table) + html(bench, pane.languages) + html(bench, pane.plots)
    cells = set(re.findall(r'data-cell="([^"]+)"', shown))
    assert any("|voice|2" in cell for cell in cells)
    for cell in cells:
        bench.see(pane.open_cell(bench.shown, clicked(cell), EN))
        texts = html(bench, pane.texts)
        assert texts.count("data-item") == (
            7 if cell.endswith("|") else 1 if cell.endswith(("|voice|2", "language|1")) else
            6 if "language" in cell else 3
        )  # fmt: skip
    bench.see(pane.open_item(bench.shown, clicked("sag|0"), EN))
    texts = html(bench, pane.texts)
    for part in ("What the author wrote", "What it must say", ">sag<", ">copy-source<", "ROUGE-L"):
        assert part in texts
    assert item(0).reference[0] in texts
    assert "m-fact" in texts


def test_figures_and_texts_that_do_not_exist_are_refused(bench: Bench, run: NoteBenchTab) -> None:
    pane = run.results
    for cell in ("style", "style|best|", "best|sag|", "style|sag|voice|99", ""):
        assert "no such figure" in str(pane.open_cell(bench.shown, clicked(cell), EN)[pane.said])
    for text in ("sag|7", "sag|-1", "best|0", "sag|x", ""):
        assert "no such text" in str(pane.open_item(bench.shown, clicked(text), EN)[pane.said])


def test_reports_download_with_their_items_and_hold(
    bench: Bench, run: NoteBenchTab, tmp_path: Path
) -> None:
    from app.bench import bench_score, read_report, verified

    answer = run.results.make_json(bench.shown, EN)
    with zipfile.ZipFile(answer[run.results.file]) as packed:
        packed.extractall(tmp_path / "got")
    assert sorted(path.name for path in (tmp_path / "got").iterdir()) == [
        "copy-source.json", "items.jsonl", "sag.json"
    ]  # fmt: skip
    for name in ("copy-source", "sag"):
        report = read_report(tmp_path / "got" / f"{name}.json")
        found, total = verified(report, tmp_path / "got" / "items.jsonl", bench_score(bench.studio))
        assert (found, total) == ((), 7)
        assert report.data.path == "mine.jsonl"


def test_the_markdown_holds_every_figure_and_the_signature(bench: Bench, run: NoteBenchTab) -> None:
    told = run.results.make_markdown(bench.shown, EN)[run.results.markdown_file]
    assert told["name"].endswith(".md")
    text = told["text"]
    assert "| Style | " in text
    assert "no difference shown" in text
    assert "notebench/1 bootstrap" in text
    assert "## By language" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4, 6}


# ------------------------------------------------------------------ score my text


def test_a_pasted_text_is_scored_in_words_with_its_places_marked(
    bench: Bench, tab: NoteBenchTab
) -> None:
    pane = tab.scoring
    bench.shown |= {
        pane.text: "The ferry leaves at nine, and <i>nobody</i> waits. I like fog; it keeps the "
        "noise out.",
        pane.samples: "\n---\n".join(item(0).samples),
        pane.source: "The ferry leaves at six.",
    }
    bench.see(pane.score(bench.shown, EN))
    shown = html(bench, pane.view)
    assert "m-unsupported" in shown
    assert "m-copied" in shown
    assert "&lt;i&gt;" in shown
    assert "It needs a reference." in shown
    assert "It needs knowledge." in shown
    bench.shown |= {pane.reference: "The ferry leaves at six, and nobody waits for you."}
    bench.see(pane.score(bench.shown, EN))
    assert "It needs a reference." not in html(bench, pane.view)
    assert re.search(r"ROUGE-L</b><span class=\"score-word\">\d", html(bench, pane.view))


def test_a_text_alone_still_hears_of_its_stock_phrases(bench: Bench, tab: NoteBenchTab) -> None:
    pane = tab.scoring
    bench.shown[pane.text] = "In today's fast-paced world, it is important to note that tea is hot."
    bench.see(pane.score(bench.shown, ZH))
    shown = html(bench, pane.view)
    assert "m-slop" in shown
    assert shown.count("没有衡量") == 9


def test_what_cannot_be_scored_is_told(bench: Bench, tab: NoteBenchTab) -> None:
    pane = tab.scoring
    assert "no text to score" in str(pane.score(bench.shown, EN)[pane.said])
    bench.shown[pane.text] = "word " * 10_000
    assert "Shorten it" in str(pane.score(bench.shown, EN)[pane.said])
