"""Chats as training rows: the tokens that inference reads, and how much each of them is learned.

The served model's own template and vocabulary make the tokens (control tokens off in what people
wrote), so that training sees, token for token, what the stylist will be asked.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.models.llamacpp_template import ChatTemplate, Vocabulary
from engine.moves import part_answer
from engine.types import Message

MOVES_WEIGHT = 0.5
"""Of the moves that an answer opens with, beside 1 of its text (arXiv 2603.05933)."""
_NEXT = Message(role="user", content=".")


class TokenRow(NamedTuple):
    """A row: token ids, and what each weighs in the loss: 0 where it is only read, 1 in answers."""

    input_ids: list[int]
    weights: list[float]


class Words(Vocabulary, Protocol):
    """The words of a model, in a GGUF file (LlamaWeights) or a folder (FolderWords)."""

    def token_ends(self, text: str) -> Sequence[int]:
        """Return where each token of a person's text ends in it, in bytes of UTF-8."""


class Renderer:
    """Turns chats into rows with a model's own template and vocabulary."""

    def __init__(self, words: Words) -> None:
        """Take the words of the model that is served."""
        self._words = words
        self._template = ChatTemplate(words)

    def prompt(self, chat: Sequence[Message]) -> list[int]:
        """Return the tokens that inference reads before it answers a chat."""
        return list(self._template.tokens(chat))

    def row(self, chat: Sequence[Message]) -> TokenRow:
        """Return a chat that ends with an answer, all its answers learned up to their end marks."""
        segments = self._template.segments([*chat, _NEXT])
        answers = self._answers(chat, [s.text for s in segments if not s.trusted])
        ids: list[int] = []
        weights: list[float] = []
        number, after_answer = 0, False
        for place, segment in enumerate(segments):
            tokens = self._template.tokens_of(segment, first=place == 0)
            answer = not segment.trusted and answers[number]
            number += not segment.trusted
            if after_answer:
                # The end mark is learned too, or the model would not know when to stop.
                ids.append(tokens[0])
                weights.append(1.0)
                if not any(answers[number:]):
                    break
                tokens = tokens[1:]
                weights += [0.0] * len(tokens)
            elif answer:
                weights += self._weighed(segment.text, tokens)
            else:
                weights += [0.0] * len(tokens)
            ids += tokens
            after_answer = answer
        return TokenRow(ids, weights)

    def _weighed(self, text: str, tokens: Sequence[int]) -> list[float]:
        """Return the weights of an answer's tokens: those that end within its moves weigh less."""
        moves = len(part_answer(text)[0].encode())
        if not moves:
            return [1.0] * len(tokens)
        return [MOVES_WEIGHT if end <= moves else 1.0 for end in self._words.token_ends(text)]

    @staticmethod
    def _answers(chat: Sequence[Message], texts: Sequence[str]) -> list[bool]:
        """Tell for each piece of people's text whether it is an answer.

        A template without a system turn has it open the first user turn: one piece fewer.
        """
        roles = [m.role for m in (*chat, _NEXT) if m.content]
        return [role == "assistant" for role in roles[len(roles) - len(texts) :]]
