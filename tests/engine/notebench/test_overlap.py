"""The contamination guard."""

import pytest

from engine.errors import NotFound
from engine.notebench import samples
from engine.notebench.overlap import Dropped, overlaps, without_overlaps
from tests.engine.notebench.made import item

KEPT = item(
    1,
    source="The ferry to the island leaves every day at six in the morning.",
    reference=("Six, and off she goes; nobody has ever seen the ferry wait for a bishop.",),
)
HAN = item(
    2,
    language="zh",
    source=None,
    reference=("渡船每天早上六点准时离开港口，谁也不等，连主教也不等。",),
)


def places(*texts: str) -> list[int]:
    return [found.place for found in overlaps(texts, items=[KEPT, HAN])]


def test_a_run_of_eight_tokens_is_found_whatever_surrounds_it() -> None:
    assert places("Fine. THE FERRY to the island, leaves — every day. And so on.") == [0]
    assert places("The ferry to the island leaves every Sunday.") == []  # seven
    assert places("Nothing alike.", KEPT.reference[0], "Six, and off she goes; nobody knows.") == [
        1
    ]


def test_han_characters_need_thirteen() -> None:
    assert places("他说渡船每天早上六点准时离开港口啊") == [0]  # fourteen
    assert places("他说渡船每天早上六点准时离开了") == []  # twelve


def test_the_item_and_the_words_are_told() -> None:
    [found] = overlaps(["every day at six in the morning, really"], n=5, items=[KEPT])
    assert (found.item, found.run) == ("i1", "every day at six in")


def test_rows_are_kept_or_dropped_with_the_item_and_the_words() -> None:
    rows = [
        {"prompt": "Write of fog.", "completion": "Fog, and no ferry to the island."},
        {"prompt": "The ferry to the island leaves every day.", "completion": "It does."},
        {"prompt": "写渡船。", "completion": "渡船每天早上六点准时离开港口，谁也不等。"},
        # No run goes over from one text of a row to the next.
        {"prompt": "The ferry to the island", "completion": "leaves every day at six."},
    ]

    found = without_overlaps(rows, lambda row: row.values(), items=[KEPT, HAN])

    assert found.kept == (rows[0], rows[3])
    english, chinese = found.dropped
    assert english == Dropped(
        rows[1],
        "i1",
        "shares the words 'the ferry to the island leaves every day' with NoteBench's item 'i1'",
    )
    assert (chinese.row, chinese.item) == (rows[2], "i2")


def test_an_item_without_texts_of_its_own_keeps_nothing_secret() -> None:
    assert overlaps(["anything"], items=[item(3, source=None, reference=())]) == ()


def test_without_the_data_that_ship_nothing_is_called_clean() -> None:
    try:
        shipped = [*samples.shipped("dev"), *samples.shipped("test")]
    except NotFound:
        with pytest.raises(NotFound, match="not in this installation"):
            overlaps(["anything"])
        with pytest.raises(NotFound, match="not in this installation"):
            without_overlaps(["anything"], lambda row: [row])
        return
    secret = [text for each in shipped for text in (*each.reference, each.source or "") if text]
    assert [found.place for found in overlaps(secret)] == list(range(len(secret)))
    assert without_overlaps(secret, lambda row: [row]).kept == ()
