"""Library search over many notes: p50 and p95 by kind of query.

    python -m benchmarks.search [--notes 100000] [--rounds 20] [--keep FILE]

Builds a database of generated notes in a temporary folder (about five minutes and 1.5 GB for
100,000), then searches it through `Store.search`, as the page does, on a store opened anew for each
round. Exit code 1 where the 95th percentile of some kind is above 100 ms.
"""

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.types import Language, Note
from storage import notes
from storage.database import Database
from storage.search import SqliteIndex
from storage.store import Store
from tests.builders import draft, note, profile, stars

TARGET_MS = 100.0
OWNER = "writer"
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000)]


class Vocabulary:
    """Made-up words, the n-th as frequent as 1/n: how words fall in real text (Zipf)."""

    def __init__(self, seed: int, *, size: int = 30_000) -> None:
        """Make `size` English-like words and as many two-character Chinese ones."""
        self._random = random.Random(seed)
        self.en = self._distinct(self._latin, size)
        self.zh = self._distinct(lambda: "".join(self._random.choices(_HAN, k=2)), size)
        self._weights = list(itertools.accumulate(1 / (n + 1) for n in range(size)))

    def text(self, language: Language, count: int) -> str:
        """Return `count` words as text, with a full stop now and then."""
        words = self._random.choices(
            self.en if language == "en" else self.zh, cum_weights=self._weights, k=count
        )
        space, stop = (" ", ". ") if language == "en" else ("", "。")
        rows = [space.join(words[i : i + 12]) for i in range(0, count, 12)]
        return stop.join(rows) + stop.strip()

    def chance(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def pick(self, first: int, last: int) -> int:
        """Return the rank of a word in [first, last)."""
        return self._random.randrange(first, last)

    def _latin(self) -> str:
        return "".join(self._random.choices(_LETTERS, k=self._random.randint(2, 9)))

    def _distinct(self, make: Callable[[], str], size: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < size:
            found[make()] = None
        return list(found)


@dataclass(frozen=True)
class Ask:
    """A search of one kind."""

    kind: str
    query: str = ""
    filters: dict[str, object] = field(default_factory=dict)


def generated(vocabulary: Vocabulary, count: int) -> Iterator[Note]:
    """Yield notes over three years in thirty styles, one in five in Chinese."""
    styles = [profile(f"Style {n}", language="zh" if n % 5 == 4 else "en") for n in range(30)]
    begin, step = datetime(2023, 1, 1, tzinfo=UTC), timedelta(days=3 * 365) / count
    for i in range(count):
        style = styles[int(30 * vocabulary.chance() ** 2)]
        texts = [vocabulary.text(style.language, 120) for _ in range(4)]
        facts = [vocabulary.text(style.language, 8) for _ in range(3)]
        yield note(
            style,
            topic=vocabulary.text(style.language, 5),
            text=texts[0],
            facts=facts,
            drafts=tuple(draft(text) for text in texts),
            created_at=begin + i * step,
        )


def build(url: str, vocabulary: Vocabulary, count: int) -> None:
    """Fill a database; a thousand notes a transaction, through the code that saves one."""
    with closing(Store.open(url)) as store:
        for n in range(30):
            store.save_profile(OWNER, profile(f"Style {n}", language="zh" if n % 5 == 4 else "en"))
    database, index = Database(url), SqliteIndex()
    source = generated(vocabulary, count)
    for done in range(0, count, 1_000):
        with database.write() as session:
            for each in itertools.islice(source, 1_000):
                notes.save(session, index, OWNER, each)
                if vocabulary.chance() < 0.3:
                    rating = stars(each, 1 + int(5 * vocabulary.chance()))
                    notes.add_feedback(session, index, OWNER, rating)
        if sys.stderr.isatty():
            print(f"\r{done + 1_000:,} notes", end="", file=sys.stderr)
    database.close()


def asked(words: Vocabulary) -> Iterator[Ask]:
    """Yield one search of each kind, with other words each time."""
    common, rare = words.en[words.pick(0, 30)], words.en[words.pick(5_000, 30_000)]
    middle, han = words.en[words.pick(100, 2_000)], words.zh[words.pick(0, 200)]
    letter = _LETTERS[words.pick(0, 20)]
    narrow: dict[str, object] = {"style": f"Style {words.pick(20, 29)}", "min_stars": 5}
    yield Ask("no query")
    yield Ask("no query, filters", filters=narrow)
    yield Ask("one letter", letter)
    yield Ask("one letter, filters", letter, narrow | {"language": "en"})
    yield Ask("two letters", middle[:2])
    yield Ask("three letters", middle[:3])
    yield Ask("common word", f"{common} ")
    yield Ask("common word, filters", f"{common} ", narrow)
    yield Ask("rare word", rare)
    yield Ask("middling word", f"{middle} ")
    yield Ask("two common words", f"{common} {words.en[words.pick(0, 30)]} ")
    yield Ask("common and rare", f"{common} {rare}")
    yield Ask("words in a row", f"{common}-{words.en[words.pick(0, 30)]}")
    yield Ask("word, then a letter", f"{middle} {letter}")
    yield Ask("Chinese, one character", han[0])
    yield Ask("Chinese, a word", han)
    yield Ask("Chinese, four characters", han + words.zh[words.pick(0, 50)])
    yield Ask("Chinese, filters", han, narrow | {"language": "zh"})
    yield Ask("no such word", "zzzzzzzzzzq")
    yield Ask("deep page", filters={"offset": 900})


def measure(url: str, words: Vocabulary, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each search, by kind."""
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        with closing(Store.open(url)) as store:
            for ask in asked(words):
                begin = time.perf_counter()
                store.search(OWNER, ask.query, **ask.filters)  # type: ignore[arg-type]
                taken = (time.perf_counter() - begin) * 1_000
                times.setdefault(ask.kind, []).append(taken)
    return times


def report(times: dict[str, list[float]]) -> bool:
    """Print p50 and p95 by kind; return whether every kind meets the target."""
    print(f"{'kind':28}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}")
    everything = list(itertools.chain.from_iterable(times.values()))
    for kind, taken in [*times.items(), ("all", everything)]:
        print(
            f"{kind:28}{_percentile(taken, 50):9.1f}{_percentile(taken, 95):9.1f}{max(taken):9.1f}"
        )
    return all(_percentile(taken, 95) <= TARGET_MS for taken in times.values())


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> int:
    """Build, measure, report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--notes", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--keep", type=Path, help="a database to make, or to use again")
    given = options.parse_args()
    words = Vocabulary(7)
    with tempfile.TemporaryDirectory() as folder:
        file = given.keep or Path(folder) / "notewright.db"
        url = f"sqlite:///{file.absolute()}"
        if not file.exists():
            begin = time.perf_counter()
            build(url, words, given.notes)
            took, size = time.perf_counter() - begin, file.stat().st_size / 1e6
            print(f"{given.notes:,} notes made in {took:.0f} s, {size:,.0f} MB")
        return 0 if report(measure(url, words, given.rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
