"""The student's own rewritings, judged: pairs of a better and a worse one, for preference training.

After Small But Funny (arXiv 2402.18113): six samples of a text, the two farthest apart by n-gram
edit distance to the critic, both orders, length ratio 0.8 to 1.2. Ours: the winner must keep the
meaning, which there it lost, and be more than the text said back; a verdict that turns with the
order is none; and among the samples the farthest *of fitting length* are taken, so that fewer pairs
are lost.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from pathlib import Path

from engine.critic import farthest
from engine.learning_types import PreferencePair
from engine.protocols import StopCheck, never_stop
from engine.rewrite import Fault, Rewriter, trait_conversation
from engine.scoring.traits import measure_of
from engine.text import count_words
from engine.trait_critic import TraitCritic, TraitVerdict, judge
from engine.types import Message, StyleProfile, TraitWish
from engine.value import Value
from finetune.lines import add_line, read_lines
from finetune.teacher import TraitText, source_of

SAMPLES = 6
LENGTH_RATIO = (0.8, 1.2)


class PairReason(StrEnum):
    """Why two rewritings of a text are no pair to learn from."""

    ALIKE = "The student says it the same way each time."
    LENGTHS = "No two of the student's rewritings are near enough in length."
    TURNED = "The critic's verdict turns with the order."


class Sampled(Value):
    """Two rewritings of a text by the student, farthest apart; else why there are none."""

    id: str
    text: str
    pair: tuple[str, str] | None
    why: PairReason | None = None


class JudgedPair(Value):
    """What the critic says of two rewritings, and whether they are learned from."""

    id: str
    text: str
    pair: tuple[str, str]
    verdict: TraitVerdict
    why: PairReason | Fault | None = None


def sampled(
    texts: Sequence[TraitText],
    student: Rewriter,
    log: Path,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
) -> Iterator[Sampled]:
    """Yield for each text the pair to be judged, going on where `log` ends."""
    known = {one.id: one for one in read_lines(log, Sampled)}
    for number, one in enumerate(texts):
        if one.id not in known:
            drawn = student.variants(
                one.text, samples, seed=seed + 101 * number, should_stop=should_stop
            )
            known[one.id] = _most_different(one, drawn, student)
            add_line(log, known[one.id])
        yield known[one.id]


def _most_different(one: TraitText, drawn: Sequence[str], student: Rewriter) -> Sampled:
    texts = dict(enumerate(dict.fromkeys(t for t in drawn if t.strip())))
    fitting = (pair for pair in combinations(texts, 2) if _fit(texts, pair, student))
    found = farthest(texts, fitting)
    if found is None:
        why = PairReason.LENGTHS if len(texts) > 1 else PairReason.ALIKE
        return Sampled(id=one.id, text=one.text, pair=None, why=why)
    return Sampled(id=one.id, text=one.text, pair=(texts[found[0]], texts[found[1]]))


def _fit(texts: Mapping[int, str], pair: tuple[int, int], student: Rewriter) -> bool:
    """Tell whether two texts are near enough in length; a trait of length is let go."""
    measure = measure_of(student.wish.name)
    if measure is not None and measure.is_length:
        return True
    first, second = (count_words(texts[place], student.language) for place in pair)
    return LENGTH_RATIO[0] <= first / max(1, second) <= LENGTH_RATIO[1]


def judged(
    pairs: Sequence[Sampled],
    critic: TraitCritic,
    student: Rewriter,
    log: Path,
    *,
    should_stop: StopCheck = never_stop,
) -> Iterator[JudgedPair]:
    """Yield the critic's word on each pair, going on where `log` ends."""
    known = {one.id: one for one in read_lines(log, JudgedPair)}
    for one in pairs:
        if one.pair is None:
            continue
        if one.id not in known:
            verdict = judge(critic, one.text, one.pair, should_stop=should_stop)
            known[one.id] = JudgedPair(
                id=one.id,
                text=one.text,
                pair=one.pair,
                verdict=verdict,
                why=_objection(one.text, one.pair, verdict, student),
            )
            add_line(log, known[one.id])
        yield known[one.id]


def _objection(
    text: str, pair: tuple[str, str], verdict: TraitVerdict, student: Rewriter
) -> PairReason | Fault | None:
    """Return why a pair is not learned from: the better one must be a rewriting that would do.

    Else a student of long-winded samples learns that the text itself is the best answer.
    """
    if verdict.chosen is None:
        return PairReason.TURNED
    return student.fault(text, pair[verdict.chosen])


def preferences(
    found: Sequence[JudgedPair], profile: StyleProfile, wish: TraitWish
) -> tuple[PreferencePair, ...]:
    """Return the pairs that are learned from."""
    return tuple(
        PreferencePair(
            prompt=tuple(trait_conversation(profile, one.text, wish)),
            chosen=(Message(role="assistant", content=one.pair[one.verdict.chosen]),),
            rejected=(Message(role="assistant", content=one.pair[1 - one.verdict.chosen]),),
            kind="style",
            origin="critic",
            sources=(source_of(one.id),),
        )
        for one in found
        if one.why is None and one.verdict.chosen is not None
    )


def left_out(pairs: Sequence[Sampled], found: Sequence[JudgedPair]) -> dict[str, int]:
    """Return what was left out, by reason."""
    whys = [*(one.why for one in pairs), *(one.why for one in found)]
    reasons = Counter(str(why) for why in whys if why)
    return dict(sorted(reasons.items()))
