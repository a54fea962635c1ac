"""Write the README's file map and settings table from the files and the settings themselves.

`python scripts/readme.py` rewrites the parts between their marks; `--check` only says whether they
are true, for the tests. The map's words are the first lines of the modules' own docstrings.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
# In the order in which a newcomer meets them.
FOLDERS = ("app", "engine", "storage", "finetune", "tests", "benchmarks", "scripts", "docs")
LISTED = {".py", ".md", ".toml", ".json"}
SAID = {
    "tests": "Mirrors the packages; path, architecture and documents have tests of their own",
    "tests/browser": "The page driven in a real Chromium",
    "benchmarks": "Speed and memory as ratios, side by side in one run",
    "scripts": "Set-up and generators",
    "docs": "Decisions and figures, with the failures",
    "app/static": "The page's own style sheet, script and icon",
    "app/static/i18n": "The page's words in English and Chinese",
    "engine/profile/data": "How everybody writes, counted",
    "engine/scoring/data": "What the scores are scaled with",
}
COLUMN = 30
WIDTH = 118


def tracked(folder: str) -> list[Path]:
    """Return the files of a folder that git knows or would add, in reading order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    return sorted(path for path in paths if (ROOT / path).is_file())


def about(path: Path) -> str:
    """Return what a file says of itself in its first line; empty where it says nothing."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").split("\n")[0].rstrip(".")
    if path.suffix == ".md":
        return next((line[2:] for line in text.splitlines() if line.startswith("# ")), "")
    return ""


def file_map() -> str:
    """Return the tree with a line of explanation for each file."""
    lines: list[str] = []
    for folder in FOLDERS:
        seen: set[Path] = set()
        for path in tracked(folder):
            for parent in reversed(path.parents[:-1]):
                if parent not in seen:
                    seen.add(parent)
                    lines.append(_line(parent, _about_folder(parent), end="/"))
            if _is_listed(path):
                lines.append(_line(path, about(path)))
    return "\n".join(["```", *lines, "```"])


def _is_listed(path: Path) -> bool:
    inner_test = path.parts[0] == "tests" and len(path.parts) > 2
    if path.name == "__init__.py" or inner_test:
        return False
    return path.suffix in LISTED and about(path) != ""


def _about_folder(path: Path) -> str:
    said = SAID.get(path.as_posix())
    package = path / "__init__.py"
    if said is None and (ROOT / package).is_file():
        said = about(package)
    return said or ""


def _line(path: Path, text: str, *, end: str = "") -> str:
    indent = "  " * (len(path.parts) - 1)
    line = f"{indent + path.name + end:<{COLUMN}}{text}".rstrip()
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rsplit(" ", 1)[0] + " …"


def settings_table() -> str:
    """Return every setting with its default and its sentence."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "the platform's data folder" if name == "data_dir" else _shown(default)
        rows.append(f"| `NOTEWRIGHT_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def _shown(default: object) -> str:
    if default is None or default == "":
        return "–"
    return f"`{str(default).lower()}`"


def renewed(text: str) -> str:
    """Return the README's text with its generated parts made anew."""
    for mark, part in (("map", file_map()), ("settings", settings_table())):
        found = re.search(rf"<!-- {mark}:.*? -->\n(.*?)\n<!-- /{mark} -->", text, re.DOTALL)
        if found is None:
            raise SystemExit(f"README.md has no part marked {mark!r}")
        text = text[: found.start(1)] + part + text[found.end(1) :]
    return text


def main(arguments: Sequence[str]) -> int:
    """Rewrite the README, or with --check return 1 where it is not true."""
    text = README.read_text(encoding="utf-8")
    new = renewed(text)
    if "--check" in arguments:
        if new != text:
            print("README.md is not true any more; run `make readme`.")
        return int(new != text)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
