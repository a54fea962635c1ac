"""The teacher: a planner rewrites texts for a trait, and what passes is what a student imitates.

Imitation as in Small But Funny (arXiv 2402.18113): n rewritings of each text, refusals out. Unlike
there, what does not keep the meaning is out too. Rows are the chats that the stylist will be asked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.learning_types import SFTExample, TrainingSet
from engine.protocols import StopCheck, never_stop
from engine.rewrite import Fault, Rewriter, trait_conversation
from engine.types import Message, StyleProfile, TraitWish
from engine.value import Value
from finetune.lines import add_line, read_lines
from finetune.train import TrainingFailed

VARIANTS = 3
ALL_REFUSED = 0.9
"""Share of refusals from which on the teacher will not do it at all."""


class TraitText(Value):
    """A piece of a text, to be rewritten; `id` is the sample's or note's, then its number."""

    id: str
    text: str


def source_of(text_id: str) -> str:
    """Return the id of the sample or note that a piece is from."""
    return text_id.partition("#")[0]


class Lesson(Value):
    """What the teacher made of a text: the rewritings that passed, and why the others did not."""

    id: str
    text: str
    kept: tuple[str, ...]
    faults: Mapping[str, int]


def taught(
    texts: Sequence[TraitText],
    teacher: Rewriter,
    log: Path,
    *,
    variants: int = VARIANTS,
    seed: int = 0,
    should_stop: StopCheck = never_stop,
) -> tuple[Lesson, ...]:
    """Return a lesson for each text; what `log` holds from an earlier start is not asked again.

    Raises:
        TrainingFailed: the teacher refuses.
        Stopped: `should_stop()` became true.
    """
    known = {lesson.id: lesson for lesson in read_lines(log, Lesson)}
    for number, one in enumerate(texts):
        if one.id not in known:
            drawn = teacher.variants(
                one.text, variants, seed=seed + 101 * number, should_stop=should_stop
            )
            known[one.id] = _lesson(one, drawn, teacher)
            add_line(log, known[one.id])
    lessons = tuple(known[one.id] for one in texts)
    _check_refusals(lessons, variants, teacher.wish)
    return lessons


def _lesson(one: TraitText, drawn: Sequence[str], teacher: Rewriter) -> Lesson:
    judged = {text: teacher.fault(one.text, text) for text in drawn}
    faults = Counter(str(judged[text]) for text in drawn if judged[text])
    kept = tuple(text for text, fault in judged.items() if fault is None)
    return Lesson(id=one.id, text=one.text, kept=kept, faults=dict(faults))


def _check_refusals(lessons: Sequence[Lesson], variants: int, wish: TraitWish) -> None:
    refused = sum(lesson.faults.get(Fault.REFUSED, 0) for lesson in lessons)
    if lessons and refused >= ALL_REFUSED * variants * len(lessons):
        raise TrainingFailed(
            f"The planner's model refuses to make texts {wish.name!r}, so nobody can teach it; "
            "name another trait, or choose another planner."
        )


def imitation(lessons: Sequence[Lesson], profile: StyleProfile, wish: TraitWish) -> TrainingSet:
    """Return the rows of the warm start, and what was left out and why."""
    faults: Counter[str] = Counter()
    for lesson in lessons:
        faults.update(lesson.faults)
    rows = tuple(
        SFTExample(
            messages=(
                *trait_conversation(profile, lesson.text, wish),
                Message(role="assistant", content=text),
            ),
            origin="teacher",
            sources=(source_of(lesson.id),),
        )
        for lesson in lessons
        for text in lesson.kept
    )
    # The student rewrites all texts, those too of which the teacher made nothing.
    seen = [*(sample.id for sample in profile.samples), *(source_of(each.id) for each in lessons)]
    return TrainingSet(
        sft=rows, dropped=dict(sorted(faults.items())), shown=tuple(dict.fromkeys(seen))
    )
