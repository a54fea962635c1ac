"""ROUGE-L and BLEU-4 against a reference, for English and Chinese alike, in points of 100."""

from rapidfuzz.distance import LCSseq

from engine.scoring.support import is_han
from engine.text import tokens


def rouge_l(text: str, reference: str) -> float:
    """Return ROUGE-L F1 (Lin 2004) over this project's tokens: a Han character is one token."""
    own, gold = tokens(text), tokens(reference)
    common = LCSseq.similarity(own, gold)
    return 200.0 * common / (len(own) + len(gold)) if common else 0.0


def bleu4(text: str, reference: str) -> float:
    """Return sentence BLEU-4 by sacreBLEU: `zh` where Han dominates, else `13a`."""
    from sacrebleu.metrics.bleu import BLEU

    found = tokens(reference)
    chinese = 2 * sum(map(is_han, found)) > len(found)
    metric = BLEU(tokenize="zh" if chinese else "13a", effective_order=True)
    return float(metric.sentence_score(text, [reference]).score)
