"""Rules, metrics and tags in words that a writer understands (data/plain.toml holds the words)."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from engine.profile.productions import ARROW
from engine.types import Language, PragmaticTag, SyntaxRule

_Test = Callable[[Sequence[str]], bool]
_NTH = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_NTH_ZH = "零一两三四五六七八九"
_NEARLY_ALL, _FAR = 0.75, 0.25


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    data = files("engine.profile") / "data" / "plain.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))


def _has(*wanted: str, times: int = 1) -> _Test:
    return lambda parts: sum(part in wanted for part in parts) >= times


def _starts(*wanted: str) -> _Test:
    return lambda parts: parts[0] in wanted


def _is(*wanted: str) -> _Test:
    return lambda parts: " ".join(parts) in wanted


# For each left side, what a right side amounts to: the first test that holds names it.
_KINDS: Mapping[str, Sequence[tuple[_Test, str]]] = {
    "NP": (
        (lambda parts: set(parts) == {"NP", "CC"} and len(parts) > 3, "list_of_three"),
        (lambda parts: set(parts) == {"NP"} and len(parts) > 2, "list_of_three"),
        (_is("NP CC NP"), "pair"),
        (_has("SBAR"), "who_which"),
        (_has("JJ", "ADJP", times=2), "two_adjectives"),
        (_has("CD"), "numbers"),
        (_has("JJ", "ADJP"), "adjective"),
        (_has("PP", "VP"), "noun_details"),
        (_has("PRP$", "POS"), "owners"),
        (_has("NN", times=2), "noun_before_noun"),
        (_is("PRP"), "pronouns"),
        (_has("NNP"), "names"),
        (_is("DT NN"), "plain_nouns"),
        (_is("NN"), "bare_nouns"),
    ),
    "S": (
        (lambda parts: set(parts) == {"S", "CC"}, "joined_clauses"),
        (_is("VP"), "no_subject"),
        (_starts("CC"), "starts_and"),
        (_is("NP VP"), "subject_first"),
        (_starts("PP"), "starts_where"),
        (_starts("ADVP"), "starts_how"),
        (_starts("SBAR"), "starts_clause"),
        (_is("VP NP VP"), "starts_doing"),
        (_starts("V", "BE"), "turned_round"),
        (_starts("S"), "strung_clauses"),
    ),
    "SQ": ((lambda _: True, "asks"),),
    "VP": (
        (lambda parts: set(parts) == {"VP", "CC"} and len(parts) > 3, "three_actions"),
        (lambda parts: set(parts) == {"VP", "CC"}, "actions"),
        (_has("PASS"), "passive"),
        (_has("NOT"), "negation"),
        (_has("MD"), "modals"),
        (lambda parts: "BE" in parts and "ADJP" in parts, "is_like"),
        (lambda parts: "BE" in parts and "NP" in parts, "is_thing"),
        (_has("S", "SBAR"), "says_that"),
        (_has("TO"), "to_do"),
        (_has("VBG"), "doing"),
        (_has("ADVP"), "how_verbs"),
        (_has("PP"), "verb_details"),
        (_is("V NP"), "acts_on"),
        (_is("V"), "bare_verbs"),
    ),
    "ADJP": ((_has("CC"), "paired_adjectives"), (_starts("ADVP"), "degree")),
    "SBAR": ((_starts("IN"), "because_if"),),
    "FRAG": ((_is("NP"), "noun_sentences"), (lambda _: True, "no_verb")),
}


def rule_kind(name: str) -> str | None:
    """Return what a rule amounts to ("two_adjectives"); None where it has no plain name."""
    head, _, right = name.partition(ARROW)
    parts = right.split()
    return next((kind for test, kind in _KINDS.get(head, ()) if test(parts)), None)


def rule_kinds() -> frozenset[str]:
    """Return everything that a rule can amount to."""
    return frozenset(_words()["rules"])


def short_name(kind: Literal["rules", "tags"], name: str, language: Language) -> str:
    """Return "two adjectives": the fewest words for a kind of rule or a tag."""
    return _words()[kind][name]["zh"] if language == "zh" else name.replace("_", " ")


def say_rule(rule: SyntaxRule, language: Language) -> str:
    """Return "Often puts two adjectives before a noun."; empty where it has no plain name."""
    kind = rule_kind(rule.name)
    if kind is None:
        return ""
    words = _words()["rules"][kind][language]
    if language == "zh":
        return f"{'常' if rule.llr > 0 else '很少'}{words}。"
    return f"{'Often' if rule.llr > 0 else 'Seldom'} {words}."


def say_tag(tag: PragmaticTag, language: Language) -> str:
    """Return "Asks questions: every fourth sentence." or "Hardly ever asks questions."."""
    words = _words()["tags"].get(tag.name, {}).get(language, tag.name.replace("_", " "))
    if tag.rate < tag.reference_rate:
        often = "从不" if tag.rate == 0 else "很少"
        seldom = "Never" if tag.rate == 0 else "Seldom"
        return f"{often}{words}。" if language == "zh" else f"{seldom} {words}."
    if language == "zh":
        return f"常{words}：{_every_zh(tag.rate)}。"
    return f"{words[0].upper()}{words[1:]}: {_every(tag.rate)}."


def say_added_tag(name: str, language: Language) -> str:
    """Return "Asks questions.": a tag that the writer wishes for."""
    words = _words()["tags"][name][language]
    return f"{words}。" if language == "zh" else f"{words[0].upper()}{words[1:]}."


def _every(rate: float) -> str:
    if rate >= _NEARLY_ALL:
        return "nearly every sentence"
    steps = round(1 / rate) if rate else 0
    return f"every {_NTH[steps]} sentence" if 1 < steps < len(_NTH) else "now and then"


def _every_zh(rate: float) -> str:
    if rate >= _NEARLY_ALL:
        return "几乎每句"
    steps = round(1 / rate) if rate else 0
    return f"约每{_NTH_ZH[steps]}句一次" if 1 < steps < len(_NTH_ZH) else "偶尔"


def say_metric(name: str, value: float, usual: float, language: Language) -> str:
    """Return the advice that a metric gives; empty where it is about as usual."""
    if abs(value - usual) < _FAR * max(abs(usual), 0.04):
        return ""
    return _words()["metrics"][name][f"{'more' if value > usual else 'less'}_{language}"]
