"""What may be shown of an answer that grows, where nobody can take tokens back.

No thoughts, nothing past a stop string, no sentence that holds a phrase of the never list, and no
end without end.
"""

from collections.abc import Sequence

from engine.models.llamacpp_text import TextStream
from engine.never import NeverList
from engine.text import sentence_spans

_OPEN, _CLOSE = "<think>", "</think>"
_CHARACTERS_PER_TOKEN = 12


class ShownText:
    """One answer; `text` is what was shown so far.

    Args:
        stops: strings at which it ends.
        never: the never list; with one the text is shown a sentence at a time.
        most: tokens that were asked for. A server that sends on and on is cut where no so many
            tokens can reach.
    """

    def __init__(self, stops: Sequence[str], never: Sequence[str], most: int) -> None:
        """Begin with nothing."""
        self.text = ""
        self.thought = False
        self._stream = TextStream(stops)
        self._never = NeverList.of(never) if never else None
        self._unsure = ""
        self._head: str | None = ""
        self._left = _CHARACTERS_PER_TOKEN * (most + 1)

    @property
    def full(self) -> bool:
        """Whether more came than was asked for."""
        return self._left <= 0

    @property
    def stopped(self) -> bool:
        """Whether a stop string ended it, or too much text."""
        return self._stream.stopped or self.full

    def push(self, text: str) -> str:
        """Add a piece; return what may be shown now."""
        self._left -= len(text)
        return self._show(self._stream.push(self._said(text).encode(errors="replace")))

    def finish(self) -> str:
        """Return what was held back, at the end of the answer."""
        head, self._head = self._head or "", None
        said = "" if head.lstrip().startswith(_OPEN) else head
        ready = self._stream.push(said.encode(errors="replace")) + self._stream.finish()
        return self._show(ready, ended=True)

    def _said(self, text: str) -> str:
        """Return a piece less the thoughts that some models begin with, between their marks."""
        if self._head is None:
            return text
        self._head += text
        start = self._head.lstrip()
        if start.startswith(_OPEN):
            self.thought = True
            said = start.partition(_CLOSE)[2].lstrip()
            if not said:
                return ""
        elif _OPEN.startswith(start):
            return ""
        else:
            said = self._head
        self._head = None
        return said

    def _show(self, ready: str, *, ended: bool = False) -> str:
        if self._never is not None:
            ready = self._allowed(self._never, ready, ended=ended)
        self.text += ready
        return ready

    def _allowed(self, never: NeverList, ready: str, *, ended: bool) -> str:
        self._unsure += ready
        if ended:
            last = self._unsure if not self._stream.stopped else self._unsure.rstrip()
            return never.without(last)
        spans = sentence_spans(self._unsure)
        certain = spans[-1][0] if len(spans) > 1 else 0
        done, self._unsure = self._unsure[:certain], self._unsure[certain:]
        return never.without(done)
