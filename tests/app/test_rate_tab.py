"""The Rate tab without a browser: blind HTML, votes, undo, results, and what strangers send."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from gradio.blocks import Block

from app.ballot import ballot_view
from app.i18n import Texts
from app.preferences import results
from app.rating import progress
from app.standings import results_view, whisker
from app.studio import LOCAL
from app.tabs.rate import RateTab
from engine.notebench.significance import Interval
from tests.app.bench import EN, ZH, Bench, clicked
from tests.app.rated import LIVELY, PLAIN, put_note, put_report

T = Texts("en")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A page of one's own with two systems' reports and a note."""
    made = Bench(tmp_path_factory.mktemp("rate") / "data")
    put_report(made.studio.settings.data_dir, "secret-plain", PLAIN)
    put_report(made.studio.settings.data_dir, "secret-lively", LIVELY)
    put_note(made.studio)
    yield made
    made.studio.close()


@pytest.fixture
def tab(page: Bench, request: pytest.FixtureRequest) -> RateTab:
    """The tab as a rater of this test's own finds it."""
    tab = page.page.rate
    page.shown |= {tab.source: "all", tab.rater: request.node.name[-50:], tab.since: 0.0}
    page.see(tab.changed(page.shown, EN))
    return tab


def press(page: Bench, tab: RateTab, chosen: str) -> dict[Block, Any]:
    """Press the button that is shown for a choice."""
    shown = str(page.shown[tab.ballot])
    token = shown.split(f'data-vote="{chosen}:')[1].split('"')[0]
    return page.see(tab.vote(page.shown, clicked(f"{chosen}:{token}"), EN))


def test_nothing_on_the_page_names_a_system_before_the_vote(page: Bench, tab: RateTab) -> None:
    for _ in range(8):
        shown = str(page.shown[tab.ballot])
        assert "Which sounds more like the samples?" in shown
        assert "secret" not in shown
        press(page, tab, "left")
    assert "That was the last pair" in str(page.shown[tab.ballot])


def test_texts_are_shown_as_they_are_and_escaped(page: Bench) -> None:
    found = progress(page.studio, LOCAL, "somebody", "note")
    assert found.ballot is not None
    shown = ballot_view(found, T)
    assert escape(found.ballot.left.text) in shown
    assert shown.index("side-left") < shown.index("side-right")


def test_a_vote_shows_the_next_two_and_hides_the_results(page: Bench, tab: RateTab) -> None:
    press(page, tab, "left")
    page.see(tab.tell(page.shown, EN))
    assert "Bradley" in page.shown[tab.results]
    before = page.shown[tab.ballot]
    press(page, tab, "right")
    assert page.shown[tab.results] == ""
    assert page.shown[tab.ballot] != before
    assert "2 of 8 pairs" in page.shown[tab.ballot]


def test_undo_brings_the_same_two_back(page: Bench, tab: RateTab) -> None:
    page.see(tab.take_back(page.shown, EN))
    assert "no vote to undo" in page.shown[tab.said]
    before = page.shown[tab.ballot]
    press(page, tab, "tie")
    page.see(tab.take_back(page.shown, EN))
    assert page.shown[tab.ballot] == before
    assert "Taken back" in page.shown[tab.said]


def test_a_vote_knows_how_long_it_took(page: Bench, tab: RateTab) -> None:
    press(page, tab, "left")
    (row,) = [r.vote for r in page.studio.store.votes() if r.vote.rater == page.shown[tab.rater]]
    assert 0 <= row.seconds < 60


@pytest.mark.parametrize("sent", ["left", "left:0", ":", "undone:0", "left:" + "x" * 300])
def test_what_no_button_sends_is_no_vote(page: Bench, tab: RateTab, sent: str) -> None:
    count = len(page.studio.store.votes())
    page.see(tab.vote(page.shown, clicked(sent), EN))
    assert len(page.studio.store.votes()) == count


def test_a_strange_filter_is_a_sentence(page: Bench, tab: RateTab) -> None:
    page.see(tab.changed({**page.shown, tab.source: ["x"]}, ZH))
    assert "不认得" in page.shown[tab.said] or "筛选" in page.shown[tab.said]


def test_who_is_rating_is_remembered(page: Bench, tab: RateTab) -> None:
    page.shown[tab.rater] = " Bo "
    page.see(tab.named(page.shown, EN))
    assert page.shown[tab.rater] == "Bo"
    page.shown[tab.rater] = "writer"
    page.see(tab.opened(page.shown, EN))
    assert page.shown[tab.rater] == "Bo"


def test_on_a_shared_page_nobody_goes_by_a_name(bench: Bench) -> None:
    """A visitor who could take any name could vote as often as they like."""
    tab = bench.page.rate
    put_note(bench.studio, bench.owner)
    bench.shown |= {tab.source: "all", tab.rater: "Mallory", tab.since: 0.0}
    bench.see(tab.opened(bench.shown, EN))
    press(bench, tab, "left")
    (row,) = bench.studio.store.votes(bench.owner)
    assert row.vote.rater == "writer"


def test_an_empty_page_says_how_to_begin(bench: Bench) -> None:
    tab = bench.page.rate
    bench.shown |= {tab.source: "all", tab.rater: "writer", tab.since: 0.0}
    bench.see(tab.opened(bench.shown, EN))
    assert "Nothing to compare yet" in bench.shown[tab.ballot]
    bench.see(tab.tell(bench.shown, ZH))
    assert "还没有投票" in bench.shown[tab.results]


def test_results_name_systems_with_intervals_and_a_range_of_places(
    page: Bench, tab: RateTab
) -> None:
    for _ in range(8):
        press(page, tab, "left")
    shown = results_view(results(page.studio, LOCAL, str(page.shown[tab.rater])), T)
    assert "secret-plain" in shown
    assert "1–2" in shown
    assert "Not told apart by these votes" in shown
    assert "Do the scores prefer what people prefer?" in shown
    assert "(you)" in shown


def test_a_whisker_says_in_figures_what_it_draws() -> None:
    drawn = whisker(Interval(0.61, 0.5, 0.724))
    assert "61 % [50–72]" in drawn
    assert 'x1="50.0" x2="72.4"' in drawn


def test_a_preference_stands_in_the_history_of_its_note(bench: Bench) -> None:
    tab = bench.page.rate
    made = put_note(bench.studio, bench.owner)
    bench.shown |= {tab.source: "note", tab.rater: "", tab.since: 0.0}
    bench.see(tab.opened(bench.shown, EN))
    press(bench, tab, "left")
    bench.see(tab.take_back(bench.shown, EN))
    bench.see(bench.library.pick(bench.shown, clicked(made.id), EN))
    assert "without seeing which was which" in bench.shown[bench.library.view]
    assert "took back preferring" in bench.shown[bench.library.view]


def test_the_data_directory_may_be_without_any_report(page: Bench, tmp_path: Path) -> None:
    assert page.studio.settings.data_dir != tmp_path
    assert progress(page.studio, "v-nobody", "writer", "note").total == 0
