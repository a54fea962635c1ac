"""What the documents say is true: the map, the settings, the commands, the code in them."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from app.cli import app as command_line
from app.examples import example
from app.settings import Settings
from tests.browser.served import Served, served

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code(language: str, holding: str = "") -> list[str]:
    """Return the README's code blocks in a language, those with some words in them."""
    return [body for name, body in FENCE.findall(README) if name == language and holding in body]


def commands(group: Any = None, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], set[str]]:
    """Return every command with its options, from the command line itself."""
    group = group or typer.main.get_command(command_line)
    found: dict[tuple[str, ...], set[str]] = {}
    for name, command in group.commands.items():
        group_only = hasattr(command, "commands") and not command.invoke_without_command
        if hasattr(command, "commands"):
            found |= commands(command, (*path, name))
        if not group_only:
            options = {
                flag for each in command.params for flag in (*each.opts, *each.secondary_opts)
            }
            found[(*path, name)] = options | {"--help"}
    return found


def written_commands() -> Iterator[list[str]]:
    """Yield the words of every `notewright …` in the documents, less the word itself."""
    lines = [line for body in code("sh") for line in body.splitlines()]
    lines += re.findall(r"`(notewright [a-z][^`]*)`", FENCE.sub("", README))
    for line in lines:
        if line.startswith("notewright "):
            yield shlex.split(line, comments=True)[1:]


def test_the_map_and_the_settings_table_are_what_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/readme.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_the_product_is_in_the_map() -> None:
    body = README.split("<!-- map:")[1].split("<!-- /map -->")[0]
    mapped = re.findall(r"^ *([\w.]+\.py)\b", body, re.MULTILINE)
    there = [
        path.name
        for package in ("app", "engine", "storage", "finetune")
        for path in (ROOT / package).glob("**/*.py")
        if path.name != "__init__.py"
    ]
    assert sorted(set(there) - set(mapped)) == []


def test_every_setting_is_in_the_table_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        row = re.search(
            rf"^\| `NOTEWRIGHT_{name.upper()}` \| (.*?) \| (.*) \|$", README, re.MULTILINE
        )
        assert row is not None, name
        assert row[2] == field.description
        if name != "data_dir" and field.get_default() not in (None, ""):
            assert row[1] == f"`{str(field.get_default()).lower()}`"


def test_every_setting_named_anywhere_exists() -> None:
    known = {f"NOTEWRIGHT_{name.upper()}" for name in Settings.model_fields}
    for document in (*DOCUMENTS, ROOT / "Dockerfile"):
        named = set(re.findall(r"NOTEWRIGHT_[A-Z]+(?:_[A-Z]+)*", document.read_text("utf-8")))
        strange = {n for n in named - known if not n.startswith("NOTEWRIGHT_TEST_")}
        assert strange == set(), document.name


def test_every_command_in_the_readme_exists_with_its_options() -> None:
    known = commands()
    written = list(written_commands())
    assert len(written) > 20
    for words in written:
        path = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
        if words[0].startswith("--"):
            continue
        assert path in known, words
        options = {word for word in words if word.startswith("--")}
        assert options <= known[path], words


def test_every_command_is_in_the_readme() -> None:
    written = [tuple(words[:2]) for words in written_commands()]
    shown = {words for words in written} | {words[:1] for words in written}
    assert [path for path in commands() if path not in shown] == []


def test_the_changelog_is_headed_by_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[0] == project["version"]


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        named = set(re.findall(r"`make (\w+)`|^    make (\w+)", text, re.MULTILINE))
        assert {first or second for first, second in named} <= targets, document.name


def test_every_link_leads_somewhere() -> None:
    for document in DOCUMENTS:
        text = FENCE.sub("", document.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_front_matter_makes_a_space() -> None:
    front = dict(line.split(": ", 1) for line in README.split("---\n")[1].strip().splitlines())

    assert {"title", "emoji", "colorFrom", "colorTo", "license"} <= front.keys()
    assert (front["sdk"], front["app_port"]) == (
        "docker",
        str(Settings.model_fields["port"].default),
    )
    assert len(front["short_description"]) <= 60


# ------------------------------------------------------------------ the code in the README


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("docs") / "data") as running:
        yield running


def at(app: Served, text: str) -> str:
    """Return code that talks to the running application instead of the default address."""
    assert "http://127.0.0.1:7860/" in text or 'http://127.0.0.1:7860"' in text
    return text.replace("http://127.0.0.1:7860", app.url.rstrip("/"))


def test_the_python_example_runs_and_finds_its_note(app: Served) -> None:
    [example_code] = code("python")
    done = subprocess.run(
        [sys.executable, "-c", at(app, example_code)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "1 notes found" in done.stdout
    assert "Gates open at 10" in done.stdout


def test_the_curl_example_runs_and_ends_with_a_note(app: Served) -> None:
    [example_code] = code("sh", "curl")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", at(app, example_code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "event: complete" in done.stdout
    assert '"note_id": "n1-' in done.stdout


def test_the_example_style_that_the_readme_names_ships() -> None:
    assert example("aunt-rosalind").topic
