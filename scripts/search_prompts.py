"""Measure the prompt search on invented writers: reward gained, and what the memory saves.

    python scripts/search_prompts.py --writers va-01 va-05 --budget 120 --output searches.json

The bare embedded model writes, or with `--adapter general` the model as it ships: its adapter
learned from these writers' notes, asked by the plain prompt, so the start is at its best there.
Each writer is searched cold, and each but the first again with what the writers before them taught.
Search and held-out cases are NoteBench dev items in the writer's style; the final comparison is on
notes of the writer's own that no prompt shows. There the plain sentences are the floor, and the
ceiling is what they would earn if they had the style of the writer's own text, which itself says
things of its own and so earns less. What the output holds already is not run again, and teaches the
writers that follow.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import stdev
from typing import Any

from app.searchcases import case_sets
from engine.choosing import worth
from engine.loading import LoadedModels, LoadOptions, load_models
from engine.models import general
from engine.notebench.samples import shipped
from engine.optimize.meter import MemoryLedger
from engine.optimize.reflect import Reflection
from engine.optimize.reward import WritingReward, scored
from engine.optimize.run import PromptSearch, gains
from engine.optimize.search import path
from engine.optimize.strategies import load_pool, profile_kind
from engine.optimize.types import CaseSets, Gain, SearchCase, SearchNode, SearchReport
from engine.planner import build_plan
from engine.profile.build import build_profile
from engine.prompts.recipe import PLAIN, PromptRecipe
from engine.requests import make_request
from engine.restyle import joined
from engine.scoring.scorer import NoteScorer
from engine.types import Draft, Generation, Sampling, StyleProfile, StyleSample
from finetune.voices import VoiceNote, read_voices

SHOWN = 4  # notes of a writer that prompts may show; the others are for the comparison
STEPS = 2  # sentences of a note that make a case
DRAWS = 8  # times that each of the last cases is written anew, outside the budget


def main() -> None:
    """Search, and write every tree with its report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", nargs="+", required=True)
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--adapter", choices=(general.NAME,))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "notewright")
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    models = load_models(LoadOptions(cache_dir=asked.cache, threads=asked.threads))
    if asked.adapter:
        host = models.adapters
        assert host is not None
        host.register_adapter(asked.adapter, general.general_adapter(host.base))
    rows = json.loads(asked.output.read_text("utf-8")) if asked.output.is_file() else []
    for writer in asked.writers:
        cases, span = a_writer(writer, models)
        own = [row for row in rows if row["writer"] == writer]
        before = [row for row in rows if row["run"] == "cold" and row not in own]
        taught = [gain for row in before for gain in lessons(row)]
        done = {row["run"] for row in own}
        for name, prior in (("cold", []), ("warm", taught)):
            if name in done or (name == "warm" and not taught):
                continue
            row = {"writer": writer, "run": name, **span}
            row |= searched(cases, models, prior, asked.budget, asked.adapter)
            row |= compared(found_in(row), cases, models, asked.adapter)
            rows.append(row)
            print(json.dumps({k: v for k, v in row.items() if k != "tree"}), flush=True)
            asked.output.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def lessons(row: Mapping[str, Any]) -> list[Gain]:
    """Return what a search taught."""
    return gains([SearchNode.model_validate(one) for one in row["tree"]], row["kind"], "step")


def a_writer(author: str, models: LoadedModels) -> tuple[CaseSets, dict[str, object]]:
    """Return a writer's cases, and the reward's floor and ceiling on the last of them."""
    notes = [note for note in read_voices() if note.author == author]
    shown = [StyleSample(title=note.topic, text=note.text) for note in notes[:SHOWN]]
    profile = build_profile(shown, notes[0].language, name=author)
    cases = case_sets(shipped("dev"), (), profile, ())
    scorer = NoteScorer(models.embedder)
    own = [pair for note in notes[SHOWN:] for pair in told_cases(note, profile)]
    cases = cases.model_copy(update={"told": tuple(case for case, _ in own)})
    plain = [told(case.plan.neutral_text, case, profile, scorer) for case, _ in own]
    styled = [told(text, case, profile, scorer) for case, text in own]
    return cases, {
        "kind": profile_kind(profile),
        "told": len(own),
        "floor": mean(map(worth, plain)),
        "ceiling": mean(map(worth, map(in_style_of, plain, styled))),
        "own": mean(map(worth, styled)),
    }


def told_cases(note: VoiceNote, profile: StyleProfile) -> list[tuple[SearchCase, str]]:
    """Return cases of a note's plain sentences, each with what the writer made of them."""
    found = []
    for start in range(0, len(note.pairs) - STEPS + 1, STEPS):
        pairs = note.pairs[start : start + STEPS]
        plain = joined([one for one, _ in pairs], note.language)
        styled = joined([one for _, one in pairs], note.language)
        request = make_request(
            topic=note.topic, source=plain, words=len(styled.split()), drafts=1,
            language=note.language, seed=start,
        )  # fmt: skip
        against = tuple(sample.text for sample in profile.samples)
        case = SearchCase(
            id=f"{note.id}-{start}", request=request, plan=build_plan(request, {}), against=against
        )
        found.append((case, styled))
    return found


def told(text: str, case: SearchCase, profile: StyleProfile, scorer: NoteScorer) -> Draft:
    """Return a text that no prompt wrote, with its scores."""
    made = Generation(
        text=text, model="", revision="", sampling=Sampling(), prompt_tokens=0,
        completion_tokens=0, finish="stop",
    )  # fmt: skip
    return scored(Draft(text=text, generation=made), case, profile, scorer)


def in_style_of(plain: Draft, styled: Draft) -> Draft:
    """Return the plain draft with the other's score of style, all else kept."""
    assert plain.scores is not None
    assert styled.scores is not None
    scores = plain.scores.model_copy(update={"style": styled.scores.style})
    return plain.model_copy(update={"scores": scores})


def searched(
    cases: CaseSets,
    models: LoadedModels,
    prior: list[Gain],
    budget: int,
    adapter: str | None = None,
) -> dict[str, Any]:
    """Run one search; return its figures and its tree."""
    scorer = NoteScorer(models.embedder)
    write = WritingReward(models.stylist_model, models.embedder, scorer, cases.profile, adapter)
    search = PromptSearch(
        cases, load_pool(), "step", write, Reflection(models.planner_model), MemoryLedger(),
        prior, budget,
    )  # fmt: skip
    nodes: dict[int, SearchNode] = {}
    report = None
    for found in search.run():
        if isinstance(found, SearchReport):
            report = found
        else:
            nodes[found.number] = found
            print(f"{found.number} {found.steps} {found.score:.4f} {found.held}", flush=True)
    tree = [nodes[number] for number in sorted(nodes)]
    assert report is not None
    return {
        **report.model_dump(),
        "path": path(tree, tree[report.best]),
        "tree": [node.model_dump(mode="json") for node in tree],
    }


def found_in(row: Mapping[str, Any]) -> PromptRecipe:
    """Return the prompt that a search found."""
    return SearchNode.model_validate(row["tree"][row["best"]]).recipe


def compared(
    recipe: PromptRecipe, cases: CaseSets, models: LoadedModels, adapter: str | None = None
) -> dict[str, float]:
    """Write the last cases again and again by both prompts: the rise, and its error over cases."""
    scorer = NoteScorer(models.embedder)
    write = WritingReward(models.stylist_model, models.embedder, scorer, cases.profile, adapter)

    def earned(prompt: PromptRecipe, case: SearchCase) -> float:
        drawn = [case.request.model_copy(update={"seed": 1000 + n}) for n in range(DRAWS)]
        return mean(
            write(prompt, case.model_copy(update={"request": request})).reward for request in drawn
        )

    start = [earned(PLAIN, case) for case in cases.told]
    found = start if recipe == PLAIN else [earned(recipe, case) for case in cases.told]
    rises = [after - before for before, after in zip(start, found, strict=True)]
    return {
        "start_again": mean(start),
        "found_again": mean(found),
        "rise": mean(rises),
        "rise_error": stdev(rises) / len(rises) ** 0.5,
    }


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    found = list(values)
    return sum(found) / len(found)


if __name__ == "__main__":
    main()
