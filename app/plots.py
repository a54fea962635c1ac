"""What a style profile found, as small plots and lists drawn in HTML and SVG."""

from collections.abc import Collection, Sequence
from html import escape

from app.bars import bar, legend, row
from app.consentview import consent_switch
from app.i18n import Texts
from app.render import people
from app.traits import metric_bars, rule_bars, tag_bars
from engine.profile.advice import say_habit
from engine.types import Habit, SignatureWord, StyleProfile, StyleSample

_MOST_WORDS = 18
_MOST_HABITS = 10
_BIN_EDGES = (1, 6, 11, 16, 21, 26, 31)
_WIDTH, _HEIGHT, _BASE = 280, 96, 78


def profile_view(profile: StyleProfile, advice: Sequence[str], t: Texts) -> str:
    """Return all that was found: advice, words, habits, rules, tags, metrics, sentence shape."""
    parts = [
        _confidence(profile, t),
        _section("style.advice", _advice(advice), t) if advice else "",
        _section("style.words", word_bars(profile, t), t, "style.words_hint"),
        _section("style.habits", habit_bars(profile, t), t, "style.habits_hint"),
        _section("style.rules", rule_bars(profile, t), t, "style.rules_hint"),
        _section("style.tags", tag_bars(profile, t), t, "style.tags_hint"),
        _section("style.metrics", metric_bars(profile, t), t),
        _section("style.shape", _shape(profile, t), t),
    ]
    return f'<div class="profile">{"".join(parts)}</div>'


def _section(title: str, body: str, t: Texts, hint: str = "") -> str:
    note = f'<p class="hint">{escape(t(hint))}</p>' if hint else ""
    return f"<section><h4>{escape(t(title))}</h4>{note}{body}</section>"


def _confidence(profile: StyleProfile, t: Texts) -> str:
    words = round(profile.shape.text_words * len(profile.samples))
    said = t(f"confidence.{profile.confidence}", samples=len(profile.samples), words=words)
    return f'<p class="confidence is-{profile.confidence}">{escape(said)}</p>'


def _advice(advice: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{people(line)}</li>" for line in advice) + "</ul>"


# ------------------------------------------------------------------ words and habits


def word_bars(profile: StyleProfile, t: Texts) -> str:
    """Return the signature words as bars, with a button on each to strike it out."""
    words = profile.words[:_MOST_WORDS]
    top = max((word.score for word in words), default=1.0) or 1.0
    rows = "".join(_word_row(word, top, word.word in profile.struck, t) for word in words)
    added = "".join(_added_row(word, t) for word in profile.added_words)
    if not rows and not added:
        return f'<p class="hint">{escape(t("style.no_words"))}</p>'
    return f'<ul class="bars">{rows}{added}</ul>'


def _word_row(word: SignatureWord, top: float, struck: bool, t: Texts) -> str:
    times = t("style.times", count=word.count)
    return row(
        label=word.word,
        bars=bar(word.score / top),
        number=times,
        example=word.example,
        struck=struck,
        key=word.word,
        t=t,
    )


def _added_row(word: str, t: Texts) -> str:
    return row(
        label=word, bars=bar(1.0), number=t("style.added"), example="", struck=False, key=word, t=t
    )


def habit_bars(profile: StyleProfile, t: Texts) -> str:
    """Return the habits as pairs of bars: this writer's rate over what is usual."""
    habits = profile.habits[:_MOST_HABITS]
    if not habits:
        return f'<p class="hint">{escape(t("style.no_habits"))}</p>'
    top = max(max(habit.rate, habit.reference_rate) for habit in habits) or 1.0
    rows = "".join(_habit_row(habit, top, habit.name in profile.struck, t) for habit in habits)
    return f'{legend(t)}<ul class="bars">{rows}</ul>'


def _habit_row(habit: Habit, top: float, struck: bool, t: Texts) -> str:
    name = t.get(f"habit.{habit.name}", habit.name.replace("_", " "))
    shown = f"{name} {habit.mark}" if habit.mark and habit.mark != name else name
    number = t("style.rate", rate=f"{habit.rate:.1f}", usual=f"{habit.reference_rate:.1f}")
    bars = bar(habit.rate / top) + bar(habit.reference_rate / top, "usual")
    return row(
        label=shown,
        bars=bars,
        number=number,
        example=habit.example,
        advice=say_habit(habit, t.language),
        struck=struck,
        key=habit.name,
        t=t,
    )


# ------------------------------------------------------------------ sentence shape


def _shape(profile: StyleProfile, t: Texts) -> str:
    shape = profile.shape
    facts = [
        t("shape.mean", mean=f"{shape.sentence_mean:.0f}", spread=f"{shape.sentence_spread:.0f}"),
        t("shape.paragraph", sentences=f"{shape.paragraph_sentences:.1f}"),
    ]
    for key, share in (
        ("shape.questions", shape.question_share),
        ("shape.exclamations", shape.exclamation_share),
    ):
        facts += [t(key, share=f"{share:.0%}")] if share else []
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return f'{histogram(shape.sentence_lengths, t)}<ul class="shape">{items}</ul>'


def histogram(lengths: Sequence[int], t: Texts) -> str:
    """Return how many sentences are how long, as a small SVG with its numbers as text too."""
    counts = [0] * len(_BIN_EDGES)
    for length in lengths:
        counts[max(0, sum(1 for edge in _BIN_EDGES if length >= edge) - 1)] += 1
    most = max(counts) or 1
    step = _WIDTH / len(counts)
    bars = "".join(
        _column(index * step, step, count / most, _bin_name(index), count)
        for index, count in enumerate(counts)
    )
    said = ", ".join(f"{_bin_name(i)}: {count}" for i, count in enumerate(counts))
    name = escape(t("shape.plot", said=said))
    axis = escape(t("shape.axis"))
    return (
        f'<figure><svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{name}">{bars}</svg><figcaption>{axis}</figcaption></figure>'
    )


def _bin_name(index: int) -> str:
    start = _BIN_EDGES[index]
    return f"{start}+" if index == len(_BIN_EDGES) - 1 else f"{start}–{_BIN_EDGES[index + 1] - 1}"


def _column(x: float, step: float, share: float, name: str, count: int) -> str:
    height = share * (_BASE - 14)
    middle = x + step / 2
    number = (
        f'<text x="{middle:.1f}" y="{_BASE - height - 3:.1f}" class="count">{count}</text>'
        if count
        else ""
    )
    return (
        f'<rect x="{x + 3:.1f}" y="{_BASE - height:.1f}" width="{step - 6:.1f}" '
        f'height="{height:.1f}" rx="2"/>{number}'
        f'<text x="{middle:.1f}" y="{_HEIGHT - 4}">{name}</text>'
    )


def samples_view(
    profile: StyleProfile, refused: Collection[str], t: Texts, *, removable: bool = True
) -> str:
    """Return the samples that a style was read from, folded, each with its switch.

    `refused` are the ids of those that must not be learned from.
    """
    items = "".join(
        _sample(sample, sample.id in refused, t, removable) for sample in profile.samples
    )
    return f'<div class="samples">{items}</div>'


def removed_line(sample_id: str, said: str, t: Texts) -> str:
    """Return the line that says that a sample was taken out, with the button that undoes it."""
    return (
        f'<div class="offer" role="status"><p>{escape(said)}</p><button type="button" class="quiet"'
        f' data-restore="{escape(sample_id)}">{escape(t("undo"))}</button></div>'
    )


def _sample(sample: StyleSample, refused: bool, t: Texts, removable: bool) -> str:
    name = escape(t("style.take_out_named", title=sample.title))
    out = (
        f'<button type="button" class="quiet" data-remove="{escape(sample.id)}" '
        f'aria-label="{name}">{escape(t("style.take_out"))}</button>'
        if removable
        else ""
    )
    return (
        f"<section><details><summary>{people(sample.title)}</summary>"
        f'<div class="prose-text" dir="auto">{escape(sample.text)}</div></details>'
        f'<div class="consent">{consent_switch(sample.id, t, allowed=not refused)}{out}</div>'
        "</section>"
    )
