"""Phrase-structure productions (A → B C) read off a dependency parse, against everybody's.

The parser gives dependencies, no constituents, so constituents are derived from them (in the way
of the usual head-projection conversions): every word projects one phrase over itself and what
depends on it, left to right, marks left out.

- nouns, pronouns and numbers project NP, adjectives ADJP, adverbs ADVP, prepositions PP;
- a verb with a subject projects S → (what stands before) NP VP, the verb with the rest being its
  VP; SQ where an auxiliary stands before the subject; SBAR → IN S where a conjunction leads it; a
  verb without a subject projects VP, and S → VP where it is the root;
- A and B and C projects one flat X → X X CC X over the phrases of its members;
- a root that is no verb projects FRAG.

Tags are coarse (NN for NN and NNS; V for finite verbs and participles, VBG apart; BE for forms of
"be" as main verb, PASS as passive auxiliary). The trees are flat, so rules are long and telling;
those with more than `LONGEST` parts, or with a symbol that is no word, are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from engine.profile.likelihood import LIKELY, log_likelihood
from engine.profile.parsing import Sentence
from engine.profile.reference import SyntaxReference
from engine.text import words_set
from engine.types import SyntaxRule

TOP = 15
LONGEST = 6
ARROW = " → "
_LEAST = 3
"""So many times a rule must come, or be expected where it is missing, to say anything."""

_TAGS = {
    **dict.fromkeys(("NN", "NNS"), "NN"),
    **dict.fromkeys(("NNP", "NNPS"), "NNP"),
    **dict.fromkeys(("JJ", "JJR", "JJS", "AFX"), "JJ"),
    **dict.fromkeys(("RB", "RBR", "RBS"), "RB"),
    **dict.fromkeys(("VB", "VBD", "VBN", "VBP", "VBZ"), "V"),
    **dict.fromkeys(("WP", "WDT", "WRB", "WP$"), "WH"),
    **dict.fromkeys(("DT", "PDT"), "DT"),
    **{same: same for same in ("VBG", "PRP", "PRP$", "CD", "IN", "TO", "MD", "CC", "RP", "UH")},
    **{same: same for same in ("EX", "POS")},
}
_PHRASES = {
    **dict.fromkeys(("NN", "NNP", "PRP", "CD", "DT", "EX", "PRP$"), "NP"),
    **dict.fromkeys(("V", "VBG", "MD", "TO", "BE"), "VP"),
    "IN": "PP",
    "JJ": "ADJP",
    "RB": "ADVP",
    "WH": "WHP",
    "UH": "INTJ",
}
_BE = words_set("be am is are was were been being 's 're 'm")
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "csubjpass", "expl"})
_HELPERS = frozenset({"aux", "auxpass"})
# Words that stand for themselves, and do not make a phrase, when nothing depends on them.
_LEAVES = words_set("det amod compound nummod poss predet case mark cc prt preconj quantmod nmod")
_JOINTS = frozenset({"cc", "conj", "preconj"})


class _Tree:
    """A sentence's dependencies, with the phrases that they project."""

    def __init__(self, sentence: Sentence) -> None:
        self.words = sentence.words
        self.kids: dict[int, list[int]] = defaultdict(list)
        for place, word in enumerate(self.words):
            if word.head != place and not word.is_mark:
                self.kids[word.head].append(place)

    def tag(self, place: int) -> str:
        """Return the coarse tag of a word."""
        word = self.words[place]
        if word.relation == "neg":
            return "NOT"
        if word.relation in _HELPERS and word.tag not in {"MD", "TO"}:
            return "PASS" if word.relation == "auxpass" else "AUX"
        tag = _TAGS.get(word.tag, "X")
        return "BE" if tag in {"V", "VBG"} and word.lower in _BE else tag

    def symbol(self, place: int) -> str:
        """Return what the phrase above calls this word: its phrase, or its tag."""
        word = self.words[place]
        if word.relation in _HELPERS | {"neg"}:
            return self.tag(place)
        alone = word.relation in _LEAVES and not self.kids[place]
        return self.tag(place) if alone else self.phrase(place)

    def phrase(self, place: int) -> str:
        """Return the label of the phrase that a word projects."""
        base = _PHRASES.get(self.tag(place), "X")
        word = self.words[place]
        if base != "VP":
            return base
        if word.relation == "relcl" or self.kid(place, "mark") is not None:
            return "SBAR"
        return self.clause(place)

    def clause(self, place: int) -> str:
        """Return the label of a verb's phrase inside its conjunction: S, SQ or VP."""
        subject = self.subject(place)
        if subject is None:
            return "S" if self.words[place].relation == "ROOT" else "VP"
        asked = any(self.words[k].relation in _HELPERS and k < subject for k in self.kids[place])
        return "SQ" if asked else "S"

    def kid(self, place: int, relation: str) -> int | None:
        """Return the first word that depends on `place` in this way."""
        return next((k for k in self.kids[place] if self.words[k].relation == relation), None)

    def subject(self, place: int) -> int | None:
        """Return the subject of a verb."""
        found = (k for k in self.kids[place] if self.words[k].relation in _SUBJECTS)
        return next(found, None)

    def own(self, place: int) -> list[int]:
        """Return the word and what depends on it, in order, without what is only joined to it."""
        first = self.kid(place, "conj") or len(self.words)
        opening = [
            k
            for k in self.kids[place]
            if self.words[k].relation not in _JOINTS
            or (self.words[k].relation == "cc" and k < min(place, first))
        ]
        return sorted([*opening, place])

    def joined(self, place: int) -> list[int]:
        """Return the members of the coordination that a word leads, itself first."""
        members = [place]
        while (following := self.kid(members[-1], "conj")) is not None:
            members.append(following)
        return members

    def parts(self, head: int, places: Sequence[int]) -> list[str]:
        """Return the symbols of a rule's right side; the head stands as its tag."""
        return [self.tag(k) if k == head else self.symbol(k) for k in places]


def productions(sentence: Sentence) -> Iterator[str]:
    """Yield the rules of a parsed sentence, such as "NP → DT JJ NN"; nothing of an unparsed one."""
    if not sentence.is_parsed:
        return
    tree = _Tree(sentence)
    for place, word in enumerate(sentence.words):
        if word.is_mark or word.relation in _HELPERS | {"neg"}:
            continue
        if word.relation in _LEAVES and not tree.kids[place]:
            continue
        for head, parts in _rules_at(tree, place):
            if len(parts) <= LONGEST and "X" not in parts:
                yield head + ARROW + " ".join(parts)


def _rules_at(tree: _Tree, place: int) -> Iterator[tuple[str, list[str]]]:
    base = _PHRASES.get(tree.tag(place), "X")
    root = tree.words[place].relation == "ROOT"
    yield from _coordination(tree, place, base)
    if base == "VP":
        yield from _clause(tree, place, root=root)
        return
    if base != "X":
        yield base, tree.parts(place, tree.own(place))
    if root:
        yield "FRAG", [base]


def _coordination(tree: _Tree, place: int, base: str) -> Iterator[tuple[str, list[str]]]:
    if tree.words[place].relation == "conj" or tree.kid(place, "conj") is None:
        return
    members = tree.joined(place)
    clauses = base == "VP" and any(tree.subject(m) is not None for m in members[1:])
    label = "S" if clauses else base
    linked = any(tree.kid(m, "cc") is not None for m in members)
    joints = ["CC", label] if linked else [label]
    # Four members and more are one kind of list: they differ in what is said, not in how.
    yield label, [label] * min(len(members) - 1, 3) + joints


def _clause(tree: _Tree, place: int, *, root: bool) -> Iterator[tuple[str, list[str]]]:
    own = [k for k in tree.own(place) if tree.words[k].relation != "mark"]
    subject, label = tree.subject(place), tree.clause(place)
    if tree.kid(place, "mark") is not None:
        yield "SBAR", ["IN", label]
    if subject is None:
        if root:
            yield "S", ["VP"]
        yield "VP", tree.parts(place, own)
    elif subject > place:  # "says he", "here comes the boat"
        yield label, tree.parts(place, own)
    else:
        before = [k for k in own if k < subject]
        yield label, [*tree.parts(place, before), "NP", "VP"]
        yield "VP", tree.parts(place, [k for k in own if k > subject])


# ------------------------------------------------------------------ against the reference


def count_rules(sentences: Sequence[Sentence]) -> Counter[str]:
    """Return how often each rule comes in the sentences."""
    return Counter(rule for sentence in sentences for rule in productions(sentence))


def head_totals(counts: Mapping[str, int]) -> Counter[str]:
    """Return how many rules each left side has, all rules counted."""
    totals: Counter[str] = Counter()
    for rule, count in counts.items():
        totals[rule.split(ARROW)[0]] += count
    return totals


def find_rules(sentences: Sequence[Sentence], reference: SyntaxReference) -> list[SyntaxRule]:
    """Return the rules that set the author apart, the strongest evidence first, `TOP` at most.

    Both probabilities are given the rule's head: p(rule | head), one normaliser.
    """
    counts = count_rules(sentences)
    totals = head_totals(counts)
    found = []
    for rule in counts.keys() | reference.rules.keys():
        head = rule.split(ARROW)[0]
        own, others = totals[head], reference.heads.get(head, 0)
        if not own or not others:
            continue
        count, usual = counts[rule], reference.rules.get(rule, 0.5)
        if max(count, own * usual / others) < _LEAST:
            continue
        value = log_likelihood(count, own, usual, others)
        ratio = (count / own) / (usual / others)
        if abs(value) >= LIKELY and not 2 / 3 < ratio < 3 / 2:
            found.append((value, rule, count, ratio))
    found.sort(key=lambda row: (-abs(row[0]), row[1]))
    examples = _examples(sentences, [rule for _, rule, count, _ in found[:TOP] if count])
    return [
        SyntaxRule(
            name=rule,
            count=count,
            llr=round(value, 3),
            ratio=round(ratio, 3),
            example=examples.get(rule, ""),
        )
        for value, rule, count, ratio in found[:TOP]
    ]


def _examples(sentences: Sequence[Sentence], rules: Sequence[str]) -> dict[str, str]:
    """Return for each rule a short sentence that has it, a different one while there are enough."""
    holding: dict[str, list[str]] = {rule: [] for rule in rules}
    for sentence in sentences:
        for rule in set(productions(sentence)) & holding.keys():
            holding[rule].append(" ".join(sentence.text.split()))
    chosen: dict[str, str] = {}
    for rule in rules:
        holding[rule].sort(key=lambda text: (text in chosen.values(), len(text) < 20, len(text)))
        chosen[rule] = holding[rule][0][:200] if holding[rule] else ""
    return chosen
