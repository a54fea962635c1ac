"""How a style's sentences are built and what they do, as rows of bars with examples and advice."""

from html import escape

from app.bars import legend, pair, row
from app.i18n import Texts
from engine.profile.parsing import can_parse
from engine.profile.plain import say_added_tag, say_metric, say_rule, say_tag
from engine.profile.pragmatics import stands_out, tag_names
from engine.profile.reference import load_syntax
from engine.profile.syntax import METRICS
from engine.types import PragmaticTag, StyleProfile, SyntaxRule

_MOST_RULES = 8
_LONGEST_RATIO = 8.0
"""Rarer rules may be fifty times as frequent: bars end here, so that the others can be seen."""


def rule_bars(profile: StyleProfile, t: Texts) -> str:
    """Return the productions that set the writer apart, or why there are none."""
    rules = profile.rules[:_MOST_RULES]
    if not rules:
        return _hint(_why_none(profile), t)
    rows = "".join(_rule_row(rule, rule.name in profile.struck, t) for rule in rules)
    return f'{legend(t)}<ul class="bars wide">{rows}</ul>'


def _why_none(profile: StyleProfile) -> str:
    if profile.language == "zh":
        return "style.no_rules_zh"
    if profile.syntax is not None:
        return "style.no_rules"
    return "style.read_again" if can_parse(profile.language) else "style.no_parser"


def _hint(key: str, t: Texts) -> str:
    return f'<p class="hint">{escape(t(key))}</p>'


def _rule_row(rule: SyntaxRule, struck: bool, t: Texts) -> str:
    top = min(_LONGEST_RATIO, max(rule.ratio, 1.0))
    said = say_rule(rule, t.language)
    return row(
        label=rule.name,
        bars=pair(rule.ratio, 1.0, top),
        number=t("style.ratio", ratio=f"{rule.ratio:.1f}"),
        example=rule.example,
        advice=said,
        key=rule.name,
        struck=struck,
        t=t,
    )


def tag_bars(profile: StyleProfile, t: Texts) -> str:
    """Return what the sentences do: the share of each tag over the usual share."""
    top = max((max(tag.rate, tag.reference_rate) for tag in profile.tags), default=1.0)
    size = len(profile.shape.sentence_lengths)
    rows = "".join(_tag_row(tag, top, size, tag.key in profile.struck, t) for tag in profile.tags)
    rows += "".join(_added_row(name, t) for name in profile.added_tags)
    bars = f'{legend(t)}<ul class="bars">{rows}</ul>' if rows else _hint("style.no_tags", t)
    return bars + _more_tags(profile, t)


def _added_row(name: str, t: Texts) -> str:
    return row(
        label=_name(name, t),
        bars=pair(1.0, 0.0, 1.0),
        number=t("style.added"),
        advice=say_added_tag(name, t.language),
        key=f"tag:{name}",
        t=t,
    )


def _more_tags(profile: StyleProfile, t: Texts) -> str:
    """Return a button for each tag that was not found, to add it."""
    have = {tag.name for tag in profile.tags} | set(profile.added_tags)
    buttons = "".join(
        f'<button type="button" class="more-tag" data-strike="tag:{escape(name)}" '
        f'aria-label="{escape(t("style.add_tag", tag=_name(name, t)))}">'
        f"+ {escape(_name(name, t))}</button>"
        for name in tag_names(profile.language)
        if name not in have
    )
    return f'<p class="more-tags">{buttons}</p>' if buttons else ""


def _name(tag: str, t: Texts) -> str:
    return t.get(f"pragmatic.{tag}", tag.replace("_", " "))


def _tag_row(tag: PragmaticTag, top: float, sentences: int, struck: bool, t: Texts) -> str:
    sure = stands_out(tag, sentences)
    return row(
        label=_name(tag.name, t),
        bars=pair(tag.rate, tag.reference_rate, top),
        number=t("style.rate", rate=f"{tag.rate:.0%}", usual=f"{tag.reference_rate:.0%}"),
        example=tag.examples[0] if tag.examples else "",
        advice=say_tag(tag, t.language) if sure else t("style.as_usual"),
        key=tag.key,
        struck=struck,
        t=t,
    )


def metric_bars(profile: StyleProfile, t: Texts) -> str:
    """Return the dense metrics beside the usual ones; what cannot be measured says so.

    Shares that the tags show already are left to them.
    """
    if profile.syntax is None:
        return _hint("style.read_again" if can_parse(profile.language) else "style.no_parser", t)
    told = {f"{tag.name}_ratio" for tag in profile.tags}
    usual = load_syntax(profile.language).metrics
    rows = "".join(
        _metric_row(name, getattr(profile.syntax, name), usual.get(name), t)
        for name in METRICS
        if name not in told
    )
    return f'{legend(t)}<ul class="bars">{rows}</ul>'


def _metric_row(name: str, value: float | None, usual: float | None, t: Texts) -> str:
    shown = t(f"metric.{name}")
    if value is None or usual is None:
        return row(label=shown, bars="", number=t("style.not_measured"), t=t)
    form = ".0%" if name.endswith(("_ratio", "_density")) and name != "verb_noun_ratio" else ".1f"
    return row(
        label=shown,
        bars=pair(value, usual, max(value, usual)),
        number=t("style.rate", rate=f"{value:{form}}", usual=f"{usual:{form}}"),
        advice=say_metric(name, value, usual, t.language),
        t=t,
    )
