"""Metrics against other programs, or against numbers worked out by hand."""

import pytest
import sacrebleu

from engine.notebench.metrics import Judged, Metric, metrics
from engine.notebench.samples import BenchItem
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
    assert named("bleu4").value(short) == pytest.approx(expected)
    assert expected > 0


def test_chrf_is_sacrebleus() -> None:
    expected = sacrebleu.sentence_chrf(OUTPUTS[0], [REFERENCES[0]]).score
    assert named("chrf").value(judged(OUTPUTS[0], item(0))) == pytest.approx(expected)


# ------------------------------------------------------------------ ROUGE-L


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
    assert named("rouge_l").value(judged(REFERENCES[0], two)) == pytest.approx(100)


# ------------------------------------------------------------------ the others


def test_repetition_by_hand() -> None:
    # Pairs ab ba ab ba ab: 2 of 5 differ. Runs of four abab baba abab: 1 of 3 comes again.
    loop = judged("a b a b a b", item(0))
    assert named("distinct2").value(loop) == pytest.approx(2 / 5)
    assert named("self_repetition").value(loop) == pytest.approx(1 / 3)


def test_a_hallucination_is_a_score_below_half() -> None:
    for score, expected in ((0.49, 1.0), (0.5, 0.0)):
        one = judged("x", item(0), faithful=score)
        assert named("faithful_hallucination").value(one) == expected
        assert named("factual_hallucination").value(one) is None


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
