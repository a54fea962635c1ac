"""The rules that keep the project readable, checked on every file of it."""

import ast
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import NetworkUsed

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "engine", "storage", "finetune")
FILE_LINES, FUNCTION_LINES = 400, 50

# Where anything at all may be caught, logged and told in other words: what a page runs, and what
# runs behind it.
EDGES = {
    "finetune/job.py": 1,
    "app/benchjobs.py": 1,
    "app/modeljobs.py": 1,
    "app/searches.py": 1,
    "app/tabs/desk.py": 2,
    "app/tabs/writing.py": 1,
}

# What runs in the training process alone.
TRAINERS = (
    "finetune/base.py",
    "finetune/precision.py",
    "finetune/sft.py",
    "finetune/preferences.py",
    "finetune/packing.py",
    "finetune/ranking.py",
    "finetune/watching.py",
    "finetune/train.py",
)

# Where a library of the extra `transformers` may be imported, late, by whoever set such a model.
OPTIONAL = ("engine/models/nli.py", "engine/models/sentence_transformer.py")

# In pieces, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        re.escape("".join(pieces))
        for pieces in (
            ("/wor", "k/"),
            ("/roo", "t/"),
            ("/far", "m/"),
            ("/.lib", "rary"),
            ("pypi", ".org"),
            ("files.python", "hosted"),
            ("registry.npm", "js"),
            ("download.py", "torch"),
            ("deb.deb", "ian.org"),
            ("trust_remote_code", "=True"),
        )
    )
)


def files(pattern: str = "*") -> list[Path]:
    """Return the files of the project: what git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@cache  # parsing everything takes seconds, and forty tests ask for it
def parsed() -> tuple[tuple[str, ast.AST], ...]:
    """Return every syntax node of the project's Python, with its file."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), node)
        for path in files("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def nodes(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    """Yield every syntax node of a kind in the project's Python, with its file."""
    return ((name, node) for name, node in parsed() if isinstance(node, kind))


@cache
def imported() -> tuple[tuple[str, str], ...]:
    """Return every module that is imported, with the file that imports it."""
    found: list[tuple[str, str]] = []
    for name, node in nodes((ast.Import, ast.ImportFrom)):
        if isinstance(node, ast.Import):
            found += [(name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((name, node.module))
    return tuple(found)


def locked() -> dict[str, str]:
    """Return name → version as requirements.lock has them."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = (line.split(";")[0].strip() for line in lines if not line.startswith("#"))
    return dict(pin.split("==") for pin in pins)


def declared() -> tuple[dict[str, str], dict[str, str]]:
    """Return what pyproject.toml pins for the product, and for working on it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    product, tools = project["dependencies"], project["optional-dependencies"]["dev"]
    return dict(pin.split("==") for pin in product), dict(pin.split("==") for pin in tools)


def extra(name: str) -> dict[str, str]:
    """Return what pyproject.toml pins for a part that not everybody installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(pin.split("==") for pin in project["optional-dependencies"][name])


# ------------------------------------------------------------------ imports


def test_imports_go_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_no_contract_has_exceptions() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert "ignore_imports" not in text


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("gradio", ("app/",)),
        ("typer", ("app/",)),
        ("sqlmodel", ("storage/",)),
        ("sqlalchemy", ("storage/",)),
        ("alembic", ("storage/",)),
        ("torch", ("engine/models/", *TRAINERS)),
        ("transformers", ("engine/models/", *TRAINERS)),
        ("peft", TRAINERS),
        ("trl", TRAINERS),
        ("llama_cpp", ("engine/models/",)),
        ("openai", ("engine/models/",)),
        ("sentence_transformers", ("engine/models/",)),
        ("spacy", ("engine/profile/",)),
        ("rjieba", ("engine/profile/",)),
    ],
)
def test_a_library_is_known_in_its_home_only(library: str, homes: tuple[str, ...]) -> None:
    strangers = [
        name
        for name, module in imported()
        if module.split(".")[0] == library
        and name.split("/")[0] in PACKAGES
        and not name.startswith(homes)
    ]
    assert strangers == []


def test_importing_app_loads_no_heavy_library() -> None:
    program = (
        "import sys, app, app.studio\n"
        "print({'torch', 'gradio', 'llama_cpp', 'transformers', 'spacy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------ size and shape


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in files("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        (name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for name, node in nodes((ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_nothing_is_global() -> None:
    assert [name for name, _ in nodes(ast.Global)] == []


def test_nothing_is_mocked() -> None:
    mocked = ("unittest.mock", "mock", "pytest_mock")
    assert [name for name, module in imported() if module in mocked] == []


def test_everything_is_caught_only_at_the_edges() -> None:
    caught: dict[str, int] = {}
    for name, node in nodes(ast.ExceptHandler):
        broad = isinstance(node, ast.ExceptHandler) and (
            node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
        )
        if broad:
            caught[name] = caught.get(name, 0) + 1
    assert caught == EDGES


# ------------------------------------------------------------------ what is in the files


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(path.relative_to(ROOT).as_posix(), hit) for hit in FORBIDDEN.findall(text)]
    assert found == []


def test_the_lock_holds_names_and_versions_only() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*(; python_version >= \"3\.\d+\")?")

    assert [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)] == []


def test_every_dependency_is_pinned_as_the_lock_has_it() -> None:
    product, tools = declared()

    assert product.items() | tools.items() <= locked().items()


def test_those_who_work_on_it_have_what_the_optional_parts_need() -> None:
    assert extra("transformers").items() <= declared()[1].items()


def test_the_container_gets_the_product_without_the_tools() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    above, below = (
        {line.split("==")[0] for line in part.splitlines() if not line.startswith("#")}
        for part in text.split("\n# tools for working on Notewright\n")
    )

    assert declared()[0].keys() <= above
    assert {"pytest", "ruff", "mypy", "sentence-transformers"} <= below
    assert above & below == set()


def test_everything_imported_is_declared() -> None:
    product, tools = declared()
    homes = packages_distributions()
    own = {*PACKAGES, "tests", "benchmarks", "scripts"}
    missing = []
    for name, module in imported():
        top = module.split(".")[0]
        if top in own or top in sys.stdlib_module_names:
            continue
        names = {home.lower().replace("_", "-") for home in homes.get(top, [top])}
        allowed = product if name.split("/")[0] in PACKAGES else product | tools
        allowed = allowed | extra("transformers") if name in OPTIONAL else allowed
        if not names & allowed.keys():
            missing.append((name, top))
    assert missing == []


def test_set_up_installs_what_this_environment_has() -> None:
    from importlib.metadata import version

    product, tools = declared()
    pins = product | tools
    assert {name: version(name).split("+")[0] for name in pins} == pins


# ------------------------------------------------------------------ the tests themselves


def test_a_test_cannot_leave_this_machine() -> None:
    with pytest.raises(NetworkUsed):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(NetworkUsed):
        urlopen("http://example.invalid/")
