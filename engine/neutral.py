"""An author's text said in plain sentences: the other side of what a stylist learns from.

The stylist's own adapter does it: plain prose is a style like any other, and the general adapter
was taught that direction too (back-translation, Sennrich et al. 2016). What it loses is caught by
whoever uses it: the pairs are aligned and checked before anything is learned from them.
"""

from dataclasses import dataclass

from engine.keeping import likeness
from engine.protocols import StopCheck, TextModel, never_stop
from engine.restyle import joined, ranked
from engine.restyling import ask, restyle_conversation
from engine.text import count_words, sentences
from engine.types import Generation, Language, Sampling

# Three notes in flat prose, written for this: what "plain" looks like.
_PLAIN = {
    "en": (
        "The meeting began at 9:30 and ended at 11:00. Six members attended and two sent "
        "apologies. The committee agreed to repair the roof in April. The cost will be 2,400 "
        "pounds, which is 300 pounds less than the first estimate.",
        "The engine stopped twice during the journey. The mechanic found that the fuel filter was "
        "blocked. She replaced the filter and tested the engine for 20 minutes. It did not stop "
        "again.",
        "The river rose by 40 centimetres on Tuesday night. Three houses were flooded, and nobody "
        "was hurt. The council delivered 500 sandbags. The water is expected to fall by Friday.",
    ),
}
_WORDINGS = 4
_LEAST = 0.35
_TOKENS_PER_WORD = 3


@dataclass(frozen=True)
class Neutraliser:
    """Says texts plainly with a model and an adapter that can.

    Args:
        model: the stylist's model.
        adapter: the general adapter, by the name that the model knows it by.
        language: of the texts; where no plain samples ship for it, nothing is said.
    """

    model: TextModel
    adapter: str | None
    language: Language
    should_stop: StopCheck = never_stop

    def __call__(self, text: str) -> str:
        """Return the plain version, sentence by sentence; "" where a sentence is lost."""
        plain = _PLAIN.get(self.language)
        if plain is None or self.adapter is None:
            return ""
        said: list[tuple[str, str]] = []
        for number, sentence in enumerate(sentences(text)):
            best = self._say(plain, said[-2:], sentence, seed=number)
            if best is None:
                return ""
            said.append((sentence, best))
        return joined([styled for _, styled in said], self.language)

    def _say(
        self, plain: tuple[str, ...], said: list[tuple[str, str]], sentence: str, *, seed: int
    ) -> str | None:
        chat = [
            *restyle_conversation(plain, said, self.language),
            ask(sentence, self.language),
        ]
        room = count_words(sentence, self.language) * _TOKENS_PER_WORD + 16
        drawn = Sampling(temperature=0.4, repeat_penalty=1.0, max_tokens=room, seed=seed)
        found = [
            event.text.strip()
            for event in self.model.generate(
                [chat] * _WORDINGS, drawn, adapter=self.adapter, should_stop=self.should_stop
            )
            if isinstance(event, Generation) and event.finish == "stop"
        ]
        good = [text for text in dict.fromkeys(found) if likeness(sentence, text) >= _LEAST]
        return ranked(sentence, good)[0] if good else None
