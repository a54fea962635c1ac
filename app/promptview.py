"""A prompt search as HTML: how far it is, its tree as an SVG, one prompt to read.

Pure functions; every text of people or of a model is escaped.
"""

from collections.abc import Sequence
from html import escape

from app.i18n import Texts
from app.messages import told
from app.promptwords import (
    numbered,
    prompt_parts,
    spent_words,
    state_words,
    steps_words,
)
from app.render import people, status_line
from app.searches import best_number
from engine.optimize.search import path
from engine.optimize.strategies import Pool
from engine.optimize.types import PromptInUse, SearchJob, SearchNode
from engine.types import StyleProfile

_ROW, _INDENT, _RADIUS, _TOP = 26, 20, 7, 18
_LABEL = 300  # pixels that a label may take
_SHADES = 5


def search_view(job: SearchJob, t: Texts) -> str:
    """Return how a search stands, what it has cost, and how far it is."""
    said = told(job.message, t.language) if job.message else state_words(job, t)
    kind = "error" if job.state == "failed" else "busy" if job.at_work else "idle"
    kind = "done" if job.report and job.report.best else kind
    share = min(1.0, job.calls / job.budget)
    bar = (
        f'<progress max="1" value="{share:.3f}" aria-label="{escape(t("search.progress"))}">'
        f"{share:.0%}</progress>"
        if job.at_work
        else ""
    )
    return (
        f'<section class="job" data-state="{job.state}">{status_line(said, kind=kind)}{bar}'
        f'<p class="meta">{escape(spent_words(job, t))} · {job.created_at:%Y-%m-%d %H:%M} UTC</p>'
        f"</section>"
    )


# ------------------------------------------------------------------ the tree


def tree_view(
    job: SearchJob, nodes: Sequence[SearchNode], pool: Pool, t: Texts, *, opened: int | None = None
) -> str:
    """Return the tree: a row for each prompt, its parent above, the best path in bold lines.

    The shade of a prompt tells its score among the others, and so does the figure beside it.
    """
    if not nodes:
        return ""
    rows = _rows(nodes)
    best = set(_ancestry(nodes, best_number(job, nodes)))
    place = {number: (index, depth) for index, (number, depth) in enumerate(rows)}
    edges = "".join(_edge(node, place, bold=node.number in best) for node in nodes)
    shades = _shade(nodes)
    drawn = "".join(
        _node(nodes[number], _at(place[number]), f"shade-{shades[number]}"
              + " is-best" * (number in best) + " is-open" * (number == opened), pool, t)
        for number, _ in rows
    )  # fmt: skip
    deepest = max(depth for _, depth in rows)
    width, height = 24 + deepest * _INDENT + _LABEL, 2 * _TOP + _ROW * (len(rows) - 1)
    said, hint = escape(t("search.tree", count=len(nodes))), escape(t("search.tree_hint"))
    return (
        f'<figure class="prompt-tree"><figcaption>{hint}{_legend(nodes, t)}</figcaption>'
        f'<div class="scrolls" tabindex="0"><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-label="{said}">'
        f"{edges}{drawn}</svg></div></figure>"
    )


def _rows(nodes: Sequence[SearchNode]) -> list[tuple[int, int]]:
    """Return (number, depth) of every prompt, each after its parent, better siblings first."""
    children: dict[int | None, list[SearchNode]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node)
    found: list[tuple[int, int]] = []
    waiting = [(node, 0) for node in children.get(None, [])]
    while waiting:
        node, depth = waiting.pop()
        found.append((node.number, depth))
        below = sorted(children.get(node.number, []), key=lambda n: (n.score, -n.number))
        waiting += [(child, depth + 1) for child in below]
    return found


def _ancestry(nodes: Sequence[SearchNode], number: int) -> list[int]:
    found = [number]
    while (parent := nodes[found[-1]].parent) is not None:
        found.append(parent)
    return found


def _shade(nodes: Sequence[SearchNode]) -> dict[int, int]:
    low, high = min(n.score for n in nodes), max(n.score for n in nodes)
    span = (high - low) or 1.0
    return {n.number: round((n.score - low) / span * (_SHADES - 1)) for n in nodes}


def _at(place: tuple[int, int]) -> tuple[int, int]:
    index, depth = place
    return 12 + depth * _INDENT, _TOP + index * _ROW


def _edge(node: SearchNode, place: dict[int, tuple[int, int]], *, bold: bool) -> str:
    if node.parent is None:
        return ""
    (x, y), (left, top) = _at(place[node.number]), _at(place[node.parent])
    kind = "edge is-best" if bold else "edge"
    return f'<path class="{kind}" d="M{left} {top}V{y}H{x}"/>'


def _node(node: SearchNode, at: tuple[int, int], kinds: str, pool: Pool, t: Texts) -> str:
    x, y = at
    steps = steps_words(node.steps, pool, t)
    score = f"{node.score:.3f}" + (f" · {node.held:.3f}" if node.held is not None else "")
    said = escape(t("search.node_says", name=numbered(node, t), steps=steps, score=score))
    name = escape(_short(steps, t)) + " ★" * node.kept
    pick = f'data-pick="{node.number}"'
    return (
        f'<g class="prompt-node {kinds}" role="button" tabindex="0" {pick} aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect {pick} x="{x - 10}" y="{y - 12}" width="{_LABEL + 10}" height="24" rx="6"/>'
        f'<circle {pick} cx="{x}" cy="{y}" r="{_RADIUS}"/>'
        f'<text {pick} x="{x + 13}" y="{y + 4}">{name} <tspan>{score}</tspan></text></g>'
    )


def _short(text: str, t: Texts) -> str:
    most = 15 if t.language == "zh" else 31
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _legend(nodes: Sequence[SearchNode], t: Texts) -> str:
    low, high = min(n.score for n in nodes), max(n.score for n in nodes)
    boxes = "".join(f'<i class="shade-{shade}"></i>' for shade in range(_SHADES))
    scale = f"<span>{low:.3f}</span>{boxes}<span>{high:.3f}</span>" if low < high else ""
    return f'<span class="shades">{scale}{escape(t("search.legend"))}</span>'


# ------------------------------------------------------------------ one prompt


def prompt_view(
    job: SearchJob,
    nodes: Sequence[SearchNode],
    number: int,
    profile: StyleProfile,
    pool: Pool,
    t: Texts,
) -> str:
    """Return one prompt: how it came about, what it earned, and its words."""
    node = nodes[number]
    steps = path(nodes, node)
    named = f"<p>{escape(steps_words(steps, pool, t))}</p>" if steps else ""
    figures = [t("search.score", score=f"{node.score:.3f}")]
    figures += [t("search.held", score=f"{node.held:.3f}")] if node.held is not None else []
    figures += [t("search.after_calls", calls=node.calls)]
    opening, ending = prompt_parts(node.recipe, job, profile)
    shown = [(t("search.opening"), opening), (t("search.ending"), ending)]
    if node.recipe.shown != 1.0:
        shown.append((t("search.samples"), t("search.shown", share=f"{node.recipe.shown:.0%}")))
    if node.recipe.split:
        shown.append((t("search.asked"), t("search.split")))
    texts = "".join(
        f"<dt>{escape(name)}</dt><dd dir='auto'>{people(text)}</dd>" for name, text in shown if text
    )
    return (
        f'<section class="prompt"><h4 tabindex="-1">{escape(numbered(node, t))}</h4>'
        f'{named}<p class="meta">{escape(" · ".join(figures))}</p><dl>{texts}</dl></section>'
    )


def in_use_view(used: PromptInUse | None, t: Texts) -> str:
    """Return which prompt serves a style."""
    if used is None:
        return status_line(t("search.none_in_use"), kind="idle")
    said = t("search.in_use", number=used.node, date=f"{used.at:%Y-%m-%d %H:%M}")
    return status_line(said, kind="done")
