"""Scoring without a judge: outputs a second, which metric takes how long, and memory.

    python -m benchmarks.scoring [--outputs 1000] [--words 150] [--own-sources]

Answers to NoteBench's dev items, each made of the item's sentences with words exchanged, so that no
sentence comes twice; `--own-sources` varies the sources too, so that nothing can be remembered of
them. All of it is scored as `bench run` does it, intervals included. Then a few more outputs are
measured metric by metric: who reads a sentence first pays for it. Exit code 1 above 90 ms each.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path

from benchmarks.common import timed
from engine.loading import LoadOptions, load_embedder
from engine.notebench.metrics import Judged, metrics
from engine.notebench.report import BenchOutput, Score, make_report
from engine.notebench.samples import BenchItem, shipped
from engine.notebench.scoring import scored_by, told
from engine.protocols import Embedder
from engine.scoring.copying import copied
from engine.scoring.facts import find_facts
from engine.scoring.faithfulness import faithful
from engine.scoring.meaning import meaning
from engine.scoring.scorer import NoteScorer
from engine.scoring.slop import find_slop, load_phrases
from engine.scoring.style import style
from engine.text import count_words, sentences
from engine.types import Scores, StyleSample

TARGET_MS = 90.0
_APART = 48  # outputs that are measured metric by metric
_KILOBYTES = 1e3  # in a megabyte; Linux counts resident memory in them


@dataclass
class Answers:
    """An endless supply of items with outputs, the same for one seed."""

    words: int
    own_sources: bool
    _random: random.Random = field(default_factory=lambda: random.Random(0))
    _number: Iterator[int] = field(default_factory=count)

    def __iter__(self) -> Iterator[tuple[BenchItem, str]]:
        """Yield the dev items round and round, each time with another output."""
        for item in cycle(shipped("dev")):
            changed: dict[str, object] = {"id": f"{item.id}-{next(self._number)}"}
            if self.own_sources and item.source:
                changed["source"] = " ".join(map(self._varied, sentences(item.source)))
            yield item.model_copy(update=changed), self._output(item)

    def _output(self, item: BenchItem) -> str:
        known = sentences(" ".join((*item.reference, item.source or "", *item.samples)))
        self._random.shuffle(known)
        made: list[str] = []
        while known and count_words(" ".join(made), item.language) < self.words:
            made.append(self._varied(known.pop()))
        return " ".join(made)

    def _varied(self, sentence: str) -> str:
        """Exchange two words, or two characters where no spaces part words."""
        space = " " if " " in sentence else ""
        parts = sentence.split(" ") if space else list(sentence)
        one, other = self._random.randrange(len(parts)), self._random.randrange(len(parts))
        parts[one], parts[other] = parts[other], parts[one]
        return space.join(parts)


def whole(answers: Answers, score: Score, outputs: int) -> float:
    """Score so many outputs and make the report, as `bench run` does; return seconds for each."""
    rows = list(islice(answers, outputs))
    written = {item.id: BenchOutput(id=item.id, text=text) for item, text in rows}
    items = [item for item, _ in rows]
    done = count(1)

    def counted(item: BenchItem, text: str) -> Scores:
        scores = score(item, text)
        number = next(done)
        if number % max(1, outputs // 5) == 0:
            resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES
            print(f"{number:6} outputs scored, at most {resident:.0f} MB resident so far")
        return scores

    worked = time.process_time()
    seconds = timed(lambda: make_report("made up", "dev", items, written, {}, counted))
    worked = time.process_time() - worked
    print(
        f"{outputs / seconds:.1f} outputs a second, {1e3 * seconds / outputs:.1f} ms each "
        f"({1e3 * worked / outputs:.1f} ms of processor time)"
    )
    return seconds / outputs


def parts(embedder: Embedder) -> dict[str, Callable[[BenchItem, str], object]]:
    """Return the measures of the scorer, the one that reads first before those that profit."""
    reads: dict[str, Embedder | None] = {"en": embedder, "zh": None}

    def held(item: BenchItem, text: str) -> object:
        source = told(item)
        return faithful(text, source, reads[item.language]) if source else None

    return {
        "faithful": held,
        "meaning": lambda i, t: meaning(t, told(i) or "", i.language, embedder),
        "style": lambda i, t: style(t, i.samples, i.language),
        "copied": lambda i, t: copied(t, _titled(i), told(i) or "", i.language),
        "fact_recall": lambda i, t: find_facts(i.facts, t),
        "slop": lambda i, t: find_slop(
            t, i.language, load_phrases(i.language), samples=i.samples, told="\n".join(i.facts)
        ),
    }


def _titled(item: BenchItem) -> list[StyleSample]:
    return [StyleSample(title="sample", text=text) for text in item.samples]


def shares(answers: Answers, embedder: Embedder, outputs: int) -> None:
    """Print what each measure takes on outputs that were not seen before."""
    rows, taken = list(islice(answers, outputs)), dict[str, float]()
    for item, text in rows:
        for name, part in parts(embedder).items():
            began = time.perf_counter()
            part(item, text)
            taken[name] = taken.get(name, 0.0) + time.perf_counter() - began
        judged = Judged(item, text, Scores(signature=""))
        for metric in metrics():
            began = time.perf_counter()
            metric.measured(judged)
            spent = time.perf_counter() - began
            taken[metric.name] = taken.get(metric.name, 0.0) + spent
    total = sum(taken.values())
    for name, seconds in sorted(taken.items(), key=lambda pair: -pair[1]):
        if seconds / total >= 0.001:
            print(f"{name:18}{1e3 * seconds / outputs:8.2f} ms{seconds / total:8.1%}")


def main() -> int:
    """Score, report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--outputs", type=int, default=1000)
    options.add_argument("--words", type=int, default=150)
    options.add_argument("--own-sources", action="store_true")
    given = options.parse_args()
    embedder = load_embedder(LoadOptions(cache_dir=Path(tempfile.gettempdir())))
    answers = Answers(given.words, given.own_sources)
    score = scored_by(NoteScorer(embedder))
    for item, text in islice(answers, 2):
        score(item, text)
    each = whole(answers, score, given.outputs)
    shares(answers, embedder, min(_APART, given.outputs))
    return 0 if 1e3 * each <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
