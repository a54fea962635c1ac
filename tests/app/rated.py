"""Reports and notes that can be voted on, in a studio of a test."""

from pathlib import Path

from app.studio import LOCAL, Studio
from engine.notebench.report import BenchReport
from engine.notebench.run import save_report
from engine.types import Note, Scores
from tests.app.bench_command import save
from tests.builders import draft, note, profile
from tests.engine.notebench.made import items, report

PLAIN = [f"The report of morning {n} is as follows." for n in range(6)]
LIVELY = [f"Fog, again, on morning {n}! I like fog." for n in range(6)]
STRANGE = [f"Qua qua {n}, qua." for n in range(6)]


def put_report(
    data_dir: Path, name: str, texts: list[str], *, folder: str = "bench"
) -> BenchReport:
    """Put a system's report with its items where the page looks for them."""
    place = data_dir / folder
    place.mkdir(parents=True, exist_ok=True)
    save(place / "items.jsonl", list(items(len(texts))))
    made = report(texts, name)
    save_report(made, place / f"{name}.json")
    return made


def put_note(studio: Studio, owner: str = LOCAL, *, topic: str = "The harbour") -> Note:
    """Store a note of three drafts, two of them alike."""
    style = profile("Ada")
    texts = {"It was a day.": 0.2, "Honestly, the tide! It came.": 0.9, "It was a day. ": 0.2}
    drafts = tuple(
        draft(text, scores=Scores(style=style, signature="s")) for text, style in texts.items()
    )
    made = note(style, topic=topic, drafts=drafts)
    studio.store.save_profile(owner, style)
    studio.store.save_note(owner, made)
    return made
