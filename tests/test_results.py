"""The results table is made of stored reports alone, and says why a cell is empty."""

from pathlib import Path

import pytest

from app.bench import save_items
from engine.notebench.report import BenchOutput, make_report
from engine.notebench.run import save_report
from engine.notebench.samples import BenchItem, shipped
from tests.engine.notebench.made import item, scoring
from tests.scripts import load_script

results = load_script("results")


def stored(
    folder: Path, system: str, texts: dict[str, str], of: list[BenchItem], *, path: str, seed: int
) -> None:
    """Store a report as `bench run` does."""
    outputs = {key: BenchOutput(id=key, text=text, seconds=2.0) for key, text in texts.items()}
    # A run that was put to sleep in the middle of a note.
    first = next(iter(outputs))
    outputs[first] = outputs[first].model_copy(update={"seconds": 900.0})
    settings = {
        "seed": seed,
        "notewright": "0.1",
        "models": {"stylist": {"name": "small", "revision": "feedbeefcafe", "backend": "scripted"}},
        "adapter": {"name": "general", "method": "sft", "sha256": "0" * 64},
    }
    report = make_report(system, path, of, outputs, settings, scoring())
    save_report(report, folder / f"{system}-{seed}-{Path(path).stem}.json")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder of reports and a folder of items."""
    reports, folder = tmp_path / "reports", tmp_path / "items"
    reports.mkdir()
    folder.mkdir()
    own = [item(number) for number in range(12)]
    save_items(own, folder / "til_notes_en.jsonl")
    path = "somewhere/til_notes_en.jsonl"
    gold = {each.id: each.reference[0] for each in own}
    cut = {key: " ".join(text.split()[:5]) + "." for key, text in gold.items()}
    for seed in range(3):
        stored(reports, "sag", gold, own, path=path, seed=seed)
    stored(reports, "planner-only", cut, own, path=path, seed=0)
    chinese = list(shipped("test", "zh"))[:3]
    copied = {each.id: each.source or "" for each in chinese}
    stored(reports, "copy-source", copied, chinese, path="NoteBench v1 test", seed=0)
    (reports / "notes.json").write_text("{}")
    return reports, folder


def test_every_system_has_a_row_with_figures_or_the_reason(
    made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    reports, folder = made
    page = results.page(results.read_all(reports), folder, reports)
    assert "notes.json is no report" in capsys.readouterr().out
    english = page.split("## til_notes_en")[1].split("## ")[0]
    assert "| sag | 3 | 12 | 100.00 [100.00, 100.00] |" in english
    assert "| planner-only | 1 | 12 |" in english
    assert all(line.endswith("| 2.0 |") for line in english.splitlines() if "| 12 | 1" in line)
    assert "| sag − planner-only | 12 | **+" in english
    assert "The path and its training; p corrected over these 5 comparisons:" in english
    assert "sag+filter+dpo: no report yet; `python scripts/train_systems.py` makes" in english
    assert "- Not run: copy-source, best-sample-copy, frozen-base, stylist-only" in english
    assert "Fewer than 3 seeds: planner-only." in english
    assert "adapter general (sft, 000000000000)" in english
    chinese = page.split("## NoteBench test, Chinese")[1].split("## ")[0]
    assert "| copy-source | 1 | 3 |" in chinese
    assert "sag+funnier, prompt-optimised: the embedded model writes English only" in chinese
    assert "No report yet." in page.split("## authors_en")[1].split("## ")[0]
    widths = {line.count("|") for line in english.splitlines() if line.startswith("| ")}
    assert len(widths) == 2  # one for each table


def test_reports_that_cannot_be_used_say_why(made: tuple[Path, Path]) -> None:
    reports, folder = made
    without = results.page(results.read_all(reports), None, reports)
    assert "its items are missing: give til_notes_en.jsonl in --items" in without
    save_items(
        [item(number, topic="changed") for number in range(12)], folder / "til_notes_en.jsonl"
    )
    other = results.page(results.read_all(reports), folder, reports)
    assert "its reports cannot be used: its items are not those of the data given" in other


def test_no_report_at_all_still_makes_the_page(tmp_path: Path) -> None:
    page = results.page(results.read_all(tmp_path), None, tmp_path)
    assert page.count("No report yet") == len(results.SETS)


def test_figures_are_kept_without_the_texts_and_make_the_same_page(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    reports, folder = made
    figures = tmp_path / "figures"
    with_texts = results.page(results.read_all(reports), folder, figures, to_keep=True)
    own = [report for report in results.read_all(reports) if report.system == "copy-source"]
    assert results.page(own, None, figures) == with_texts
    stored = list(figures.rglob("*.json"))
    assert {path.relative_to(figures).as_posix() for path in stored} == {
        "til_notes_en/sag.json",
        "til_notes_en/planner-only.json",
    }
    told = "".join(path.read_text("utf-8") for path in stored)
    assert item(0).reference[0] not in told
    assert "somewhere" not in told


def test_the_page_is_what_the_stored_reports_make() -> None:
    page = results.page(results.read_all(results.STORED), None, results.FIGURES)
    assert page == (results.ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8")
