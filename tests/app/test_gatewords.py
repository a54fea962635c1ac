"""The gate's report can be read in both languages, whatever it found."""

from typing import get_args

import pytest

from app.gatewords import change_words, gate_reasons, gate_verdict, metric_name
from app.i18n import Texts
from engine.types import Language
from finetune.gate import METRICS
from finetune.gate_report import Change, GateReport, Reason, ReasonKind


def report(*reasons: Reason) -> GateReport:
    """Return a refusal for these reasons."""
    style = Change(
        metric="style",
        role="aim",
        better="higher",
        verdict="better",
        n=12,
        before=0.5,
        after=0.625,
        difference=0.125,
        low=0.0625,
        high=0.1875,
        p=0.002,
    )
    unknown = Change(metric="faithful", role="guard", better="higher", verdict="unknown", n=0)
    return GateReport(
        candidate="new",
        current=None,
        language="en",
        decision="refuse",
        reasons=reasons,
        changes=(style, unknown),
        items=(),
    )


def test_the_report_is_told_in_sentences() -> None:
    """Figures are rounded and the interval has its signs."""
    told = report(Reason(kind="better", metric="style"), Reason(kind="too-few", count=3))
    assert list(gate_reasons(told, Texts("en"))) == [
        "Better: Style 0.50 → 0.62 on 12 texts (difference +0.06 to +0.19).",
        "3 texts are too few to tell; it takes at least 6.",
    ]
    assert gate_verdict(told, Texts("zh")) == "新版本不启用，继续使用旧版本。"


@pytest.mark.parametrize("language", get_args(Language))
def test_every_reason_and_metric_has_words(language: Language) -> None:
    """No key is missing, and no placeholder is left open."""
    t = Texts(language)
    kinds = get_args(ReasonKind)
    for kind in kinds:
        metric = "style" if kind in {"better", "worse"} else "faithful"
        (sentence,) = gate_reasons(report(Reason(kind=kind, metric=metric, count=3)), t)
        assert sentence
        assert "{" not in sentence
    assert len({metric_name(told.name, t) for told in METRICS}) == len(METRICS)
    assert metric_name("faithful", t) in change_words(report().changes[1], t)
