#!/usr/bin/env python3
"""Is a person's feedback learned? A simulated writer with a wish that no sample shows.

    python scripts/simulate_writer.py [--wish clipped|chatty] [--method auto] [--folder DIR]

Everything goes through the command line, as a person's would. Twenty notes are written in a plain
style; the writer gives 60 of the drafts stars by a hidden measure and edits 20 texts by a hidden
rule; training runs; then both adapters write new topics on the same seeds, and the hidden measure
says which text is better. Prints the share of wins (a draw is half a win) and its interval.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from finetune.voices import VoiceNote, read_voices

TAUGHT, ASKED = 20, 24
RATED = 60
SAMPLES = (
    "The seed order came on Tuesday. There are forty packets of beans and twelve of peas, and "
    "the onion sets are to follow in March. I have put everything in the dry cupboard, because "
    "the shed is damp. It is worth checking the dates before we sow, as two of the packets are "
    "from last year.",
    "We met at the hall on Friday, and nine of us came. The roof is going to cost 4,200 pounds, "
    "and we have about half of it. Ruth will write to the council, and I am going to ask the "
    "school whether they will lend us their field in June. It does not look impossible.",
    "The new printer is in the back office, and it does not need a password. It is slow with "
    "photographs, but it is quick with letters. If it stops, you should open the left side first, "
    "because that is where the paper tends to stick. Please do not move it, as the cable is short.",
)


class Wish(NamedTuple):
    """What the writer wants and never says: a measure of a text, and how they edit one."""

    measure: Callable[[str], float]
    edit: Callable[[str], str]


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def _clipped(text: str) -> str:
    """Cut sentences where a clause begins, and leave soft words out."""
    text = re.sub(r"\b(very|really|quite|just|please|rather) ", "", text, flags=re.IGNORECASE)
    cut = re.sub(r",? (?:and|but|because|so|which) (?=\w+ \w+)|[;:] ", ". ", text)
    return " ".join(part[:1].upper() + part[1:] for part in _sentences(cut))


_SHORT = {
    r"\bit is\b": "it's", r"\bIt is\b": "It's", r"\bdo not\b": "don't", r"\bDo not\b": "Don't",
    r"\bdoes not\b": "doesn't", r"\bis not\b": "isn't", r"\bare not\b": "aren't",
    r"\bwe are\b": "we're", r"\bWe are\b": "We're", r"\bI am\b": "I'm", r"\bI have\b": "I've",
    r"\bthey are\b": "they're", r"\bcannot\b": "can't", r"\bwill not\b": "won't",
    r"\bwas not\b": "wasn't", r"\bthere is\b": "there's", r"\bThere is\b": "There's",
    r"\bdid not\b": "didn't", r"\bThey are\b": "They're", r"\bwe have\b": "we've",
}  # fmt: skip


def _chatty(text: str) -> str:
    """Use short forms, and speak up at the end of every other sentence."""
    for long, short in _SHORT.items():
        text = re.sub(long, short, text)
    said = _sentences(text)
    return " ".join(
        s[:-1] + "!" if n % 2 == 0 and s.endswith(".") else s for n, s in enumerate(said)
    )


def _words_a_sentence(text: str) -> float:
    return statistics.fmean(len(s.split()) for s in _sentences(text) or [text])


def _liveliness(text: str) -> float:
    words = max(1, len(text.split()))
    return (len(re.findall(r"\w['’]\w", text)) + text.count("!")) / words


WISHES = {
    "clipped": Wish(lambda text: -_words_a_sentence(text), _clipped),
    "chatty": Wish(_liveliness, _chatty),
}


class Writer:
    """One person at the command line, with a data directory of their own."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Name the folder and how many threads the models may take."""
        self._folder = folder
        self._environment = {
            **os.environ,
            "NOTEWRIGHT_DATA_DIR": str(folder / "data"),
            "NOTEWRIGHT_THREADS": str(threads),
        }

    def run(self, *words: str) -> str:
        """Run one command; return what it printed."""
        command = [sys.executable, "-m", "app", *words]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(words[:3])}: {done.stderr.strip()}")
        return done.stdout

    def write(self, notes: Sequence[VoiceNote], name: str, *options: str) -> list[dict]:  # type: ignore[type-arg]
        """Write notes in a batch, each from its plain text."""
        rows = [
            {"id": note.id, "topic": note.topic, "source": note.plain, "samples": list(SAMPLES)}
            for note in notes
        ]
        given = self.keep(f"{name}-in.jsonl", rows)
        made = self._folder / f"{name}-out.jsonl"
        self.run("write", "--style", "Mine", "--batch", str(given), "--output", str(made), *options)
        return [json.loads(line) for line in made.read_text(encoding="utf-8").splitlines()]

    def keep(self, name: str, rows: Sequence[object]) -> Path:
        """Write rows to a file."""
        path = self._folder / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        return path


def judged(written: Sequence[dict], wish: Wish) -> list[dict]:  # type: ignore[type-arg]
    """Return feedback: stars on 60 drafts by their place in the measure, an edit of every note."""
    drafts = [
        (row["note_id"], n, d["text"]) for row in written for n, d in enumerate(row["drafts"])
    ]
    rated = drafts[:RATED]
    order = sorted(range(len(rated)), key=lambda i: wish.measure(rated[i][2]))
    stars = {i: 1 + 5 * place // len(order) for place, i in enumerate(order)}
    found = [
        {"note_id": note, "draft": draft, "stars": stars[i]}
        for i, (note, draft, _) in enumerate(rated)
    ]
    edits = [{"note_id": row["note_id"], "edited_text": wish.edit(row["text"])} for row in written]
    return [*found, *edits]


def interval(wins: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the middle 95 % of the mean's bootstrap."""
    draw = Random(seed)
    means = sorted(statistics.fmean(draw.choices(wins, k=len(wins))) for _ in range(2000))
    return means[50], means[1949]


def main() -> None:
    """Teach, train, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wish", choices=sorted(WISHES), default="clipped")
    parser.add_argument("--method", default="auto")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="writer-"))
    folder.mkdir(parents=True, exist_ok=True)
    wish, me = WISHES[options.wish], Writer(folder, options.threads)
    notes = Random(3).sample(
        [n for n in read_voices() if len(n.plain.split()) < 90], TAUGHT + ASKED
    )
    samples = [folder / f"sample{n}.txt" for n in range(len(SAMPLES))]
    for path, text in zip(samples, SAMPLES, strict=True):
        path.write_text(text, encoding="utf-8")
    if not (folder / "feedback.jsonl").exists():
        me.run("styles", "add", "Mine", *map(str, samples))
        written = me.write(notes[:TAUGHT], "taught", "--seed", "1")
        feedback = me.keep("feedback.jsonl", judged(written, wish))
        me.run("rate", "--batch", str(feedback))
    print(me.run("train", "--style", "Mine", "--method", options.method, "--json"), flush=True)
    status = json.loads(me.run("train", "status", "--json"))
    newest = max(status["adapters"], key=lambda one: one["created_at"])["id"]
    before = me.write(notes[TAUGHT:], "before", "--seed", "2", "--adapter", "general")
    after = me.write(notes[TAUGHT:], f"after-{newest[:8]}", "--seed", "2", "--adapter", newest)
    compared(before, after, wish)


def compared(before: Sequence[dict], after: Sequence[dict], wish: Wish) -> None:  # type: ignore[type-arg]
    """Print how often the new adapter's text is better by the hidden measure."""
    wins = []
    for old, new in zip(before, after, strict=True):
        one, other = wish.measure(old["text"]), wish.measure(new["text"])
        wins.append(0.5 if one == other else float(other > one))
    low, high = interval(wins)
    print(f"wins of the new adapter: {statistics.fmean(wins):.2f} [{low:.2f}, {high:.2f}]")
    for name, rows in (("before", before), ("after", after)):
        faithful = statistics.fmean(row["scores"]["faithful"] for row in rows)
        value = statistics.fmean(wish.measure(row["text"]) for row in rows)
        print(f"{name}: measure {value:.3f}, faithful {faithful:.3f}; {rows[0]['text'][:160]!r}")


if __name__ == "__main__":
    main()
