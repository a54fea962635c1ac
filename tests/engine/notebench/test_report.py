"""Reports: what verify finds, what compare says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.notebench.report import BenchReport, checksum, compare, verify
from engine.notebench.samples import BenchItem
from tests.engine.notebench.made import REFERENCES, item, items, report, scoring

ITEMS = items(24)
COPIES = [each.reference[0] for each in ITEMS]
WRONG = ["Something else was said, at length and about nothing." for _ in ITEMS]


def told() -> BenchReport:
    return report(list(REFERENCES))


def differing(tampered: BenchReport) -> tuple[str, ...]:
    return verify(tampered, items(), scoring())


def test_an_honest_report_holds_also_when_read_back() -> None:
    assert differing(told()) == ()
    assert differing(BenchReport.model_validate_json(told().model_dump_json())) == ()


def test_a_tampered_text_is_found() -> None:
    first, *others = told().items
    changed = first.model_copy(update={"text": first.text.replace("six", "seven")})
    assert any("item i0" in line for line in differing(with_items(changed, *others)))


def test_a_text_that_no_metric_sees_changed_is_found() -> None:
    first, *others = told().items
    changed = first.model_copy(update={"text": first.text + " "})
    assert any("texts are not those" in line for line in differing(with_items(changed, *others)))


def test_a_tampered_score_is_found() -> None:
    first, *others = told().items
    for name, value in (("style", 0.123), ("bleu4", None), ("invented", 1.0)):
        changed = first.model_copy(update={"scores": {**first.scores, name: value}})
        assert any(f"i0: {name}" in line for line in differing(with_items(changed, *others)))


def test_a_tampered_metric_is_found() -> None:
    honest = told()
    for field, value in (("value", 99.0), ("low", 0.0), ("high", 100.5), ("n", 7)):
        better = honest.metrics["chrf"].model_copy(update={field: value})
        changed = honest.model_copy(update={"metrics": {**honest.metrics, "chrf": better}})
        assert any(f"metric chrf: {field}" in line for line in differing(changed))
    fewer = {name: each for name, each in honest.metrics.items() if name != "copied"}
    assert any("copied" in line for line in differing(honest.model_copy(update={"metrics": fewer})))


def test_other_data_are_found() -> None:
    other = (item(0, topic="Another topic"), *items()[1:])
    assert any("another checksum" in line for line in verify(told(), other, scoring()))
    assert any("one output for each" in line for line in verify(told(), items()[:5], scoring()))


def test_items_left_out_twice_or_miscounted_are_found() -> None:
    one, two, *others = told().items
    for kept in ([two, *others], [one, one, two, *others]):
        assert any("one output for each" in line for line in differing(with_items(*kept)))
    counted = told().data.model_copy(update={"n": 7})
    assert differing(told().model_copy(update={"data": counted})) == (
        "the report says 7 items, there are 6",
    )


def test_another_signature_is_found() -> None:
    assert differing(told().model_copy(update={"signature": "notebench/0"})) == (
        "the signature differs: another version or scorer made the report",
    )


def with_items(*outputs: object) -> BenchReport:
    return told().model_copy(update={"items": outputs})


def leaves(told: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths to all that is neither an object nor a list."""
    if isinstance(told, dict | list):
        for key, value in told.items() if isinstance(told, dict) else enumerate(told):
            yield from leaves(value, (*path, key))
    else:
        yield path


def changed(whole: dict[str, Any], path: tuple[str | int, ...]) -> BenchReport:
    """Return the report with one thing in it changed."""
    copy = json.loads(json.dumps(whole))
    *outer, last = path
    inner: Any = copy
    for key in outer:
        inner = inner[key]
    old = inner[last]
    inner[last] = 0.5 if old is None else f"{old} " if isinstance(old, str) else old + 1
    return BenchReport.model_validate(copy)


def test_whatever_is_changed_in_a_report_is_found() -> None:
    honest = report(list(REFERENCES[:2]))
    whole = honest.model_dump(mode="json")
    # Of alike places, such as the same field of every item, the last is tried.
    kinds = {tuple(k for k in path if not isinstance(k, int)): path for path in leaves(whole)}
    alike = {kind if kind[0] != "metrics" else kind[::2]: path for kind, path in kinds.items()}
    tops = {kind[0] for kind in alike}

    assert tops == BenchReport.model_fields.keys()
    assert verify(honest, items(2), scoring()) == ()
    for path in alike.values():
        assert verify(changed(whole, path), items(2), scoring()), path


def test_other_settings_systems_and_times_are_found() -> None:
    first, *others = told().items
    for tampered in (
        told().model_copy(update={"settings": {"seed": 1}}),
        told().model_copy(update={"settings": {}}),
        told().model_copy(update={"system": "ours"}),
        with_items(first.model_copy(update={"seconds": 0.01}), *others),
    ):
        assert differing(tampered) == (
            "the system, its settings or its times were changed (another checksum)",
        )


def test_the_checksum_is_of_content_not_of_files() -> None:
    assert checksum(items()) == checksum(list(items()))
    assert checksum(items()) != checksum(items()[::-1])
    assert checksum([BenchItem(id="1", topic="t", samples=("s",), reference="r")]) == checksum(
        [BenchItem(id="1", topic="t", samples=("s",), reference=("r",))]
    )


# ------------------------------------------------------------------ compare


def test_compare_finds_what_differs_and_nothing_between_equals() -> None:
    good, bad = report(COPIES, "good", ITEMS), report(WRONG, "bad", ITEMS)

    found = {row.metric: row for row in compare(bad, good, ITEMS, scoring())}
    assert found["rouge_l"].shown
    assert found["rouge_l"].low > 0
    assert found["rouge_l"].second == pytest.approx(100)
    assert found["faithful_hallucination"].difference == pytest.approx(-1)
    assert not any(row.shown for row in compare(good, good, ITEMS, scoring()))


def test_compare_measures_anew_and_does_not_trust_the_reports() -> None:
    good, bad = report(COPIES, "good", ITEMS), report(WRONG, "bad", ITEMS)

    boasting = bad.model_copy(update={"metrics": good.metrics})

    assert compare(boasting, good, ITEMS, scoring()) == compare(bad, good, ITEMS, scoring())


def test_reports_on_different_data_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different data"):
        compare(report(COPIES[:3]), report(COPIES[:4]), ITEMS[:3], scoring())
