"""Metrics against other programs, or against numbers worked out by hand."""

import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]

from engine.notebench.metrics import Judged, Metric, metrics
from engine.notebench.samples import BenchItem, shipped
from engine.scoring.overlap import rouge_l
from engine.types import Scores
from tests.engine.notebench.made import REFERENCES, item, items, report

OUTPUTS = (
    "The ferry leaves at six and waits for nobody.",
    "Today there are 3 boats in the harbour, and I like them.",
    "The cafe opens at five.",
    "The market moved indoors because it rained on the market.",
    "Four men painted the lighthouse white again.",
    "Before ten in the morning Ann sold forty jars of honey.",
)
CHINESE = (
    ("渡船六点开，谁也不等。", "渡船六点钟开走，不等任何人。"),
    ("港口今天有三条船，我喜欢船。", "今天港口里停着三条船，我喜欢。"),
    ("咖啡馆五点开门，有新面包。", "咖啡馆五点就开门，面包是新的。"),
)


def named(name: str) -> Metric:
    return next(metric for metric in metrics() if metric.name == name)


def value_of(name: str, one: Judged) -> float | None:
    found = named(name).measured(one)
    return found.value if found else None


def judged(text: str, of: BenchItem, **scores: float) -> Judged:
    return Judged(of, text, Scores(signature="test", **scores))


# ------------------------------------------------------------------ BLEU against sacreBLEU


def test_bleu_of_many_is_sacrebleus_corpus_bleu() -> None:
    told = report(OUTPUTS).metrics["bleu4"]

    assert told.value == pytest.approx(sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES]).score)
    assert told.low < told.value < told.high


def test_bleu_takes_the_best_of_several_references() -> None:
    others = tuple(reversed(REFERENCES))
    several = [
        item(number, reference=(REFERENCES[number], others[number]))
        for number in range(len(REFERENCES))
    ]

    value = report(OUTPUTS, of=several).metrics["bleu4"].value

    assert value == pytest.approx(sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES, others]).score)


def test_items_may_have_different_numbers_of_references() -> None:
    first = item(0, reference=(REFERENCES[0], "The ferry leaves at six and waits for nobody."))

    assert report(OUTPUTS[:1], of=[first]).metrics["bleu4"].value == pytest.approx(100)


def test_chinese_bleu_is_by_characters() -> None:
    gold, texts = zip(*CHINESE, strict=True)
    told = [
        item(number, language="zh", reference=(text,), source=None, facts=())
        for number, text in enumerate(gold)
    ]

    value = report(texts, of=told).metrics["bleu4"].value

    assert value == pytest.approx(sacrebleu.corpus_bleu(texts, [gold], tokenize="zh").score)
    assert value > sacrebleu.corpus_bleu(texts, [gold]).score


def test_one_text_has_sentence_bleu_with_effective_order() -> None:
    short = judged("Boats.", item(1, reference=("Boats go.",)))

    expected = sacrebleu.sentence_bleu("Boats.", ["Boats go."], use_effective_order=True).score
    assert value_of("bleu4", short) == pytest.approx(expected)
    assert expected > 0


def test_chrf_is_sacrebleus() -> None:
    for gold in ([REFERENCES[0]], [REFERENCES[1], REFERENCES[0]], [CHINESE[0][0]]):
        for text in (OUTPUTS[0], CHINESE[0][1]):
            expected = sacrebleu.sentence_chrf(text, gold).score
            one = judged(text, item(0, reference=tuple(gold)))
            assert value_of("chrf", one) == pytest.approx(expected)


# ------------------------------------------------------------------ ROUGE-L


def test_rouge_l_is_that_of_rouge_score_on_english() -> None:
    scorer = RougeScorer(["rougeL"])
    odd = ("I don't, I won't: it's 3.5 km (or 1,200 m) to B-17_x!", "It isn't 3,5 km to b17 x.")
    told = [(one, other) for one in OUTPUTS for other in REFERENCES] + [odd]
    told += [
        (item.source or "", item.reference[0]) for item in (*shipped("dev"), *shipped("test"))
        if item.language == "en"
    ]  # fmt: skip

    for text, gold in told:
        expected = 100 * scorer.score(gold, text)["rougeL"].fmeasure
        assert rouge_l(text, gold) == pytest.approx(expected, abs=1e-9)
    assert len(told) > 100


def test_rouge_l_by_hand() -> None:
    # F1 is twice the longest common subsequence over both lengths.
    # gold: the ferry leaves at six and nobody waits for you       (10 tokens)
    # ours: the ferry leaves at six and waits for nobody           (9 tokens)
    # LCS:  the ferry leaves at six and waits for                  (8 tokens)
    assert rouge_l(OUTPUTS[0], REFERENCES[0]) == pytest.approx(200 * 8 / 19)
    # gold: a b c d; ours: d c b a -> one token in common order.
    assert rouge_l("d c b a", "a b c d") == pytest.approx(25)
    # 渡船六点开谁也不等 (9) and 渡船六点钟开走不等任何人 (12): 渡船六点开不等 (7).
    assert rouge_l(CHINESE[0][1], CHINESE[0][0]) == pytest.approx(200 * 7 / 21)
    assert rouge_l("", "a b") == 0


def test_rouge_l_takes_the_best_of_several_references() -> None:
    two = item(0, reference=("Nothing alike here.", REFERENCES[0]))
    assert value_of("rouge_l", judged(REFERENCES[0], two)) == pytest.approx(100)


# ------------------------------------------------------------------ the others


def test_repetition_by_hand() -> None:
    # Pairs ab ba ab ba ab: 2 of 5 differ. Runs of four abab baba abab: 1 of 3 comes again.
    loop = judged("a b a b a b", item(0))
    assert value_of("distinct2", loop) == pytest.approx(2 / 5)
    assert value_of("self_repetition", loop) == pytest.approx(1 / 3)
    # 船船船船船: all four pairs are one; both runs of four are one.
    boats = judged("船船船船船", item(0, language="zh"))
    assert value_of("distinct2", boats) == pytest.approx(1 / 4)
    assert value_of("self_repetition", boats) == pytest.approx(1 / 2)
    # Too short for a pair, for a run of four: nothing to measure.
    assert value_of("distinct2", judged("One.", item(0))) is None
    assert value_of("self_repetition", judged("One two three.", item(0))) is None


def test_a_mean_of_many_is_of_those_that_could_be_measured() -> None:
    # Distinct pairs: 2 of 5, 1 of 1, and a single word that has no pair.
    told = report(["a b a b a b", "Boats go.", "Boats."]).metrics["distinct2"]
    assert told.value == pytest.approx((2 / 5 + 1) / 2)
    assert told.n == 2


def test_a_hallucination_is_a_score_below_half() -> None:
    for score, expected in ((0.49, 1.0), (0.5, 0.0)):
        one = judged("x", item(0), faithful=score)
        assert value_of("faithful_hallucination", one) == expected
        assert value_of("factual_hallucination", one) is None


def test_what_an_item_lacks_is_none_and_not_in_the_report() -> None:
    bare = [item(0, reference=(), facts=(), source=None, words=None)]

    told = report(OUTPUTS[1:2], of=bare)

    assert told.items[0].scores["bleu4"] is None
    assert not {"bleu4", "rouge_l", "chrf", "faithful", "fact_recall", "length_ratio"} & set(
        told.metrics
    )
    assert told.metrics["style"].n == 1


def test_every_metric_has_a_name_of_its_own_and_a_signature() -> None:
    names = [metric.name for metric in metrics()]
    assert len(set(names)) == len(names)
    assert all(metric.signature for metric in metrics())
    assert all(f"{name}=[" in report(OUTPUTS[:1], of=items(1)).signature for name in names)
