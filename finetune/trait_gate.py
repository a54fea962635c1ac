"""The gate of a trait: does the candidate have more of it, and say the same as before?

Both rewrite the same texts with the same seeds; judges compare them in both orders. The candidate
may serve where the first judge that goes by the texts prefers it by more than luck, both to what
serves now and to the text as it was (what serves may have less than that), and neither meaning,
faithfulness nor length gets worse by more than luck and a tolerance: whoever repeats the text keeps
all of it, so some of each is the price of any rewriting. A text that says something else is not
preferred, whatever a judge finds in it: a count sees shorter sentences in nonsense too. Beside it
stand the win-tie rate against the teacher, by every judge as it judged, and each judge's biases
(Small But Funny, arXiv 2402.18113).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from engine.notebench.run import Tell, untold
from engine.notebench.samples import BenchItem
from engine.prompts.rough import pieces
from engine.protocols import StopCheck, never_stop
from engine.rewrite import Rewriter
from engine.text import count_words
from engine.trait_critic import TraitCritic, TraitVerdict, bias, judge
from engine.types import Language, Scores
from finetune.gate import ENOUGH, LENGTH, MUST_BE_KNOWN, Told, change
from finetune.gate_report import BothTexts, Change, GateReport, JudgeReport, Reason, Rival
from finetune.orders import CriticKind
from finetune.teacher import TraitText

TRAIT, OVER_TEXT = "trait", "trait_over_text"
BUDGET = 16
"""Texts to rewrite, by the teacher and by both adapters."""
METRICS = (
    Told(TRAIT, "aim"),
    Told(OVER_TEXT, "aim"),
    Told("meaning", "guard"),
    Told("faithful", "guard"),
    Told(LENGTH, "guard", "lower"),
)
TOLERATED = {"meaning": 0.05, "faithful": 0.05, LENGTH: 0.1}
"""How much worse a guard may get on average before it is an objection."""
_RIVAL_OF: Mapping[str, Rival] = {TRAIT: "before", OVER_TEXT: "text"}
_SHARE: Mapping[int | None, tuple[float, float]] = {0: (1.0, 0.0), 1: (0.0, 1.0), None: (0.5, 0.5)}


@dataclass(frozen=True)
class TraitJudges:
    """Who judges, the one that decides first."""

    all: tuple[TraitCritic, ...]

    @classmethod
    def of(
        cls, critics: Mapping[CriticKind, TraitCritic], second: TraitCritic | None
    ) -> "TraitJudges":
        """Return the critics that training had, then a different judge where there is one."""
        return cls((*critics.values(), *([second] if second else ())))


@dataclass(frozen=True)
class _Written:
    """One text, what the three made of it, and of both adapters' texts the scores and the sense."""

    one: TraitText
    teacher: str
    before: str
    after: str
    scores: tuple[Scores, Scores]
    says: tuple[bool, bool]
    """Whether each says what the text says."""

    def by(self, rival: Rival) -> str:
        """Return what the candidate's text is compared with."""
        return {"before": self.before, "teacher": self.teacher, "text": self.one.text}[rival]


def gate_texts(
    held_back: Iterable[TraitText], dev: Sequence[BenchItem], language: Language
) -> tuple[TraitText, ...]:
    """Return what to rewrite: notes that training left out, then sources of NoteBench's dev."""
    bench = (
        TraitText(id=item.id, text=piece)
        for item in dev
        if item.language == language and item.source
        for piece in pieces(item.source, language)[:1]
    )
    return (*held_back, *bench)[:BUDGET]


def ask_trait_gate(
    texts: Sequence[TraitText],
    *,
    teacher: Rewriter,
    before: Rewriter,
    after: Rewriter,
    judges: TraitJudges,
    candidate: str,
    current: str | None,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
    tell: Tell = untold,
) -> GateReport:
    """Let the teacher and both adapters rewrite every text, and decide.

    Args:
        texts: what to rewrite; see `gate_texts`.
        teacher: the planner's model with the prompt.
        before: what serves now.
        after: the candidate.
        judges: who compares.
        candidate: the new adapter's id.
        current: the name of what serves now, None for the bare base.
        seed: of the draws and the bootstrap.
        should_stop: asked between tokens.
        tell: told after each text.
    """
    written = []
    for number, one in enumerate(texts, 1):
        written.append(_rewritten(one, (teacher, before, after), seed + number, should_stop))
        tell(number, len(texts))
    reports, preferred = _all_asked(judges, written, should_stop)
    changes = tuple(_changes(written, preferred, seed))
    reasons = _reasons(written, changes)
    return GateReport(
        candidate=candidate,
        current=current,
        language=after.language,
        decision="promote" if all(r.kind == "better" for r in reasons) else "refuse",
        reasons=reasons,
        changes=changes,
        items=tuple(_both(one) for one in written),
        seed=seed,
        signature=written[0].scores[1].signature if written else "",
        trait=after.wish.name,
        judges=tuple(reports),
    )


# ------------------------------------------------------------------ one text


def _rewritten(
    one: TraitText, three: tuple[Rewriter, Rewriter, Rewriter], seed: int, should_stop: StopCheck
) -> _Written:
    said = [_said(who, one.text, seed, should_stop) for who in three]
    scores = tuple(_scores(three[-1], one.text, text) for text in said[1:])
    says = tuple(bool(text.strip()) and three[-1].keeps(one.text, text) for text in said[1:])
    return _Written(one, said[0], said[1], said[2], (scores[0], scores[1]), (says[0], says[1]))


def _said(who: Rewriter, text: str, seed: int, should_stop: StopCheck) -> str:
    """Return one rewriting as it comes: nothing is chosen, so that the two are seen as they are."""
    return who.variants(text, 1, seed=seed, should_stop=should_stop)[0]


def _scores(who: Rewriter, source: str, text: str) -> Scores:
    words = count_words(source, who.language)
    return who.scorer.score(text, language=who.language, source=source, words=words)


def _both(one: _Written) -> BothTexts:
    first, second = (_figures(scores) for scores in one.scores)
    return BothTexts(
        id=one.one.id,
        origin="notebench",
        topic=one.one.text,
        before=one.before,
        after=one.after,
        scores_before=first,
        scores_after=second,
    )


def _figures(scores: Scores) -> dict[str, float | None]:
    ratio = scores.length_ratio
    return {
        "meaning": scores.meaning,
        "faithful": scores.faithful,
        LENGTH: None if ratio is None else abs(1 - ratio),
    }


# ------------------------------------------------------------------ judges


def _all_asked(
    judges: TraitJudges, written: Sequence[_Written], should_stop: StopCheck
) -> tuple[list[JudgeReport], Mapping[str, list[tuple[float, float]]]]:
    """Return every judge's reports, and the shares by the first that goes by the texts."""
    reports: list[JudgeReport] = []
    preferred: dict[str, list[tuple[float, float]]] = {TRAIT: [], OVER_TEXT: []}
    for critic in judges.all:
        asked = {rival: _asked(critic, written, rival, should_stop) for rival in get_args(Rival)}
        reports += [found for _, found in asked.values()]
        if not preferred[TRAIT] and not asked["before"][1].useless:
            for aim, rival in _RIVAL_OF.items():
                preferred[aim] = [
                    _SHARE[_preferred(verdict.chosen, one, rival)]
                    for one, verdict in zip(written, asked[rival][0], strict=True)
                ]
    return reports, preferred


def _preferred(chosen: int | None, one: _Written, rival: Rival) -> int | None:
    """Return who is preferred: another meaning loses to the text's own, and beats nobody."""
    says = (rival == "text" or one.says[0], one.says[1])
    if chosen is None or says[chosen]:
        return chosen
    return 1 - chosen if says[1 - chosen] else None


def _asked(
    critic: TraitCritic, written: Sequence[_Written], rival: Rival, should_stop: StopCheck
) -> tuple[list[TraitVerdict], JudgeReport]:
    """Return the verdicts on (other, candidate) for every text, and their sum."""
    began = critic.calls
    others = [one.by(rival) for one in written]
    verdicts = [
        _verdict(critic, one, other, should_stop)
        for one, other in zip(written, others, strict=True)
    ]
    chosen = [verdict.chosen for verdict in verdicts]
    longer = [
        len(one.after) > len(other) if verdict == 1 else len(other) > len(one.after)
        for one, other, verdict in zip(written, others, chosen, strict=True)
        if verdict is not None and len(one.after) != len(other)
    ]
    found = bias(verdicts)
    return verdicts, JudgeReport(
        judge=critic.name,
        against=rival,
        wins=chosen.count(1),
        ties=chosen.count(None),
        losses=chosen.count(0),
        pairs=found.pairs,
        turned=found.turned,
        decided=len(longer),
        longer=sum(longer),
        useless=found.useless,
        calls=critic.calls - began,
    )


def _verdict(
    critic: TraitCritic, one: _Written, other: str, should_stop: StopCheck
) -> TraitVerdict:
    """Ask about two texts; equal ones are a tie, nothing loses, and nobody is asked."""
    if other.strip() == one.after.strip():
        return TraitVerdict(shown_first=0.5, shown_second=0.5)
    if not other.strip() or not one.after.strip():
        chance = float(bool(other.strip()))
        return TraitVerdict(shown_first=chance, shown_second=chance)
    return judge(critic, one.one.text, (other, one.after), should_stop=should_stop)


# ------------------------------------------------------------------ the decision


def _changes(
    written: Sequence[_Written], preferred: Mapping[str, list[tuple[float, float]]], seed: int
) -> Iterator[Change]:
    for told in METRICS:
        pairs = preferred[told.name] if told.role == "aim" else list(_pairs(written, told.name))
        yield change(told, pairs, seed)


def _pairs(written: Sequence[_Written], name: str) -> Iterator[tuple[float, float]]:
    for one in written:
        before, after = (_figures(scores)[name] for scores in one.scores)
        if before is not None and after is not None:
            yield before, after


def _too_far(found: Change) -> bool:
    return abs(found.difference or 0.0) > TOLERATED[found.metric]


def _reasons(written: Sequence[_Written], changes: Sequence[Change]) -> tuple[Reason, ...]:
    """Return why it is promoted, or everything that speaks against it."""
    if len(written) < ENOUGH:
        return (Reason(kind="too-few", count=len(written)),)
    if all(one.before == one.after for one in written):
        return (Reason(kind="equal", count=len(written)),)
    silent = sum(not one.after.strip() for one in written)
    against = [Reason(kind="silent", count=silent)] if silent else []
    for each in changes:
        if each.role == "guard" and each.verdict == "worse" and _too_far(each):
            against.append(Reason(kind="worse", metric=each.metric))
        elif each.verdict == "unknown" and each.metric in {*MUST_BE_KNOWN, TRAIT}:
            against.append(Reason(kind="unmeasured", metric=each.metric, count=each.n))
    return (*_gains(written, changes), *against)


def _gains(written: Sequence[_Written], changes: Sequence[Change]) -> Iterator[Reason]:
    """Yield what each aim speaks for, or against."""
    aims = {each.metric: each.verdict == "better" for each in changes if each.role == "aim"}
    yield Reason(kind="better" if aims[TRAIT] else "no-gain", metric=TRAIT)
    if not aims[OVER_TEXT]:
        repeated = sum(one.after.strip() == one.one.text.strip() for one in written)
        yield Reason(kind="no-more", metric=OVER_TEXT, count=repeated)
