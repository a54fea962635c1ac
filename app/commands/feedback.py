"""`notewright rate`: stars, thumbs, a choice, an edit, tags; one note or a file of them."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.commands.common import (
    OWNER,
    Json,
    WrongUsage,
    as_usage,
    counted,
    open_studio,
    say,
    say_json,
)


def rate(
    note_id: Annotated[str | None, typer.Argument(metavar="NOTE", help="The note's id.")] = None,
    stars: Annotated[int | None, typer.Option(metavar="1-5", help="How good it is.")] = None,
    thumb: Annotated[
        Literal["up", "down"] | None, typer.Option(metavar="up|down", help="Good or not.")
    ] = None,
    choose: Annotated[
        int | None, typer.Option(metavar="DRAFT", help="The draft you prefer, from 0.")
    ] = None,
    edit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The note as you would have it.")
    ] = None,
    draft: Annotated[
        int | None, typer.Option(metavar="N", help="Which draft; the chosen one if absent.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="A tag; may be repeated.")
    ] = None,
    batch: Annotated[
        Path | None, typer.Option(metavar="FEEDBACK.jsonl", help="A file of feedback instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what you think of a note; nothing said before is lost."""
    kinds = {"stars": stars, "thumb": thumb, "choose": choose, "edited_text": edit}
    given = {name: value for name, value in kinds.items() if value is not None}
    if batch is not None:
        if note_id or given or tag or draft is not None:
            raise WrongUsage("With --batch the file says everything; leave the rest out.")
        _rate_many(batch)
        return
    if note_id is None or len(given) > 1 or not (given or tag):
        raise WrongUsage(
            "Name a NOTE and give one of --stars, --thumb, --choose and --edit, or --tag."
        )
    acts: list[dict[str, Any]] = [given] if given else []
    _rate_one(note_id, draft, [*acts, *({"tag": word} for word in tag or ())], as_json=as_json)


def _rate_one(
    note_id: str, draft: int | None, acts: list[dict[str, Any]], *, as_json: bool
) -> None:
    with open_studio() as studio:
        for act in acts:
            if isinstance(act.get("edited_text"), Path):
                act["edited_text"] = studio.read_samples([act["edited_text"]])[0].text
        with as_usage():
            said = [studio.rate(OWNER, note_id, draft=draft, **act) for act in acts]
    if as_json:
        say_json([one.model_dump(mode="json") for one in said])
    else:
        say("Noted: " + ", ".join(one.kind for one in said) + ".")


def _rate_many(source: Path) -> None:
    from app.batch import rate_batch

    with open_studio() as studio:
        count = rate_batch(studio, OWNER, source)
    say(f"{counted(count, 'act')} of feedback noted.")
