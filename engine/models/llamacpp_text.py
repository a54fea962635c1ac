"""Token bytes as text that can be shown: whole characters, nothing past a stop string, and nothing
that is, or may yet become, a phrase of the never list."""

import codecs
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from engine.never import NeverList, Watch
from engine.text import sentence_spans

_ENDS = (".", "!", "?", "…", "。", "！", "？")
_CLOSERS = "\"'”’」』)）》"


class TextStream:
    """Collects one conversation's text; `text` is what was released so far.

    With a never list, text is held back from the token on in which an entry may begin. When one is
    certain, `caught` is that token's number: the caller takes back the text from there with
    `rewind`, or gives up with `end_cleanly`.
    """

    def __init__(self, stops: Sequence[str], never: Sequence[str] = ()) -> None:
        """Keep the stop strings and the never list."""
        self._stops = tuple(stop for stop in stops if stop)
        self._never = NeverList.of(never) if never else None
        self._pieces: list[bytes] = []
        self.text = ""
        self.rewind(0)

    def rewind(self, tokens: int) -> None:
        """Take back all but the first `tokens` tokens; none of what goes was released."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        kept, self._pieces = self._pieces[:tokens], []
        self._whole = ""
        self._starts: list[int] = []
        self._watch: Watch | None = self._never.watch() if self._never else None
        self.stopped = False
        self.caught: int | None = None
        for piece in kept:
            self._add(piece)
        if self._watch:
            self._watch.feed(self._whole)

    def push(self, data: bytes) -> str:
        """Add a token's bytes and return the text that became certain."""
        known = len(self._whole)
        self._add(data)
        return self._advance(known, ended=False)

    def finish(self) -> str:
        """Return what was held back, at the end of the conversation."""
        if self.stopped or self.caught is not None:
            return ""
        known = len(self._whole)
        self._whole += self._decoder.decode(b"", final=True)
        return self._advance(known, ended=True)

    def end_cleanly(self) -> None:
        """Cut the text after its last whole sentence; an entry could not be written around."""
        ends = [end for _, end in sentence_spans(self.text)]
        ends = [e for e in ends if self.text[:e].rstrip(_CLOSERS).endswith(_ENDS)]
        self.text = self.text[: max(ends, default=0)]

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._starts.append(len(self._whole))
        self._whole += self._decoder.decode(piece)

    def _advance(self, known: int, *, ended: bool) -> str:
        """Release what is certain; all before `known` has been looked at."""
        cuts = [at for stop in self._stops if (at := self._whole.find(stop, len(self.text))) >= 0]
        end = min(cuts, default=len(self._whole))
        self.stopped = bool(cuts)
        ended = ended or self.stopped
        sure = end if ended else end - self._uncertain()
        if self._watch:
            hit = self._watch.feed(self._whole[known:end], ended=ended)
            if hit is not None:
                self.caught = self._token_at(hit.start)
                return ""
            if not ended and self._watch.pending < end:
                sure = min(sure, self._starts[self._token_at(self._watch.pending)])
        sure = max(sure, len(self.text))
        ready = self._whole[len(self.text) : sure]
        self.text += ready
        return ready

    def _token_at(self, place: int) -> int:
        """Return the number of the token in which a character begins."""
        exact = bisect_left(self._starts, place)
        if exact < len(self._starts) and self._starts[exact] == place:
            return exact
        return bisect_right(self._starts, place) - 1

    def _uncertain(self) -> int:
        """Return how many characters at the end may be the beginning of a stop string."""
        unseen = len(self._whole) - len(self.text)
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, unseen), 0, -1):
            if any(stop.startswith(self._whole[-size:]) for stop in self._stops):
                return size
        return 0
