"""Token bytes as text that can be shown: whole characters, and nothing past a stop string."""

import codecs
from collections.abc import Sequence


class TextStream:
    """Collects one conversation's text; `text` is what was released so far."""

    def __init__(self, stops: Sequence[str]) -> None:
        """Keep the stop strings."""
        self._stops = tuple(stop for stop in stops if stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.text = ""
        self.stopped = False

    def push(self, data: bytes) -> str:
        """Add a token's bytes and return the text that became certain."""
        return self._release(self._held + self._decoder.decode(data))

    def finish(self) -> str:
        """Return what was held back, at the end of the conversation."""
        if self.stopped:
            return ""
        ready = self._release(self._held + self._decoder.decode(b"", final=True))
        rest, self._held = self._held, ""
        self.text += rest
        return ready + rest

    def _release(self, text: str) -> str:
        cuts = [at for at in (text.find(stop) for stop in self._stops) if at >= 0]
        if cuts:
            self.stopped = True
            ready, self._held = text[: min(cuts)], ""
        else:
            keep = self._uncertain(text)
            ready, self._held = text[: len(text) - keep], text[len(text) - keep :]
        self.text += ready
        return ready

    def _uncertain(self, text: str) -> int:
        """Return how many characters at the end may be the beginning of a stop string."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-size:]) for stop in self._stops):
                return size
        return 0
