"""Every sentence that the source raises, as templates: what is filled in stands as {0}, {1} …"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "storage", "finetune", "app")

# What only a terminal shows: commands, batches of rows, and a server that cannot begin to serve.
TERMINAL = ("app/commands/", "app/batch.py", "app/scorebatch.py", "app/settings.py",
            "app/server.py", "app/logins.py", "app/trainrows.py")  # fmt: skip
ERRORS = {"NotewrightError"}


@cache
def raised() -> dict[str, str]:
    """Return template → place, for all that a page can show."""
    trees = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    kinds = _error_names(list(trees.values()))
    found: dict[str, str] = {}
    for name, tree in trees.items():
        if name.startswith(TERMINAL):
            continue
        for scope, call in _raises(tree, kinds):
            texts = list(_templates(call.args[0], scope, tree))
            for text in texts or [ast.unparse(call)]:
                found.setdefault(text, f"{name}:{call.lineno}")
    return found


def _error_names(trees: list[ast.Module]) -> set[str]:
    """Return the names of NotewrightError and of all classes below it."""
    known = set(ERRORS)
    while True:
        below = {
            node.name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
        }
        if below <= known:
            return known
        known |= below


def _raises(tree: ast.Module, kinds: set[str]) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Yield each error that is made with a message, with the function it is made in."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    scopes = [n for n in ast.walk(tree) if isinstance(n, functions)]
    for scope in scopes:
        for node in ast.walk(scope):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in kinds
                and node.args
            ):
                yield scope, node


def _templates(node: ast.expr, scope: ast.AST, tree: ast.Module) -> Iterator[str]:
    """Yield what an expression may say; nothing for what is no text of ours."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield _joined(node)
    elif isinstance(node, ast.IfExp):
        yield from _templates(node.body, scope, tree)
        yield from _templates(node.orelse, scope, tree)
    elif isinstance(node, ast.Name):
        for value in _assigned(node.id, scope):
            yield from _templates(value, scope, tree)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for made, value in _returned(node.func.id, tree):
            yield from _templates(value, made, tree)


def _assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            yield node.value


def _returned(name: str, tree: ast.Module) -> Iterator[tuple[ast.AST, ast.expr]]:
    for made in tree.body:
        if isinstance(made, ast.FunctionDef) and made.name == name:
            for end in ast.walk(made):
                if isinstance(end, ast.Return) and end.value is not None:
                    yield made, end.value


def _joined(node: ast.JoinedStr) -> str:
    text, number = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text += f"{{{number}}}"
            number += 1
    return text
