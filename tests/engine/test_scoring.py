"""The scores, on small literal cases in English and Chinese."""

import random
import time

import pytest

from engine.models.embedder import HashingEmbedder, MiniLMEmbedder
from engine.never import NeverList
from engine.scoring.copying import copied
from engine.scoring.facts import find_facts
from engine.scoring.faithfulness import faithful
from engine.scoring.meaning import GATE, meaning
from engine.scoring.never import find_never
from engine.scoring.numerals import numbers
from engine.scoring.overlap import bleu4, rouge_l
from engine.scoring.scorer import NoteScorer
from engine.scoring.striking import without_struck
from engine.scoring.style import style
from engine.types import Habit, SignatureWord, StyleProfile, StyleSample
from tests import builders

SOURCE = "Entry is free but parking costs £3. Mrs Okafor will judge the marrows."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("three men and twenty-one dogs", {"3", "21"}),
        ("12 人、十二个、二〇二六年", {"12", "2026"}),
        ("三成的人", {"30"}),
        ("1,200.50 at 10:30", {"1200.5", "10:30"}),
        ("one day a thousand", set()),
        ("一百二十三元", {"123"}),
        ("7.30 pm or 19:00", {"7:30", "19"}),
        ("周六和星期天，六个人", {"周六", "周日", "6"}),
    ],
)
def test_numbers_are_one_number_however_they_are_written(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("fact", "text", "found"),
    [
        ("Parking costs £3.", "It will cost you £3 to park, so cycle; parking is dear.", True),
        ("Parking costs £3.", "Parking costs £5.", False),
        ("Parking costs £3.", "Parking costs three pounds £.", True),
        ("Mrs Okafor judges the marrows.", "The marrows? Mrs Okafor judges them.", True),
        ("Mrs Okafor judges the marrows.", "Mrs Brown judges the marrows.", False),
        ("The pool reopens on 3 March.", "The pool does not reopen on 3 March.", False),
        ("The pool reopens on 3 March.", "Rain again. The pool does not reopen on 3 March.", False),
        ("Parking costs £3.", "Parking costs £3, and nothing else is known.", True),
        ("Parking costs £3.", "Nobody complains, but parking costs £3.", True),
        ("The ferry goes at six.", "The ferry goes at six, and nobody misses the ferry.", True),
        ("Parking costs £3.", "Parking never, I hear, costs £3.", False),
        ("Dogs are not allowed inside.", "No dogs are allowed inside, and nobody minds.", True),
        ("No, dogs are not allowed inside.", "No, dogs are not allowed inside.", True),
        ("Dogs are not allowed inside.", "Dogs are allowed inside, and nobody minds.", False),
        ("渡船六点开。", "渡船六点开，谁也不等。", True),
        ("课在第二食堂上。", "课在第二食堂上，不在教室，食堂不供饭，也没有水。", True),
        ("轮毂没换。", "那轮毂啊，没换，二奎说不要紧。", True),
        ("渡船六点开。", "渡船不是六点开，大家都等。", False),
        ("开放日是周六。", "周六就是开放日。", True),
        ("开放日是周六。", "开放日在周日。", False),
        ("票价12元", "票价十二元", True),
        ("图书馆周六开门", "周六图书馆会开门。", True),
        ("图书馆周六开门", "图书馆周六不开门。", False),
        ("Doors open at 7:30 pm", "The doors open at 7.30 pm.", True),
        ("We meet in room 12B", "Room 12C is where we meet.", False),
    ],
)
def test_a_fact_is_found_only_where_it_is_told(fact: str, text: str, found: bool) -> None:
    assert find_facts([fact], text)[0] == (found,)


def test_a_found_fact_is_marked_where_it_stands() -> None:
    text = "Rain again. Parking costs £3. So it goes."
    (span,) = find_facts(["Parking costs £3."], text)[1]
    assert (text[span.start : span.end], span.kind) == ("Parking costs £3.", "fact")


def test_copied_runs_are_measured_and_named_and_told_words_do_not_count() -> None:
    sample = StyleSample(title="diary", text="We walked to the harbour before dawn, as ever.")
    text = "I said we walked to the harbour before dawn and slept."
    share, (span,) = copied(text, [sample], "", "en")
    assert share == pytest.approx(7 / 11)
    assert (text[span.start : span.end], span.note) == (
        "we walked to the harbour before dawn",
        "diary",
    )
    assert copied(text, [sample], text, "en") == (0.0, ())
    assert copied("Something else altogether, quite new to us all.", [sample], "", "en")[0] == 0


def test_faithfulness_names_what_is_not_in_the_source() -> None:
    good, none = faithful("Mrs Okafor will judge the marrows.", SOURCE, None)
    assert good == pytest.approx(1.0)
    assert none == ()
    for wrong, why in (("Parking costs £4.", "number: £4"), ("We ask Bob to judge.", "name: Bob")):
        score, (span,) = faithful(wrong, SOURCE, None)
        assert score < 0.2
        assert span.note == why


def test_one_invention_holds_the_whole_score_down() -> None:
    said = "Entry is free. Parking costs £3. Mrs Okafor will judge the marrows."
    assert faithful(said, SOURCE, None)[0] > 0.9
    assert faithful(said + " The king came by helicopter.", SOURCE, None)[0] < 0.6


def test_rouge_l_is_the_hand_computed_f1_in_both_languages() -> None:
    # LCS "the cat" = 2 of 3 and 3 tokens: F1 = 2/3.
    assert rouge_l("the cat sat", "the cat ate") == pytest.approx(200 / 3)
    # 我们去公园 and 我们回公园: LCS 4 of 5 and 5 characters.
    assert rouge_l("我们去公园", "我们回公园") == pytest.approx(80.0)
    assert rouge_l("用GPU写笔记", "用GPU画图") < 60
    assert rouge_l("", "x") == 0.0


def test_bleu_takes_the_tokenizer_of_the_language_and_effective_order() -> None:
    # 72.4: sacreBLEU 2.6 with tokenize="zh" on this pair (reference note on metric traps).
    one, other = "今天天气很好，我们去公园散步。", "今天天气不错，我们去公园散步。"
    assert bleu4(one, other) == pytest.approx(72.4, abs=0.05)
    assert bleu4("very good", "very good") == pytest.approx(100.0)


def test_style_prefers_a_text_of_the_same_voice() -> None:
    loud = [
        "OMG you guys!!! I LOVED it so much!! Best day ever, honestly!!!",
        "So good!!! Go now!!",
    ]
    calm = ["The committee met on Tuesday. Minutes were read; no objection was raised."]
    mine = "Honestly you guys, the cake!!! So so good!!!"
    assert style(mine, loud, "en") > style(mine, calm, "en")
    assert 0.0 <= style("", loud, "en") <= 1.0


LOUD = (
    "Honestly! The tide does not care! It comes, honestly, and it goes!",
    "We walked, honestly, to the harbour! The gulls were louder than the engines!",
    "Bring a coat! It rains here, honestly, and it never stops for long!",
)


def loud(*struck: str) -> StyleProfile:
    """Return the profile of a writer who shouts and says honestly."""
    word = SignatureWord(word="honestly", count=5, pmi=3.5, score=3.5, example=LOUD[0])
    mark = Habit(name="exclamation", mark="!", rate=9.0, reference_rate=0.2, example=LOUD[0])
    return builders.profile(samples=LOUD, words=(word,), habits=(mark,), struck=struck)


def test_what_is_struck_out_is_put_plainly() -> None:
    assert without_struck("Honestly, it rains!! Honestly!", loud()) == (
        "Honestly, it rains!! Honestly!"
    )
    assert without_struck("It is, Honestly, wet!!", loud("honestly")) == "It is, wet!!"
    assert without_struck("It goes, honestly!", loud("honestly")) == "It goes!"
    assert without_struck("It rains!! Dishonestly so!", loud("honestly", "exclamation")) == (
        "It rains. Dishonestly so."
    )
    both = builders.profile(
        language="zh",
        habits=tuple(
            Habit(name=name, mark="", rate=1.0, reference_rate=0.0, example="")
            for name in ("parentheses", "ellipsis", "emoji")
        ),
        words=(),
        struck=("parentheses", "ellipsis", "emoji", "tag:question"),
    )
    assert without_struck("下雨了……（又是雨）走吧🙂", both) == "下雨了。又是雨走吧"


@pytest.mark.parametrize("struck", ["exclamation", "honestly"])
def test_a_text_without_a_struck_habit_comes_nearer_and_one_with_it_farther(struck: str) -> None:
    scorer = NoteScorer(HashingEmbedder())
    with_it = "Honestly! The boats came in at dawn, honestly, and we ate on the wall!"
    without = without_struck(with_it, loud(struck))

    def scored(text: str, profile: StyleProfile) -> float:
        found = scorer.score(text, language="en", profile=profile).style
        assert found is not None
        return found

    kept, gone = loud(), loud(struck)
    assert scored(without, gone) > scored(without, kept)
    assert scored(with_it, gone) < scored(with_it, kept)
    assert scored(with_it, gone) == scored(without, gone)
    assert scored(with_it, loud("tag:question")) == scored(with_it, kept)


def test_meaning_is_kept_by_a_retelling_and_lost_by_another_topic() -> None:
    embedder = HashingEmbedder()
    source = "图书馆周六开门，门票十二元，请带雨伞。"
    assert meaning(source, source, "zh", embedder) == 1.0
    assert meaning("周六去图书馆吧！门票才十二元，记得带上雨伞哦。", source, "zh", embedder) > GATE
    assert meaning("今晚的鱼汤真鲜，我喝了三碗。", source, "zh", embedder) == 0.0
    assert meaning(SOURCE, SOURCE, "en", embedder) == pytest.approx(1.0)


@pytest.mark.real
def test_meaning_on_the_embedded_model() -> None:
    embedder = MiniLMEmbedder(threads=1)
    told = "You pay nothing to get in, £3 to park. The marrows? Mrs Okafor judges them."
    assert meaning(told, SOURCE, "en", embedder) > GATE
    assert meaning("The soup was hot and we all slept till noon.", SOURCE, "en", embedder) < 0.2


def test_scores_whose_inputs_are_absent_are_null() -> None:
    scorer = NoteScorer(HashingEmbedder())
    bare = scorer.score("Some text.", language="en")
    assert (bare.style, bare.meaning, bare.faithful, bare.factual, bare.vss) == (None,) * 5
    assert (bare.copied, bare.fact_recall, bare.length_ratio) == (None,) * 3
    assert bare.signature.startswith("notewright-scorer/3 lang=en style=contrast-96 ")


def test_every_score_is_there_when_its_input_is() -> None:
    scores = NoteScorer(HashingEmbedder()).score(
        "Entry is free but parking costs £3.",
        language="en",
        samples=["We walked to the harbour."],
        source=SOURCE,
        facts=["Parking costs £3."],
        knowledge="Parking costs £3 and entry is free.",
        words=14,
    )
    assert scores.length_ratio == pytest.approx(0.5)
    assert scores.facts_found == (True,)
    assert None not in (scores.style, scores.meaning, scores.faithful, scores.factual, scores.vss)


def test_style_without_the_meaning_is_worth_a_tenth() -> None:
    scorer = NoteScorer(HashingEmbedder())
    text = "Bananas sing softly at midnight!"
    off = scorer.score(text, language="en", samples=["Gosh! Wow!"], source=SOURCE)
    on = scorer.score(text, language="en", samples=["Gosh! Wow!"], source=text)
    assert off.vss == pytest.approx(0.1 * (off.style or 0))
    assert on.vss == on.style


def test_the_never_list_is_marked_where_it_stands_and_a_fact_excuses_it() -> None:
    style = builders.profile(never=("robust", "in the  end", "赋能", "!!", "absent words", " "))
    scores = NoteScorer(HashingEmbedder()).score(
        "A Robust pump, in the\nend!! Robustly赋能 bookend.",
        language="en",
        facts=["The pump is robust"],
        profile=style,
    )
    spans = [(s.kind, s.note) for s in scores.spans if s.kind.startswith("never")]
    assert spans == [
        ("never_told", "robust"),
        ("never", "in the end"),
        ("never", "!!"),
        ("never", "赋能"),
    ]


def test_a_long_never_list_is_checked_in_no_time() -> None:
    phrases = tuple(f"word{n} other{n}" for n in range(10_000))
    text = "The ferry leaves at six and word7 other7 waits. " * 10
    find_never(text, phrases)
    started = time.process_time()
    assert len(find_never(text, phrases)) == 10
    assert time.process_time() - started < 0.1


def test_drafting_and_scoring_agree_on_what_is_on_the_list() -> None:
    draw = random.Random(9)
    for _ in range(300):
        text = "".join(draw.choice("ab '一.\n") for _ in range(30))
        phrase = "".join(draw.choice("ab 一.") for _ in range(draw.randint(1, 4)))
        drafted = bool(NeverList.of([phrase]).find(text))
        assert bool(find_never(text, [phrase])) == drafted, (text, phrase)


def test_slop_is_scored_with_the_list_in_force_and_the_signature_names_it() -> None:
    text = "Overall, the pump works more or less."
    ours = NoteScorer(HashingEmbedder()).score(text, language="en")
    theirs = NoteScorer(HashingEmbedder(), {"en": ("more or less",)}).score(text, language="en")
    assert [text[s.start : s.end] for s in ours.spans] == ["Overall"]
    assert [text[s.start : s.end] for s in theirs.spans] == ["more or less"]
    assert ours.slop == pytest.approx(1 / 7)
    assert ours.signature != theirs.signature
