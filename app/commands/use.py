"""`notewright models use`: which model plans and which one writes."""

from typing import Annotated

import typer

from app.commands.common import WrongUsage, as_usage, note, open_studio, say

_CHOICE = "embedded, a pulled model's name, a GGUF file, a folder, or a server's address."


def use(
    planner: Annotated[str, typer.Option(metavar="X", help=f"What plans: {_CHOICE}")] = "",
    stylist: Annotated[str, typer.Option(metavar="Y", help=f"What writes: {_CHOICE}")] = "",
    planner_model: Annotated[
        str, typer.Option(metavar="NAME", help="The planner's name at its server.")
    ] = "",
    stylist_model: Annotated[
        str, typer.Option(metavar="NAME", help="The stylist's name at its server.")
    ] = "",
    planner_key_file: Annotated[
        str, typer.Option(metavar="FILE", help="The file with the planner's server's key.")
    ] = "",
    stylist_key_file: Annotated[
        str, typer.Option(metavar="FILE", help="The file with the stylist's server's key.")
    ] = "",
) -> None:
    """Choose the models; kept in settings.toml. A page that is running must be started again."""
    from app.choices import Changes, changes_for, in_force

    if not (planner or stylist):
        raise WrongUsage("Say which: --planner X, --stylist Y, or both.")
    _check_server("planner", planner, planner_model, planner_key_file)
    _check_server("stylist", stylist, stylist_model, stylist_key_file)
    with open_studio() as studio:
        changes: Changes = {}
        with as_usage():
            if planner:
                changes |= changes_for(
                    studio.settings,
                    "planner",
                    planner,
                    model=planner_model,
                    key_file=planner_key_file,
                )
            if stylist:
                changes |= changes_for(
                    studio.settings,
                    "stylist",
                    stylist,
                    model=stylist_model,
                    key_file=stylist_key_file,
                )
            studio.use(changes)
        for line in in_force(studio.settings):
            say(line)
    note("`notewright doctor` tries them.")


def _check_server(role: str, choice: str, *given: str) -> None:
    """Refuse what would be left out in silence."""
    if any(given) and not choice.startswith(("http://", "https://")):
        raise WrongUsage(
            f"--{role}-model and --{role}-key-file go with the address of a server in --{role}."
        )
