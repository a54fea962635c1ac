"""The NoteBench data that ships: nothing wrong with a row, and writers that are told apart."""

from engine.notebench.samples import shipped, shipped_rows
from tests.scripts import load_script

checks = load_script("validate_notebench")


def test_no_row_is_wrong_and_no_two_writers_share_a_run_of_words() -> None:
    data = checks.read(checks.SHIPPED)

    assert [fault for writer, rows in data.items() for fault in checks.faults(writer, rows)] == []
    assert list(checks.twins(data)) == []


def test_the_validator_sees_a_lost_fact_and_a_copied_note() -> None:
    writer, rows = next(iter(checks.read(checks.SHIPPED).items()))
    bent = [dict(row) for row in rows]
    bent[4]["facts"] = ["The lighthouse has 4,711 steps", *bent[4]["facts"][1:]]
    bent[1]["reference"] = bent[0]["reference"]

    told = "\n".join(checks.faults(writer, bent))

    assert "4,711" in told
    assert "share" in told


def test_voices_are_apart_and_neutral_texts_are_not_in_voice() -> None:
    data = checks.read(checks.SHIPPED)

    assert checks.told_apart(data, "en")[0] >= 0.9
    assert checks.told_apart(data, "zh")[0] >= 0.9
    own, plain = checks.neutral(data)
    assert own > 0.9
    assert plain < own - 0.3


def test_every_writer_has_an_item_in_both_splits_with_four_samples() -> None:
    dev, test = shipped("dev"), shipped("test")

    assert len(dev) == len(test) == 48
    assert len(shipped("test", "zh")) == 12
    assert {len(item.samples) for item in (*dev, *test)} == {4}
    assert len(list(shipped_rows())) == 288
    references = {text for item in (*dev, *test) for text in item.reference}
    assert not references & {sample for item in dev for sample in item.samples}
