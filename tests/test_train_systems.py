"""The rows that the table's adapters learn from: the systems' own prompts, best and worst."""

from engine.learning_types import SFTExample
from engine.types import Message, Scores
from scripts.train_general import Lesson
from scripts.train_systems import Numbered, best_and_worst, stylist_rows, vanilla_rows

LESSON = Lesson(
    ["Honestly, the tide does not care!", "Honestly, it rained."],
    [("The ferry leaves at six.", "Six sharp, honestly!"), ("It rained.", "Rain, honestly!")],
)


def candidate(*said: str, style: float, faithful: float = 0.9) -> tuple[SFTExample, Scores]:
    """Return a candidate that says two sentences so."""
    asked = ("The ferry leaves at six.", "It rained.")
    chat = [Message(role="system", content="Write.")]
    for plain, styled in zip(asked, said, strict=True):
        chat += [Message(role="user", content=plain), Message(role="assistant", content=styled)]
    example = SFTExample(messages=tuple(chat), origin="gate", sources=("lesson-1",))
    return example, Scores(style=style, faithful=faithful, meaning=0.9, signature="test")


def test_vanilla_rows_ask_for_the_whole_note_at_once() -> None:
    """As the system asks, and the answer is the whole of the author's text."""
    (row,) = vanilla_rows([Numbered("lesson-0", LESSON)])
    assert row.messages[-1].content == "Six sharp, honestly! Rain, honestly!"
    assert "The ferry leaves at six. It rained." in row.messages[-2].content
    assert row.sources == ("lesson-0",)


def test_stylist_rows_go_sentence_by_sentence() -> None:
    """The lesson goes with its row, since its samples say what style is."""
    ((row, lesson),) = stylist_rows([Numbered("lesson-0", LESSON)])
    assert lesson is LESSON
    roles = [message.role for message in row.messages]
    assert roles == ["system", "user", "assistant", "user", "assistant"]


def test_a_pair_is_the_sentence_that_best_and_worst_say_most_differently() -> None:
    """What came before is the better one's."""
    best = candidate("At six!", "Rain, honestly!", style=0.9)
    worst = candidate("At six.", "There was some amount of rain.", style=0.6)
    pair = best_and_worst([candidate("At 6!", "Rain!", style=0.8), worst, best])
    assert pair is not None
    assert pair.prompt == best[0].messages[:4]
    assert [m.content for m in pair.chosen] == ["Rain, honestly!"]
    assert [m.content for m in pair.rejected] == ["There was some amount of rain."]
    assert pair.kind == "style"


def test_an_unfaithful_candidate_is_the_worst_whatever_its_style() -> None:
    """Then the pair is about content."""
    lies = candidate("At nine!", "Rain, honestly!", style=1.0, faithful=0.1)
    dull = candidate("At six.", "It rained.", style=0.55)
    best = candidate("At six!", "Rain, honestly!", style=0.9)
    pair = best_and_worst([dull, lies, best])
    assert pair is not None
    assert pair.kind == "content"
    assert [m.content for m in pair.rejected] == ["At nine!"]


def test_without_a_good_candidate_or_a_difference_there_is_no_pair() -> None:
    """Nothing is learned from the least bad, nor from equal texts."""
    bad = candidate("At nine!", "Snow.", style=0.2, faithful=0.1)
    good = candidate("At six!", "Rain!", style=0.9)
    assert best_and_worst([bad, bad]) is None
    assert best_and_worst([good, good]) is None
