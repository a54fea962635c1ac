"""`notewright styles`: add, extend, list, show, edit, rename, consent, remove and restore."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from app.commands.common import (
    OWNER,
    Json,
    WrongUsage,
    counted,
    new_group,
    open_studio,
    say,
    say_json,
)
from app.commands.consent import Allowed, keep_word, tell_overdue

if TYPE_CHECKING:
    from engine.types import Language, StyleProfile, StyleSample

commands = new_group("Keep the styles that notes are written in.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The style's name.")]
Sample = Annotated[
    str, typer.Argument(metavar="SAMPLE", help="A sample's number or id, as `show` lists them.")
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help=".txt, .md or .docx files.")]


@commands.command("add")
def add_style(
    name: Name,
    files: Files,
    language: Annotated[
        str | None, typer.Option(metavar="en|zh", help="Found from the text.")
    ] = None,
) -> None:
    """Make a style from samples of somebody's writing."""
    with open_studio() as studio:
        samples = studio.read_samples(files)
        text = "\n".join(sample.text for sample in samples)
        profile = studio.add_style(OWNER, name, samples, _language(language, text))
    say(f"Style {profile.name!r} added from {counted(len(samples), 'sample')}.")
    if profile.confidence == "low":
        say("That is little to go by: a few more texts make a surer style (styles extend).")


@commands.command("extend")
def extend_style(name: Name, files: Files) -> None:
    """Add samples to a style: a new version; notes keep the one they were written in."""
    with open_studio() as studio:
        profile = studio.add_samples(OWNER, name, studio.read_samples(files))
    held = counted(len(profile.samples), "sample")
    say(f"Style {name!r} has {held} now (version {profile.version}).")


@commands.command("list")
def list_styles(as_json: Json = False) -> None:
    """List the styles by name."""
    with open_studio() as studio:
        rows = studio.styles(OWNER)
    if as_json:
        say_json([{**vars(row), "updated_at": row.updated_at.isoformat()} for row in rows])
        return
    for row in rows:
        held = f"{counted(row.samples, 'sample')}  {counted(row.notes, 'note')}"
        say(f"{row.name}  {row.language}  {held}")
    if not rows:
        say("No styles yet. `notewright styles add NAME FILE…` makes one.")


@commands.command("show")
def show_style(
    name: Name,
    version: Annotated[int | None, typer.Option(metavar="N", help="The newest if absent.")] = None,
    as_json: Json = False,
) -> None:
    """Show what was found in a style's samples: words, habits, sentences."""
    with open_studio() as studio:
        profile = studio.style(OWNER, name, version)
        refused = studio.store.refused(OWNER)
    if as_json:
        samples = [
            {"id": each.id, **each.model_dump(mode="json"), "consent": each.id not in refused}
            for each in profile.samples
        ]
        # What is empty is left out of the dump, as it makes no difference to a profile's address.
        say_json(dict(profile) | profile.model_dump(mode="json") | {"samples": samples})
    else:
        _show(profile)
        for number, each in enumerate(profile.samples, 1):
            word = "  (kept out of training)" if each.id in refused else ""
            say(f"Sample {number}: {each.title}{word}")


@commands.command("edit")
def edit_style(
    name: Name,
    guidance: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A sentence of your own.")
    ] = None,
    add_word: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="A word to use.")
    ] = None,
    add_tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="What sentences should do: humour …")
    ] = None,
    strike: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A word, habit, rule or tag to leave out."),
    ] = None,
    never: Annotated[
        list[str] | None, typer.Option(metavar="PHRASE", help="A word or phrase never to write.")
    ] = None,
    allow: Annotated[list[str] | None, typer.Option(metavar="PHRASE", help="Undo --never.")] = None,
    unstrike: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Undo --strike.")
    ] = None,
) -> None:
    """Change what was found: a new version."""
    from app.studio import ProfileEdits

    with open_studio() as studio:
        old = studio.style(OWNER, name)
        struck = {*old.struck, *(strike or ())} - set(unstrike or ())
        words = (*old.added_words, *(add_word or ()))
        said = old.guidance if guidance is None else guidance
        tags = (*old.added_tags, *(add_tag or ()))
        banned = tuple(p for p in (*old.never, *(never or ())) if p not in (allow or ()))
        edits = ProfileEdits(tuple(sorted(struck)), words, said, tags, banned)
        new = studio.edit_style(OWNER, name, edits)
    say("Nothing to change." if new == old else f"Style {name!r} is at version {new.version} now.")


@commands.command("rename")
def rename_style(
    name: Name, new_name: Annotated[str, typer.Argument(metavar="NEW", help="The new name.")]
) -> None:
    """Rename a style; its notes follow."""
    with open_studio() as studio:
        studio.rename_style(OWNER, name, new_name)
    say(f"{name!r} is called {new_name!r} now.")


@commands.command("consent")
def consent_to_sample(name: Name, sample: Sample, allowed: Allowed, as_json: Json = False) -> None:
    """Say whether training may learn from a sample; it may by default."""
    with open_studio() as studio:
        about = _sample(studio.style(OWNER, name), sample).id
        keep_word(studio, about, allowed=allowed, as_json=as_json)


@commands.command("remove")
def remove_style(
    name: Name,
    sample: Annotated[
        str | None,
        typer.Argument(metavar="[SAMPLE]", help="Only this sample: its number or id."),
    ] = None,
) -> None:
    """Hide a style, or take a sample out of it; `restore` brings either back, notes stay."""
    with open_studio() as studio:
        profile = studio.style(OWNER, name)
        gone = profile.samples if sample is None else (_sample(profile, sample),)
        if sample is None:
            studio.delete_style(OWNER, name)
        else:
            studio.remove_sample(OWNER, name, gone[0].id)
        back = shlex.join([name] if sample is None else [name, gone[0].id])
        say(f"Removed. `notewright styles restore {back}` brings it back.")
        tell_overdue(studio, [each.id for each in gone])


@commands.command("restore")
def restore_style(
    name: Name,
    sample: Annotated[
        str | None, typer.Argument(metavar="[SAMPLE]", help="A sample that was taken out: its id.")
    ] = None,
) -> None:
    """Bring back a removed style, or a sample that was taken out of it."""
    with open_studio() as studio:
        if sample is None:
            studio.restore_style(OWNER, name)
        else:
            studio.restore_sample(OWNER, name, sample)
    say(f"Style {name!r} is back." if sample is None else "The sample is back.")


def _sample(profile: "StyleProfile", wanted: str) -> "StyleSample":
    """Return a sample by its number from 1, or by its id."""
    numbered = {str(number): each for number, each in enumerate(profile.samples, 1)}
    found = {each.id: each for each in profile.samples} | numbered
    if wanted not in found:
        raise WrongUsage(
            f"There is no sample {wanted!r} in {profile.name!r}; give a number from 1 to "
            f"{len(numbered)}, or an id."
        )
    return found[wanted]


def _language(asked: str | None, text: str) -> "Language":
    from engine.text import guess_language

    if asked not in (None, "en", "zh"):
        raise WrongUsage(f"The language {asked!r} is not known; choose en or zh.")
    return cast("Language | None", asked) or guess_language(text) or "en"


def _show(profile: "StyleProfile") -> None:
    shape = profile.shape
    say(f"{profile.name} · version {profile.version} · {profile.language}")
    say(f"{counted(len(profile.samples), 'sample')}, about {shape.text_words:.0f} words each")
    say(f"Sentences: {shape.sentence_mean:.1f} words, give or take {shape.sentence_spread:.1f}")
    say(f"Paragraphs: {shape.paragraph_sentences:.1f} sentences")
    say(f"Words: {', '.join(profile.active_words) or 'none stand out'}")
    for habit in profile.active_habits:
        compared = f"{habit.rate:.1f} in 100 words, others {habit.reference_rate:.1f}"
        say(f"Habit: {habit.name} {habit.mark} ({compared})")
    for rule in profile.active_rules:
        say(f"Built: {rule.name} ({rule.count} times, {rule.ratio:.1f} times the usual)")
    for tag in profile.active_tags:
        compared = f"{tag.rate:.0%} of the sentences, others {tag.reference_rate:.0%}"
        say(f"Does: {tag.key} ({compared})")
    for tag_name in profile.added_tags:
        say(f"Does: {tag_name} (added by you)")
    if profile.guidance:
        say(f"Guidance: {profile.guidance}")
    if profile.never:
        say(f"Never: {', '.join(profile.never[:20])}{' …' if len(profile.never) > 20 else ''}")
    if profile.struck:
        say(f"Struck out: {', '.join(profile.struck)}")
