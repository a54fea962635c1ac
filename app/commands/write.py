"""`notewright write`: one note, or many from a file."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.common import (
    OWNER,
    Json,
    RowsFailed,
    Show,
    WrongUsage,
    as_usage,
    counted,
    note,
    open_studio,
    row_progress,
    say,
    say_json,
    waiting,
)

if TYPE_CHECKING:
    from app.studio import Studio
    from engine.events import Event
    from engine.types import Note, WritingRequest

_STAGES = {
    "profile": "Reading the samples",
    "plan": "Planning",
    "moves": "Planning the style",
    "draft": "Drafting",
    "score": "Scoring",
    "critique": "Comparing the two best",
    "revise": "Revising",
}


@dataclass(frozen=True)
class Asked:
    """The options of one note, as given."""

    topic: str
    facts: tuple[str, ...]
    facts_file: Path | None
    style: str | None
    samples: tuple[Path, ...]
    language: str | None
    words: int
    drafts: int
    seed: int | None
    audience: str
    creativity: float
    adapter: str | None
    planner: str = ""
    stylist: str = ""


MoreSamples = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="More --samples.")]
Topic = Annotated[str | None, typer.Option(metavar="TEXT", help="What the note is about.")]
Facts = Annotated[
    list[str] | None, typer.Option(metavar="TEXT", help="A fact to keep; may be repeated.")
]
FactsFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file of facts, one a line.")
]
StyleName = Annotated[str | None, typer.Option(metavar="NAME", help="A saved style.")]
Samples = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE…", help="Texts in the style: .txt, .md or .docx."),
]
In = Annotated[str | None, typer.Option(metavar="en|zh", help="The style's if absent.")]
Words = Annotated[int, typer.Option(metavar="N", help="Length to aim at.")]
Drafts = Annotated[int, typer.Option(metavar="K", help="How many drafts to choose from.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Repeats a note exactly.")]
Audience = Annotated[str, typer.Option(metavar="TEXT", help="Who will read it.")]
Creativity = Annotated[float, typer.Option(metavar="0-1", help="0 plain to 1 daring.")]
AdapterId = Annotated[
    str | None,
    typer.Option(
        metavar="ID|general|none", help="The adapter to write with; the style's own if absent."
    ),
]
PlannerName = Annotated[
    str, typer.Option(metavar="X", help="What plans this note: embedded, a pulled model, a GGUF.")
]
StylistName = Annotated[str, typer.Option(metavar="Y", help="What writes it, likewise.")]
BatchFile = Annotated[
    Path | None, typer.Option(metavar="IN.jsonl", help="Write every row of a file (--style too).")
]
OutputFile = Annotated[
    Path | None, typer.Option(metavar="OUT.jsonl", help="Where --batch puts the notes.")
]


def write(
    more_samples: MoreSamples = None,
    topic: Topic = None,
    fact: Facts = None,
    facts: FactsFile = None,
    style: StyleName = None,
    samples: Samples = None,
    language: In = None,
    words: Words = 120,
    drafts: Drafts = 4,
    seed: Seed = None,
    audience: Audience = "",
    creativity: Creativity = 0.5,
    adapter: AdapterId = None,
    planner: PlannerName = "",
    stylist: StylistName = "",
    batch: BatchFile = None,
    output: OutputFile = None,
    as_json: Json = False,
) -> None:
    """Write a note in a style, or with --batch one for every row of a JSON Lines file."""
    files = (*(samples or ()), *(more_samples or ()))
    if batch is not None or output is not None:
        if planner or stylist:
            raise WrongUsage("With --batch the models are those that `notewright models use` set.")
        if any((topic, fact, facts, files, language, audience)):
            raise WrongUsage(
                "With --batch the rows say what to write; leave out --topic and so on."
            )
        _write_many(batch, output, style=style, drafts=drafts, seed=seed, adapter=adapter)
        return
    if more_samples and not samples:
        raise WrongUsage(f"What is {str(more_samples[0])!r} for? Sample files go after --samples.")
    asked = Asked(
        topic or "",
        tuple(fact or ()),
        facts,
        style,
        files,
        language,
        words,
        drafts,
        seed,
        audience,
        creativity,
        adapter,
        planner,
        stylist,
    )
    _write_one(asked, as_json=as_json)


def _write_one(asked: Asked, *, as_json: bool) -> None:
    from app.adapters import NONE
    from app.batch import written_note
    from app.modelroom import Models
    from app.present import note_json, score_words

    if (asked.style is None) == (not asked.samples):
        raise WrongUsage("Say whose style: --style NAME or --samples FILE…, one of the two.")
    with open_studio() as studio:
        saved = studio.style(OWNER, asked.style) if asked.style is not None else None
        request = _request(studio, asked, saved.language if saved else "en")
        samples = studio.read_samples(asked.samples)
        with waiting("Loading the models…") as show:
            studio.warm_up(show)
            began = time.perf_counter()
            profile = saved or studio.profile(samples, request.language)
            read_in = time.perf_counter() - began
            models = Models(asked.planner, asked.stylist)
            loaded = studio.room.models(*models)
            chosen = studio.adapters.choose(
                OWNER, profile.name, asked.adapter, host=lambda: loaded.adapters
            )
            events = studio.write(
                OWNER,
                request,
                profile,
                adapter=chosen.name or NONE,
                models=models,
                profiled_in=read_in,
            )
            made = written_note(events, _teller(show))
    if as_json:
        say_json(note_json(made))
        return
    say(made.text)
    note(f"\n{score_words(made.drafts[made.chosen].scores)}")
    _warn(made)
    note(f"Kept as {made.id}: `notewright notes show` has its plan and all its drafts.")


def _request(studio: "Studio", asked: Asked, language: str) -> "WritingRequest":
    from engine.requests import make_request

    listed = studio.read_samples([asked.facts_file]) if asked.facts_file else ()
    lines = [line for sample in listed for line in sample.text.split("\n")]
    with as_usage():
        return make_request(
            topic=asked.topic,
            facts=(*asked.facts, *lines),
            audience=asked.audience,
            words=asked.words,
            language=asked.language or language,
            drafts=asked.drafts,
            creativity=asked.creativity,
            seed=asked.seed,
        )


def _write_many(
    source: Path | None,
    target: Path | None,
    *,
    style: str | None,
    drafts: int,
    seed: int | None,
    adapter: str | None,
) -> None:
    from app.batch import BatchOptions, write_batch

    if source is None or target is None:
        raise WrongUsage("--batch IN.jsonl and --output OUT.jsonl go together.")
    with open_studio() as studio:
        saved = studio.style(OWNER, style) if style is not None else None
        options = BatchOptions(drafts=drafts, seed=seed, adapter=adapter, style=saved)
        with waiting("Loading the models…") as show:
            studio.warm_up(show)
            # A wrong id fails before the first row.
            studio.adapters.choose(OWNER, saved.name if saved else "", adapter)
        try:
            with row_progress("Writing") as tell:
                result = write_batch(studio, OWNER, source, target, options=options, tell=tell)
        except KeyboardInterrupt:
            note("Stopped. What is written stays; run the same command again to go on.")
            raise typer.Exit(1) from None
    kept = f" ({result.skipped} were there already)" if result.skipped else ""
    note(f"{counted(result.written, 'note')} written to {target}{kept}.")
    if result.failed:
        for sentence in result.failed:
            note(sentence)
        raise RowsFailed(
            f"{counted(len(result.failed), 'row')} failed; mend them and run the command again."
        )


def _teller(show: Show) -> Callable[["Event"], None]:
    """Return what turns events into the line that a person watches while they wait."""
    from engine.events import DraftWords, FellBack, StageStarted, Waiting

    def tell(event: "Event") -> None:
        if isinstance(event, Waiting):
            show(f"Waiting for {event.ahead} before you…")
        elif isinstance(event, StageStarted):
            about = f" about {event.seconds:.0f} seconds" if event.seconds else ""
            show(f"{_STAGES[event.stage]}…{about}")
        elif isinstance(event, FellBack):
            note(f"{event.used} plans in place of {event.wanted}. {event.reason}")
        elif isinstance(event, DraftWords):
            show(f"Drafting… {event.text[-60:]!r}")

    return tell


def _warn(made: "Note") -> None:
    """Say what the writer should look at: facts that are missing, objections of the gate."""
    draft = made.drafts[made.chosen]
    found = draft.scores.facts_found if draft.scores else ()
    for fact, there in zip(made.request.facts, found, strict=False):
        if not there:
            note(f"Not in the text: {fact}")
    if draft.failed:
        note(f"No draft passed every check; this one fails on: {', '.join(draft.failed)}.")
