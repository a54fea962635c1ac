"""A scored text as HTML: the marks in it, and every score in words."""

from dataclasses import dataclass
from html import escape

from app.i18n import Texts
from app.render import band, marked_text
from app.scoretext import ScoredText
from app.why import percent, slop_word, why_style


@dataclass(frozen=True)
class Line:
    """One score: its name, a word, a number, how good it is, and what it says."""

    name: str
    word: str
    number: str
    level: str
    about: str


def scored_view(scored: ScoredText, t: Texts) -> str:
    """Return the text with its marks, what they mean, and every score explained."""
    language = scored.asked.language
    body = marked_text(scored.text, scored.scores.spans, t)
    rows = "".join(_row(line) for line in lines(scored, t))
    why = why_style(scored.reading, t) if scored.reading else ""
    return (
        f'<div class="scored"><article class="card"><header><h3>{escape(t("scoring.result"))}</h3>'
        f'</header><div class="prose-text" dir="auto" lang="{language}">{body}</div>'
        f"{_marks(scored, t)}</article>"
        f'<article class="card"><ul class="explained">{rows}</ul>{why}</article></div>'
    )


def _row(line: Line) -> str:
    return (
        f'<li class="is-{line.level}"><b>{escape(line.name)}</b>'
        f'<span class="score-word">{escape(line.word)}</span>'
        f'<span class="score-number">{escape(line.number)}</span>'
        f"<p>{escape(line.about)}</p></li>"
    )


def _marks(scored: ScoredText, t: Texts) -> str:
    """Return each marked place with its reason, so that it can be read without a mouse."""
    seen = dict.fromkeys(
        (s.kind, scored.text[s.start : s.end], s.note) for s in scored.scores.spans
    )
    if not seen:
        return f'<p class="hint">{escape(t("scoring.no_marks"))}</p>'
    items = "".join(
        f'<li><mark class="m-{kind}">{escape(text)}</mark> '
        f"{escape(t(f'mark.{kind}'))}{escape(f': {note}' if note else '')}</li>"
        for kind, text, note in seen
    )
    said = escape(t("scoring.marks"))
    return f'<details class="marks" open><summary>{said}</summary><ul>{items}</ul></details>'


def lines(scored: ScoredText, t: Texts) -> list[Line]:
    """Return every score in words; one that was not measured says what it needs."""
    return [
        _style(scored, t),
        _banded("meaning", scored.scores.meaning, "source", t("scoring.meaning"), scored, t),
        _banded("faithful", scored.scores.faithful, "source", t("scoring.faithful"), scored, t),
        _banded("factual", scored.scores.factual, "knowledge", t("explain.factual"), scored, t),
        _banded("vss", scored.scores.vss, "samples_and_source", t("measure.vss_about"), scored, t),
        _copied(scored, t),
        _slop(scored, t),
        _length(scored, t),
        _overlap("rouge_l", scored.rouge_l, t),
        _overlap("bleu4", scored.bleu4, t),
    ]


def _lacking(name: str, what: str, given: bool, t: Texts) -> Line:
    if given:
        return Line(name, "–", "", "none", t("scoring.too_short"))
    return Line(name, "–", "", "none", t("scoring.needs", what=t(f"scoring.what.{what}")))


def _style(scored: ScoredText, t: Texts) -> Line:
    name, reading = t("measure.style"), scored.reading
    if reading is None:
        return _lacking(name, "samples", _given(scored, "samples"), t)
    number = f"{scored.scores.style:.2f}"
    return Line(name, percent(reading), number, band(reading.percent), t("explain.style"))


def _given(scored: ScoredText, what: str) -> bool:
    asked = scored.asked
    if what == "samples_and_source":
        return bool(asked.samples.strip() and asked.source.strip())
    return bool(str(getattr(asked, what)).strip())


def _banded(
    key: str, value: float | None, what: str, about: str, scored: ScoredText, t: Texts
) -> Line:
    name = t("measure.vss") if key == "vss" else t(f"score.{key}")
    name = t(f"measure.{key}") if key in ("meaning", "faithful") else name
    if value is None:
        return _lacking(name, what, _given(scored, what), t)
    return Line(name, t(f"band.{band(value)}"), f"{value:.2f}", band(value), about)


def _copied(scored: ScoredText, t: Texts) -> Line:
    name, value = t("score.copied"), scored.scores.copied
    if value is None:
        return _lacking(name, "samples", _given(scored, "samples"), t)
    word, level = ("none", "strong") if value == 0 else ("some", "fair")
    return Line(name, t(f"copied.{word}"), f"{value:.0%}", level, t("explain.copied"))


def _slop(scored: ScoredText, t: Texts) -> Line:
    value = scored.scores.slop or 0.0
    key, level = slop_word(value)
    return Line(t("score.slop"), t(f"slop.{key}"), f"{value:.0%}", level, t("explain.slop"))


def _length(scored: ScoredText, t: Texts) -> Line:
    name, ratio = t("score.length"), scored.scores.length_ratio
    words = t("length.words", words=scored.words)
    if ratio is None:
        return Line(name, words, "", "none", t("scoring.needs", what=t("scoring.what.reference")))
    level = "strong" if abs(ratio - 1) <= 0.25 else "fair"
    return Line(name, words, f"{ratio:.2f}", level, t("scoring.length"))


def _overlap(key: str, value: float | None, t: Texts) -> Line:
    name = t(f"measure.{key}")
    if value is None:
        return _lacking(name, "reference", False, t)
    return Line(name, f"{value:.1f}", "/ 100", "none", t(f"measure.{key}_about"))
