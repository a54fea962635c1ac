"""Prompt searches as use cases, as commands, on the page, and what their prompts write."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app as command_line
from app.commands.common import WrongUsage
from app.i18n import Texts
from app.promptview import prompt_view, search_view, tree_view
from app.promptwords import report_words, state_words
from app.searchcases import case_sets, parted
from app.searches import Searches
from app.studio import LOCAL, Studio
from app.tabs.improve_prompt import PromptPane
from engine.errors import InvalidRequest
from engine.events import NoteReady
from engine.notebench.samples import shipped
from engine.optimize.types import PromptInUse, SearchJob, SearchNode, SearchReport
from engine.prompts.recipe import PLAIN, PromptRecipe, marked
from engine.types import StyleSample, utc_now
from tests.adapters import a_folder
from tests.app.bench import EN, Bench, clicked
from tests.builders import profile, request
from tests.engine.test_optimize import POOL
from tests.taught import teach

T, ZH = Texts("en"), Texts("zh")
BETTER = PromptRecipe(task="Say it & be <brief>.")


@pytest.fixture
def searches(studio: Studio) -> Searches:
    """Return searches on a style that was rated and edited."""
    teach(studio.store, LOCAL)
    return Searches(studio)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 300
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


# ------------------------------------------------------------------ use cases


def test_a_search_runs_to_its_end_and_leaves_the_adapters_alone(
    searches: Searches, studio: Studio
) -> None:
    adapters = studio.settings.data_dir / "adapters"
    before = files(adapters)
    job = searches.start(LOCAL, "Ada", budget=60)
    ended = searches.work(LOCAL, job.id)
    assert ended.state == "done"
    assert ended.report is not None
    assert ended.calls == ended.report.calls <= 60
    assert len(searches.nodes(LOCAL, job.id)) > 3
    assert files(adapters) == before
    assert studio.prompts.board.gains(LOCAL, searches.order(LOCAL, job.id).model)
    second = searches.start(LOCAL, "Ada", budget=60)
    assert searches.order(LOCAL, second.id).prior


def test_what_cannot_be_searched_is_said_clearly(searches: Searches) -> None:
    with pytest.raises(InvalidRequest, match="60 calls at least"):
        searches.start(LOCAL, "Ada", budget=0)
    with pytest.raises(InvalidRequest, match="must be above 0"):
        searches.start(LOCAL, "Ada", minutes=0)
    job = searches.start(LOCAL, "Ada", budget=10_000_000)
    assert job.budget == 2_000
    with pytest.raises(InvalidRequest, match="has not tried a prompt yet"):
        searches.use(LOCAL, job.id)


def test_a_cancelled_search_goes_on_where_it_was(searches: Searches) -> None:
    job = searches.start(LOCAL, "Ada", budget=60)
    worker = threading.Thread(target=searches.work, args=(LOCAL, job.id))
    worker.start()
    until(lambda: searches.job(LOCAL, job.id).calls >= 3)
    with pytest.raises(InvalidRequest, match="at work already"):
        searches.start(LOCAL, "Ada")
    searches.cancel(LOCAL, job.id)
    worker.join()
    stopped = searches.job(LOCAL, job.id)
    assert stopped.state == "stopped"
    searches.resume(LOCAL, job.id)
    until(lambda: not searches.job(LOCAL, job.id).at_work)
    ended = searches.job(LOCAL, job.id)
    assert ended.state == "done"
    assert ended.report is not None
    assert ended.calls == ended.report.calls  # what was written before was not written again
    with pytest.raises(InvalidRequest, match="done or at work"):
        searches.resume(LOCAL, job.id)


def test_a_prompt_in_use_writes_the_style_until_it_is_taken_back(
    searches: Searches, studio: Studio
) -> None:
    style = studio.style(LOCAL, "Ada")

    def version(adapter: str | None = None) -> str:
        asked = request(drafts=1)
        events = list(studio.write(LOCAL, asked, style, adapter=adapter))
        (ready,) = [e for e in events if isinstance(e, NoteReady)]
        return ready.note.drafts[0].generation.prompt_version

    job = a_found(searches, studio, BETTER)
    plain = version()
    used = searches.use(LOCAL, job.id, 1)
    assert used.recipe == BETTER
    assert version() == marked(plain, BETTER)
    assert version("none") == plain  # an adapter asked for by name is what is meant
    assert searches.back(LOCAL, "Ada") is None
    assert version() == plain
    with pytest.raises(InvalidRequest, match="written with anyway"):
        searches.use(LOCAL, job.id, 0)
    with pytest.raises(InvalidRequest, match="no prompt 9"):
        searches.use(LOCAL, job.id, 9)


def test_a_prompt_steps_aside_where_its_adapter_was_retired(studio: Studio, tmp_path: Path) -> None:
    """It may have learned from a text that was taken back: no prompt brings it to work again."""
    teach(studio.store, LOCAL)
    host, shelf = studio.models.adapters, studio.adapters.shelf
    assert host is not None
    made = shelf.add(LOCAL, "Ada", a_folder(tmp_path / "adapter", base=host.base, style="Ada"))
    over = studio.adapters.choose(LOCAL, "Ada").name
    found = PromptInUse(
        recipe=BETTER, adapter=made.id, over=over, search="o1-0", node=1, at=utc_now()
    )
    studio.prompts.board.use(LOCAL, "Ada", found)

    def adapter() -> str | None:
        return studio.prompts.writing(LOCAL, "Ada", None, studio.writer, studio.models)[0]

    assert adapter() == made.id
    shelf.retire(LOCAL, [made.id], "It learned from a text that was refused.")
    assert adapter() == over


def a_found(searches: Searches, studio: Studio, recipe: PromptRecipe) -> SearchJob:
    """Return a search that has found a prompt, without having written anything."""
    job = searches.start(LOCAL, "Ada", budget=60)
    with studio.prompts.board.in_hand(LOCAL, job.id) as work:
        for node in a_tree(recipe):
            work.put_node(node)
        work.finish(REPORT, (), "m")
    return searches.job(LOCAL, job.id)


REPORT = SearchReport(best=1, end="settled", start_told=0.5, best_told=0.53, calls=50, seconds=90.0)


def a_tree(recipe: PromptRecipe = BETTER) -> list[SearchNode]:
    return [
        SearchNode(number=0, score=0.5, held=0.5, calls=4),
        SearchNode(number=1, parent=0, steps=("shorten",), stage="search", recipe=recipe,
                   score=0.6, held=0.55, calls=8, kept=True),
        SearchNode(number=2, parent=1, steps=("persona", "habits"), stage="search", score=0.4,
                   calls=12),
    ]  # fmt: skip


# ------------------------------------------------------------------ the cases


def test_a_quarter_of_the_samples_is_held_back_and_no_case_is_used_twice(
    studio: Studio,
) -> None:
    samples = [
        StyleSample(title=str(n), text=f"Text {n} of mine, such as it is.") for n in range(8)
    ]
    shown, held = parted(samples)
    assert (len(shown), len(held)) == (6, 2)
    assert parted(samples[:3]) == (tuple(samples[:3]), ())
    teach(studio.store, LOCAL)
    sets = case_sets(shipped("dev"), studio.store.notes(LOCAL), profile("Ada"), held)
    ids = [case.id for part in (sets.search, sets.held, sets.told) for case in part]
    assert len(ids) == len(set(ids)) == 16
    assert {case.against for case in sets.held + sets.told} == {held}
    assert not {case.against for case in sets.search} & {held}
    edits = [case.reference for case in sets.search + sets.held + sets.told if case.reference]
    assert len(edits) == 3
    test = {item.id for item in shipped("test")}
    assert not test & set(ids)


# ------------------------------------------------------------------ commands


def test_the_commands_search_show_use_and_go_back(
    searches: Searches, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEWRIGHT_SCRIPTED", "true")
    job = a_found(searches, studio, BETTER)
    run = CliRunner().invoke
    said = run(command_line, ["optimize", "--style", "Ada", "--budget", "60", "--json"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["state"] == "done"
    over = run(command_line, ["optimize", "cancel"])
    assert "nothing to cancel" in str(over.exception)
    shown = run(command_line, ["optimize", "show", job.id, "--node", "1"])
    assert shown.stdout.strip().startswith(BETTER.task)
    used = run(command_line, ["optimize", "use", job.id])
    assert "Prompt 1" in used.stderr
    listed = run(command_line, ["optimize", "status"])
    assert "prompt 1 in use" in listed.stdout
    assert json.loads(run(command_line, ["optimize", "status", "--json"]).stdout)["in_use"]["Ada"]
    back = run(command_line, ["optimize", "back", "--style", "Ada"])
    assert "The prompt that ships" in back.stderr


def test_wrong_numbers_are_wrong_usage_and_far_too_many_calls_are_capped(
    searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTEWRIGHT_SCRIPTED", "true")
    run = CliRunner().invoke
    refused = run(command_line, ["optimize", "--style", "Ada", "--budget", "0"])
    assert isinstance(refused.exception, WrongUsage)
    assert "60 calls at least" in str(refused.exception)
    missing = run(command_line, ["optimize", "--budget", "60"])
    assert isinstance(missing.exception, WrongUsage)
    monkeypatch.setattr(Searches, "work", lambda self, owner, key: self.cancel(owner, key))
    capped = run(command_line, ["optimize", "--style", "Ada", "--budget", "10000000"])
    assert "10,000,000 was capped" in capped.stderr
    assert searches.jobs(LOCAL)[0].budget == 2_000


# ------------------------------------------------------------------ what it says


def a_job(**changes: object) -> SearchJob:
    values: dict[str, object] = {
        "id": "o1-0", "owner": "me", "style": "Ada", "state": "running", "alive": True,
        "budget": 120, "way": "step", "calls": 30, "seconds": 60.0, "created_at": utc_now(),
        "updated_at": utc_now(),
    }  # fmt: skip
    return SearchJob.model_validate(values | changes)


def test_it_says_in_words_how_a_search_stands() -> None:
    assert state_words(a_job(), T).startswith("Searching: about 3 minutes left")
    assert state_words(a_job(minutes=2), T).startswith("Searching: about a minute left")
    assert state_words(a_job(alive=False), T).startswith("It was interrupted")
    assert state_words(a_job(calls=0), T) == "Starting…"
    assert state_words(a_job(wish="cancel"), T).startswith("It ends after")
    assert state_words(a_job(state="stopped"), T).startswith("Stopped.")
    assert "0.500 → 0.530" in state_words(a_job(state="done", report=REPORT), T)
    flat = REPORT.model_copy(update={"end": "flat", "best": 0})
    assert "does not move" in report_words(flat, T)
    none = REPORT.model_copy(update={"best": 0})
    assert report_words(none, T).startswith("No prompt was better")
    worse = REPORT.model_copy(update={"best_told": 0.4})
    assert "but not on texts that the search never saw" in report_words(worse, T)
    assert "30 of 120 calls" in search_view(a_job(), T)
    assert "已调用 30 次" in search_view(a_job(), ZH)


def test_the_tree_is_drawn_with_its_best_path_and_every_prompt_can_be_opened() -> None:
    drawn = tree_view(a_job(report=REPORT), a_tree(), POOL, T, opened=2)
    assert drawn.count('role="button"') == 3
    assert drawn.count('class="edge is-best"') == 1
    assert drawn.count('class="edge"') == 1
    assert "Shorten the instruction" in drawn
    assert "shade-4" in drawn
    assert "★" in drawn
    assert 'class="shades"><span>' in drawn
    alone = tree_view(a_job(), a_tree()[:1], POOL, T)
    assert 'class="shades">reward' in alone, "one score makes no scale"
    assert tree_view(a_job(), [], POOL, T) == ""


def test_a_prompt_is_read_whole_and_what_is_in_it_is_escaped() -> None:
    shown = prompt_view(a_job(), a_tree(), 1, profile("Ada"), POOL, T)
    assert "Say it &amp; be &lt;brief&gt;." in shown
    assert "reward 0.600 · held out 0.550 · after 8 calls" in shown
    assert "缩短指令" in prompt_view(a_job(), a_tree(), 1, profile("Ada"), POOL, ZH)
    assert prompt_view(a_job(), a_tree(PLAIN), 0, profile("Ada"), POOL, T).count("Today") == 1


# ------------------------------------------------------------------ the page


def test_the_page_starts_watches_reads_uses_and_goes_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "data")
    teach(bench.studio.store, bench.owner)
    pane: PromptPane = bench.page.improve.prompts
    bench.shown |= {pane.style: "Ada", pane.opened: -1, pane.told: "", pane.minutes: None}
    bench.see(pane.shown(bench.shown, EN))
    assert "The prompt that ships" in bench.shown[pane.serves]
    bench.shown[pane.budget] = 0
    assert "60 calls at least" in bench.see(pane.begin(bench.shown, EN))[pane.said]
    # An empty field arrives as 0: no limit.
    bench.shown |= {pane.budget: 60, pane.minutes: 0}
    bench.see(pane.begin(bench.shown, EN))
    until(lambda: bool(bench.see(pane.watch(bench.shown, EN))) and "/svg" in tree(bench, pane))
    job = pane.searches.jobs(bench.owner)[0]
    until(lambda: not pane.searches.job(bench.owner, job.id).at_work)
    bench.see(pane.watch(bench.shown, EN))
    bench.see(pane.pick(bench.shown, clicked("1"), EN))
    assert bench.shown[pane.opened] == 1
    bench.see(pane.take(bench.shown, EN))
    assert "Prompt 1 of a search writes this style" in bench.shown[pane.serves]
    bench.see(pane.give_back(bench.shown, EN))
    assert "The prompt that ships" in bench.shown[pane.serves]
    assert "no prompt 77" in bench.see(pane.pick(bench.shown, clicked("77"), EN))[pane.said]
    bench.studio.close()


def tree(bench: Bench, pane: PromptPane) -> str:
    return str(bench.shown.get(pane.tree, ""))
