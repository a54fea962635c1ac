"""Chats as tokens, by the template that the model file carries.

Text from people is never shown to the template: it is rendered with placeholders, then the
template's own parts are read with control tokens on and the messages with them off, so that
`<|im_end|>` inside a message stays text.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.errors import ModelUnavailable
from engine.protocols import Conversation

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% endif %}"
)
_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")


class Segment(NamedTuple):
    """A stretch of a prompt; `trusted` parts come from the template, the others from people."""

    text: str
    trusted: bool


class ChatWords(NamedTuple):
    """A model's chat template, empty where it has none, and the marks around a text."""

    template: str
    start: str
    end: str


class Vocabulary(Protocol):
    """What a template needs of a model."""

    path: Path

    def chat_words(self) -> ChatWords:
        """Return the template and the marks."""

    def tokenize(self, text: str, *, special: bool = False, start: bool = False) -> tuple[int, ...]:
        """Return the tokens of `text`; `special` reads control tokens in it."""


class ChatTemplate:
    """Renders conversations for one model."""

    def __init__(self, weights: Vocabulary) -> None:
        """Compile the model's template, or ChatML where it has none."""
        # Compiled code with a start-up cost: only those who load a model pay it.
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._weights = weights
        words = weights.chat_words()
        self._start = words.start
        self._answering, self._continuing = (
            Jinja2ChatFormatter(
                template=words.template or CHATML,
                bos_token=words.start,
                eos_token=words.end,
                add_generation_prompt=prompt,
            )
            for prompt in (True, False)
        )

    def tokens(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the prompt: all turns, then the opening of the answer or of its continuation.

        Raises:
            ModelUnavailable: the template refuses this order of turns.
        """
        out: list[int] = []
        for number, segment in enumerate(self.segments(conversation)):
            out += self.tokens_of(segment, first=number == 0)
        return tuple(out)

    def lasting(self, conversation: Conversation) -> int:
        """Return how many tokens of the prompt stand before the last turn of a user.

        They are the style's and the same for its next request; 0 where the template moves turns.
        """
        asked = next((m.content for m in reversed(conversation) if m.role == "user"), "")
        segments = self.segments(conversation)
        turns = [n for n, s in enumerate(segments) if not s.trusted and s.text == asked]
        before = enumerate(segments[: turns[-1]] if turns else ())
        return sum(len(self.tokens_of(segment, first=n == 0)) for n, segment in before)

    def tokens_of(self, segment: Segment, *, first: bool) -> tuple[int, ...]:
        """Return the tokens of one piece; the first begins the text, where the model wants that."""
        given = bool(self._start) and segment.text.startswith(self._start)
        return self._weights.tokenize(
            segment.text, special=segment.trusted, start=first and not given
        )

    def segments(self, conversation: Conversation) -> tuple[Segment, ...]:
        """Return the prompt in pieces, those of people apart from those of the template."""
        continues = conversation[-1].role == "assistant"
        roles = [message.role for message in conversation]
        contents = [message.content for message in conversation]
        try:
            text = self._render(roles, contents, continues)
        except ModelUnavailable:
            # Some templates know no system turn: its words open the first user turn instead.
            if len(roles) < 2 or roles[0] != "system":
                raise
            contents = [contents[0] + "\n\n" + contents[1], *contents[2:]]
            text = self._render(roles[1:], contents, continues)
        parts = _PLACEHOLDER.split(text)
        if continues:
            parts = parts[:-1]
        found = [
            Segment(contents[int(part)], False) if number % 2 else Segment(part, True)
            for number, part in enumerate(parts)
        ]
        return tuple(segment for segment in found if segment.text)

    def _render(self, roles: Sequence[str], contents: Sequence[str], continues: bool) -> str:
        from jinja2 import TemplateError

        formatter = self._continuing if continues else self._answering
        messages = [
            {"role": role, "content": f"\ue000{number}\ue001"} for number, role in enumerate(roles)
        ]
        try:
            text = str(formatter(messages=messages, enable_thinking=False).prompt)
        except (TemplateError, ValueError) as error:
            raise ModelUnavailable(
                f"The chat template of {self._weights.path.name!r} cannot be used ({error}); "
                "choose an instruct model."
            ) from error
        if len(_PLACEHOLDER.findall(text)) < len(contents):
            raise ModelUnavailable(
                f"The chat template of {self._weights.path.name!r} drops parts of the request; "
                "choose another instruct model."
            )
        return text
