"""A whole note through the Studio: seconds by stage, and memory over many notes.

    python -m benchmarks.note [--notes N] [--words 120]

Prints the stages of the first note (cold prefix) and of the later ones (the style's prefix is
there), time to the first plan word, and resident memory after the first note and after the last.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from app.settings import Settings
from app.studio import LOCAL, Studio
from benchmarks.common import resident_mb
from engine.events import NoteReady, PlanWords
from engine.requests import make_request
from engine.types import Note

SAMPLES = """The kettle and I have an understanding. I fill it, it complains, we get there in the
end. Guests call the noise alarming. I call it Tuesday, and pour.
---
Took the early train to Whitby. The sea was doing its usual work, which is to say arriving. I ate a
crab sandwich on the wall and was watched, throughout, by a gull of firm opinions.
---
There is a new form for reporting broken forms. I filled it in. It asked whether I was satisfied
with the form. I thought of the gull, and ticked 'somewhat'."""
FACTS = (
    "The repair cafe opens on Sunday 8 March at 11.",
    "Bring one broken thing and its cable.",
    "Nine volunteers will be there, two of whom mend clocks.",
    "Tea is free and cake costs £1.50.",
)


def one_note(studio: Studio, words: int, seed: int) -> tuple[Note, float]:
    """Write a note; return it with the seconds to the first visible plan word."""
    profile = studio.profile(studio.samples_from_text(SAMPLES), "en", name="")
    request = make_request(topic="The repair cafe", facts=FACTS, words=words, seed=seed)
    started, first_word, note = time.perf_counter(), 0.0, None
    for event in studio.write(LOCAL, request, profile):
        if isinstance(event, PlanWords) and event.text and not first_word:
            first_word = time.perf_counter() - started
        if isinstance(event, NoteReady):
            note = event.note
    if note is None:
        raise RuntimeError("no note came")
    return note, first_word


def main() -> None:
    """Run and print one JSON object."""
    options = argparse.ArgumentParser()
    options.add_argument("--notes", type=int, default=6)
    options.add_argument("--words", type=int, default=120)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio.open(Settings(data_dir=Path(folder)))
        started = time.perf_counter()
        studio.warm_up()
        loaded = time.perf_counter() - started
        runs = []
        memory = []
        for seed in range(given.notes):
            runs.append(one_note(studio, given.words, seed))
            memory.append(resident_mb())
        studio.close()
    later = [note.timings for note, _ in runs[1:]] or [runs[0][0].timings]
    stages = ("plan", "draft", "score", "critique", "first_token", "total")
    print(
        json.dumps(
            {
                "load_s": round(loaded, 2),
                "first_note": runs[0][0].timings.model_dump(),
                "later_median": {
                    s: round(statistics.median(getattr(t, s) for t in later), 2) for s in stages
                },
                "first_token_later_over_first": round(
                    statistics.median(t.first_token for t in later)
                    / runs[0][0].timings.first_token,
                    2,
                ),
                "first_plan_word_s": round(statistics.median(w for _, w in runs), 2),
                "words": [len(note.text.split()) for note, _ in runs],
                "rss_mb": {"first": memory[0], "last": memory[-1], "most": max(memory)},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
