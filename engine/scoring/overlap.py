"""ROUGE-L and BLEU-4 against a reference, for English and Chinese alike, in points of 100."""

import re
import unicodedata

from rapidfuzz.distance import LCSseq

from engine.scoring.support import is_han
from engine.text import LONE, tokens

_PART = re.compile(rf"[{LONE}]|[^\W_{LONE}]+")


def rouge_l(text: str, reference: str) -> float:
    """Return ROUGE-L F1 (Lin 2004), equal to the package rouge-score on plain English.

    A token is a run of letters and digits, as there (so don't is two), or one Han character. That
    package drops every other letter, é as well as 船.
    """
    own, gold = _parts(text), _parts(reference)
    common = LCSseq.similarity(own, gold)
    return 200.0 * common / (len(own) + len(gold)) if common else 0.0


def _parts(text: str) -> list[str]:
    return _PART.findall(unicodedata.normalize("NFKC", text).lower())


def bleu4(text: str, reference: str) -> float:
    """Return sentence BLEU-4 by sacreBLEU: `zh` where Han dominates, else `13a`."""
    from sacrebleu.metrics.bleu import BLEU

    found = tokens(reference)
    chinese = 2 * sum(map(is_han, found)) > len(found)
    metric = BLEU(tokenize="zh" if chinese else "13a", effective_order=True)
    return float(metric.sentence_score(text, [reference]).score)
