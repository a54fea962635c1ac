"""Chats as tokens, by the template that the model file carries.

Text from people is never shown to the template: it is rendered with placeholders, then the
template's own parts are read with control tokens on and the messages with them off, so that
`<|im_end|>` inside a message stays text.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import ModelUnavailable
from engine.models.llamacpp_library import LlamaWeights, Tokens
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


class ChatTemplate:
    """Renders conversations for one model."""

    def __init__(self, weights: LlamaWeights) -> None:
        """Compile the model's template, or ChatML where it has none."""
        # Imported with llama.cpp, which the weights have loaded already.
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._weights = weights
        api, vocabulary = weights.api, weights.vocabulary
        self._start = weights.token_text(api.llama_vocab_bos(vocabulary))
        source = weights.metadata("tokenizer.chat_template") or CHATML
        self._answering, self._continuing = (
            Jinja2ChatFormatter(
                template=source,
                bos_token=self._start,
                eos_token=weights.token_text(api.llama_vocab_eos(vocabulary)),
                add_generation_prompt=prompt,
            )
            for prompt in (True, False)
        )

    def tokens(self, conversation: Conversation) -> Tokens:
        """Return the prompt: all turns, then the opening of the answer or of its continuation.

        Raises:
            ModelUnavailable: the template refuses this order of turns.
        """
        segments = self.segments(conversation)
        given = bool(self._start) and segments[0].text.startswith(self._start)
        out: list[int] = []
        for number, segment in enumerate(segments):
            out += self._weights.tokenize(
                segment.text, special=segment.trusted, start=number == 0 and not given
            )
        return tuple(out)

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
