"""Decides what to say: request → Plan, decoded under a JSON schema.

What a program can do itself is not left to the model. A small model (`card.writes_plans` false)
gives a title, a summary and, where the person gave no facts, points; a larger one gives points and
the neutral text too. Either way this module guarantees that every fact is in some point.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from engine.errors import ContextOverflow, InvalidRequest
from engine.events import PlanWords
from engine.keeping import invents, says
from engine.moves import signed, unsigned
from engine.prompts.render import fill_part, message, version, wording
from engine.protocols import JsonSchema, StopCheck, TextModel, never_stop
from engine.text import clean, sentences
from engine.types import (
    Generation,
    Language,
    Message,
    ModelCard,
    Plan,
    PlanPoint,
    Sampling,
    WritingRequest,
)

TITLE_CHARACTERS = 80
SUMMARY_CHARACTERS = 240
POINT_CHARACTERS = 160
MAX_PLAN = 60_000
_WORDS_PER_POINT = 30


def as_sentence(text: str, language: Language) -> str:
    """Return a fact or point as a sentence: capital first letter, closing mark."""
    text = text.strip()
    if not text:
        return text
    if not re.search(r"[.!?。！？…][\"'”’」』)]*$", text):
        text = text.rstrip(",;:\uff0c\uff1b\uff1a") + ("。" if language == "zh" else ".")
    return text[0].upper() + text[1:]


def compose(points: Sequence[PlanPoint], language: Language) -> str:
    """Return the neutral text that says just these points, in order."""
    joint = "" if language == "zh" else " "
    return joint.join(as_sentence(point.text, language) for point in points)


@dataclass(frozen=True)
class ModelPlanner:
    """Plans with any TextModel; the model is never trained."""

    model: TextModel

    @property
    def card(self) -> ModelCard:
        """The model behind it."""
        return self.model.card

    def plan(
        self, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[PlanWords | Plan]:
        """Yield the plan's words (readable, cumulative) and then the Plan.

        Raises:
            ContextOverflow: topic and facts are longer than the planner can read.
            Stopped: `should_stop()` became true.
        """
        prompt = self._prompt(request)
        schema = plan_schema(request, prompt)
        sampling = Sampling(
            temperature=0.4,
            seed=request.seed,
            repeat_penalty=1.15,
            max_tokens=_room(request, prompt),
        )
        conversation = plan_conversation(request, prompt)
        partial, generation = "", None
        try:
            for event in self.model.generate(
                [conversation], sampling, schema=schema, should_stop=should_stop
            ):
                if isinstance(event, Generation):
                    generation = event.model_copy(update={"prompt_version": version(prompt)})
                else:
                    partial += event.text
                    yield PlanWords(text=readable(partial))
        except ContextOverflow as error:
            raise ContextOverflow(
                "Topic and facts are longer than the planner can read at once. "
                "Shorten them, or choose a planner with a longer context."
            ) from error
        yield build_plan(request, _parse(generation.text if generation else partial), generation)

    def _prompt(self, request: WritingRequest) -> str:
        if self.card.writes_plans:
            return "plan_full"
        return "plan" if request.facts or request.source else "plan_points"


def _room(request: WritingRequest, prompt: str) -> int:
    """Return how many tokens the answer may take."""
    return 110 if prompt == "plan" else 260 if prompt == "plan_points" else 400 + request.words * 4


def plan_schema(request: WritingRequest, prompt: str) -> JsonSchema:
    """Return the JSON schema that the plan is decoded under."""
    properties: dict[str, Any] = {
        "title": {"type": "string", "minLength": 1, "maxLength": TITLE_CHARACTERS},
        "summary": {"type": "string", "minLength": 1, "maxLength": SUMMARY_CHARACTERS},
    }
    if prompt != "plan":
        wanted = max(2, min(6, request.words // _WORDS_PER_POINT))
        most = max(wanted, len(request.facts) + 2)
        properties["points"] = {
            "type": "array",
            "minItems": min(wanted, 3),
            "maxItems": most,
            "items": {"type": "string", "minLength": 1, "maxLength": POINT_CHARACTERS},
        }
    if prompt == "plan_full":
        properties["neutral_text"] = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def plan_conversation(request: WritingRequest, prompt: str) -> list[Message]:
    """Return the chat that asks for a plan, with one worked example."""
    words = wording(prompt, request.language)
    told = [f"- {fact}" for fact in request.facts] or ([request.source] if request.source else [])
    facts = "\n".join([words["facts"], *told]) if told else ""
    return [
        message("system", words["system"]),
        message("user", words["example_user"]),
        message("assistant", words["example_assistant"]),
        message(
            "user",
            words["user"],
            topic=request.topic,
            audience=fill_part(words, "audience", audience=request.audience),
            facts=facts,
            words=str(request.words),
        ),
    ]


_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("?)(\s*:)?')


def readable(partial: str) -> str:
    """Return the string values of half-written JSON, a line each: what a person may watch grow."""
    lines = []
    for found in _STRING.finditer(partial):
        if found[3] is None and found[1]:
            lines.append(found[1].replace(r"\"", '"').replace(r"\n", " "))
    return "\n".join(lines)


def _parse(text: str) -> dict[str, Any]:
    """Return the plan's fields; an answer cut off at its token limit yields what it holds."""
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        values = [v for v in readable(text).split("\n") if v]
        return dict(zip(("title", "summary"), values, strict=False))
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


def build_plan(
    request: WritingRequest, answer: dict[str, Any], generation: Generation | None = None
) -> Plan:
    """Return a Plan that holds every requested fact, whatever the model answered."""
    proposed = _distinct(answer.get("points", ()))
    points = _points(request, proposed)
    neutral = request.source or _neutral(request, answer, points)
    summary = str(answer.get("summary", "")).strip()
    if not summary or not says(_given(request), summary):
        summary = as_sentence(points[0].text if points else request.topic, request.language)
    return Plan(
        title=_title(str(answer.get("title", "")), request),
        summary=summary,
        points=points,
        neutral_text=neutral,
        fact_count=len(request.facts),
        generation=generation,
    )


def _given(request: WritingRequest) -> str:
    """Return all that the person gave, which is all that a plan may name."""
    return "\n".join((request.topic, request.source or "", *request.facts))


def _title(title: str, request: WritingRequest) -> str:
    title = " ".join(title.split()).strip(' "“”.')
    if not title or invents(title, _given(request)) or len(title) >= TITLE_CHARACTERS:
        title = request.topic[:TITLE_CHARACTERS]
    return title[0].upper() + title[1:]


def _points(request: WritingRequest, proposed: Sequence[str]) -> tuple[PlanPoint, ...]:
    if request.source and not request.facts:
        return tuple(PlanPoint(text=s) for s in sentences(request.source))
    if not request.facts:
        made = tuple(PlanPoint(text=as_sentence(p, request.language)) for p in proposed)
        return made or (PlanPoint(text=as_sentence(request.topic, request.language)),)
    if request.source:
        return _place(request.facts, sentences(request.source))
    return _place(request.facts, proposed, keep_empty=False)


def _place(
    facts: Sequence[str], proposed: Sequence[str], *, keep_empty: bool = True
) -> tuple[PlanPoint, ...]:
    """Give each fact to the first point that says it; the others become points of their own.

    Points that carry no fact are dropped unless `keep_empty`: with facts at hand, a planner's
    additions are inventions.
    """
    carried: list[list[int]] = [[] for _ in proposed]
    loose: list[int] = []
    for index, fact in enumerate(facts):
        home = next((i for i, p in enumerate(proposed) if says(p, fact)), None)
        (loose if home is None else carried[home]).append(index)
    placed = [
        PlanPoint(text=point, facts=tuple(indices))
        for point, indices in zip(proposed, carried, strict=True)
        if indices or keep_empty
    ]
    # Loose facts go in where the person's own order puts them.
    for index in loose:
        at = next((i for i, p in enumerate(placed) if p.facts and p.facts[0] > index), len(placed))
        placed.insert(at, PlanPoint(text=facts[index], facts=(index,)))
    return tuple(placed)


def _neutral(request: WritingRequest, answer: dict[str, Any], points: tuple[PlanPoint, ...]) -> str:
    """Take the model's neutral text only if it keeps every fact and adds no name or number."""
    text = str(answer.get("neutral_text", "")).strip()
    if text and request.facts:
        kept = all(says(text, fact) for fact in request.facts)
        if kept and not invents(text, _given(request)):
            return text
    return compose(points, request.language)


def _distinct(points: object) -> list[str]:
    """Return the points less repetitions, which small models make."""
    kept: list[str] = []
    for point in points if isinstance(points, list) else ():
        text = " ".join(str(point).split())
        if text and not any(says(k, text) or says(text, k) for k in kept):
            kept.append(text)
    return kept


def edited_plan(request: WritingRequest, plan: Plan, text: str) -> Plan:
    """Return the plan after its writer edited it: first line the title, then a point a line.

    Facts that no line says any more are named in `missing`.

    Raises:
        InvalidRequest: (field "plan") it is longer than any plan.
    """
    if len(text) > MAX_PLAN:
        raise InvalidRequest(
            f"The plan has {len(text):,} characters; {MAX_PLAN:,} fit at most. Shorten it.",
            field="plan",
        )
    lines = [line.strip() for line in clean(text).splitlines() if line.strip()]
    title = lines[0].lstrip("# ") if lines else plan.title
    points = tuple(
        PlanPoint(
            text=w, facts=tuple(i for i, f in enumerate(request.facts) if says(w, f)), moves=moves
        )
        for w, moves in _edited_points(lines[1:])
    )
    placed = {i for p in points for i in p.facts}
    return Plan(
        title=title or plan.title,
        summary=plan.summary,
        points=points,
        neutral_text=compose(points, request.language),
        fact_count=len(request.facts),
        missing=tuple(i for i in range(len(request.facts)) if i not in placed),
        generation=plan.generation,
        edited=True,
        instead_of=plan.instead_of,
    )


def _edited_points(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return points with their moves; a line of moves belongs to the point above it."""
    found: list[tuple[str, str]] = []
    for line in lines:
        moves = unsigned(line)
        wanted = re.sub(r"^[-*•]\s*", "", line)
        if moves is None and wanted:
            found.append((wanted, ""))
        elif moves is not None and found:
            found[-1] = (found[-1][0], moves)
    return found


def plan_text(plan: Plan) -> str:
    """Return a plan as its writer edits it: the title, then "- " and one point a line.

    Under a point that has moves stands "  ~ " and what they are.
    """
    lines = [plan.title]
    for point in plan.points:
        lines.append(f"- {point.text}")
        lines += [f"  {signed(point.moves)}"] if point.moves else []
    return "\n".join(lines)
