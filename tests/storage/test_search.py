"""Finding notes by what they say, as it is typed, in English and Chinese."""

from datetime import timedelta

import pytest

from engine.errors import InvalidRequest, StorageError
from engine.types import Language, Note
from storage.records import NotePage
from storage.store import Store
from tests.builders import WHEN, choice, edit, note, profile, stars

STYLES: dict[str, Language] = {"Ada": "en", "Bea": "en", "陈": "zh"}


@pytest.fixture(autouse=True)
def styles(store: Store) -> None:
    """Save a style in each language."""
    for name, language in STYLES.items():
        store.save_profile("me", profile(name, language=language))


def keep(store: Store, topic: str, text: str = "Nothing much.", *, style: str = "Ada") -> Note:
    """Store a note whose only words are these, newer than all before."""
    kept = note(
        profile(style, language=STYLES[style]),
        topic=topic,
        text=text,
        facts=(),
        created_at=WHEN + timedelta(minutes=store.search("me").total),
    )
    store.save_note("me", kept)
    return kept


def titles(page: NotePage) -> list[str]:
    """Return the titles of a page, in its order."""
    return [found.title for found in page.notes]


def test_without_a_query_all_notes_come_newest_first(store: Store) -> None:
    for topic in ("one", "two", "three"):
        keep(store, topic)

    page = store.search("me")
    assert (titles(page), page.total) == (["three", "two", "one"], 3)
    assert page.notes[0].snippet == "Nothing much."


@pytest.mark.parametrize(
    "query", ["harbour", "h", "ha", "HARB", "harbour dawn", "dawn harb", "hárbour", "Harbour?"]
)
def test_a_note_is_found_as_its_words_are_typed(store: Store, query: str) -> None:
    keep(store, "The harbour at dawn")
    keep(store, "Night")

    assert titles(store.search("me", query)) == ["The harbour at dawn"]


def test_only_the_last_word_may_be_half_typed(store: Store) -> None:
    keep(store, "The harbour at dawn")

    assert store.search("me", "harb dawn").total == 0
    assert store.search("me", "harb ").total == 0


def test_topic_title_facts_and_text_are_searched(store: Store) -> None:
    kept = note(profile("Ada"), topic="Topicword", text="Textword.", facts=("Factword",))
    kept = kept.model_copy(update={"plan": kept.plan.model_copy(update={"title": "Titleword"})})
    store.save_note("me", kept)

    for word in ("topicword", "titleword", "factword", "textword"):
        assert titles(store.search("me", word)) == ["Titleword"], word
    assert store.search("me", "plainer").total == 0  # of a draft that was not chosen


@pytest.mark.parametrize("query", ["写作", "作", "写作风格", "风格", "GPU加速", "gpu", "速。"])
def test_chinese_is_found_by_any_run_of_characters(store: Store, query: str) -> None:
    keep(store, "写作风格", "我们用GPU加速。", style="陈")
    keep(store, "风景", "他作画，写诗。", style="陈")

    assert "写作风格" in titles(store.search("me", query))
    assert titles(store.search("me", "写作")) == ["写作风格"]


TYPED = [
    '"harbour"', '"', '""', "'", "harbour'--", "harbour AND dawn", "harbour OR night",
    "NOT night", "NEAR(harbour dawn)", "NEAR(harbour, 2)", "harbour*", "*", "^harbour",
    "title:dawn", "title : dawn", "{title text} : dawn", "-harbour", "harbour + dawn",
    "(harbour", "harbour)", "a\x00b", "\ud800", "harbour; DROP TABLE notes", "%", "_", "\\", "?",
    ":match", "‘harbour’",
    "o" * 5_000, "word " * 5_000, "💥", "\N{RIGHT-TO-LEFT OVERRIDE}dawn", "scope:len", "r5", "len",
]  # fmt: skip


@pytest.mark.parametrize("query", TYPED)
def test_whatever_is_typed_is_text_and_never_syntax(store: Store, query: str) -> None:
    keep(store, "The harbour at dawn")

    page = store.search("me", query)

    signs_only = {'"harbour"', "harbour'--", "harbour*", "^harbour", "-harbour", "harbour + dawn"}
    signs_only |= {"(harbour", "harbour)", "‘harbour’", "\N{RIGHT-TO-LEFT OVERRIDE}dawn"}
    assert page.total == (1 if query in signs_only else 0)


def test_syntax_words_are_found_as_words(store: Store) -> None:
    keep(store, "Near or not", "He said: harbour AND dawn.")

    for query in ("harbour AND dawn", "NEAR OR NOT", "near or not "):
        assert titles(store.search("me", query)) == ["Near or not"]


def test_the_best_match_comes_first_when_there_is_a_query(store: Store) -> None:
    keep(store, "Lighthouse")
    for i in range(5):
        keep(store, f"Walk {i}", "We passed the lighthouse, then the church, then the mill. " * 3)

    assert titles(store.search("me", "lighthouse"))[0] == "Lighthouse"
    assert titles(store.search("me", ""))[0] == "Walk 4"


def test_an_edit_is_found_and_shown_and_the_draft_stays_findable(store: Store) -> None:
    kept = keep(store, "Boats", "The ferry leaves.")
    store.add_feedback("me", edit(kept, "The dinghy leaves."))
    store.add_feedback("me", edit(kept, "The canoe leaves.", created_at=WHEN + timedelta(days=1)))

    assert store.search("me", "canoe").notes[0].snippet == "The \x02canoe\x03 leaves."
    assert store.search("me", "dinghy").total == 0
    assert store.search("me", "ferry").notes[0].snippet == "The canoe leaves."


def test_a_draft_that_the_writer_chose_is_found(store: Store) -> None:
    kept = keep(store, "Boats")
    store.add_feedback("me", choice(kept, 1))

    assert store.search("me", "plainer").total == 1


def test_filters_narrow_a_search_and_go_together(store: Store) -> None:
    for i, style in enumerate(["Ada", "Ada", "Bea", "陈"]):
        kept = keep(store, f"Boat {i}", style=style)
        store.add_feedback("me", stars(kept, i + 1))
    keep(store, "Boat 4")

    def found(**filters: object) -> list[str]:
        return sorted(titles(store.search("me", "boat", **filters)))  # type: ignore[arg-type]

    assert found(style="Ada") == ["Boat 0", "Boat 1", "Boat 4"]
    assert found(language="zh") == ["Boat 3"]
    assert found(min_stars=2) == ["Boat 1", "Boat 2", "Boat 3"]
    assert found(style="Ada", language="en", min_stars=2) == ["Boat 1"]
    assert found(style="Bea", language="zh") == []
    assert found(style="No such style") == []
    assert store.search("me", min_stars=4).total == 1


def test_the_stars_filter_follows_the_latest_rating(store: Store) -> None:
    kept = keep(store, "Boat")
    store.add_feedback("me", stars(kept, 5))
    assert store.search("me", min_stars=5).total == 1

    store.add_feedback("me", stars(kept, 2, created_at=WHEN + timedelta(days=1)))
    assert store.search("me", min_stars=3).total == 0
    assert store.search("me", "boat", min_stars=2).notes[0].stars == 2


def test_pages_part_the_notes_without_gaps_or_repeats(store: Store) -> None:
    for i in range(25):
        keep(store, f"Boat {i}")

    for query in ("", "boat"):
        pages = [store.search("me", query, limit=10, offset=at) for at in (0, 10, 20, 30)]
        assert [page.total for page in pages] == [25] * 4
        shown = [title for page in pages for title in titles(page)]
        assert sorted(shown) == sorted(f"Boat {i}" for i in range(25))
    assert store.search("me", limit=0) == NotePage(notes=[], total=25)
    assert titles(store.search("me", limit=2, offset=-5)) == ["Boat 24", "Boat 23"]


def test_counting_stops_at_a_thousand_and_so_many_come_newest_first(store: Store) -> None:
    for i in range(1_005):
        store.save_note(
            "me", note(profile("Ada"), topic=f"Boat {i}", created_at=WHEN + timedelta(minutes=i))
        )

    page = store.search("me", "boat", limit=2)
    assert (page.total, titles(page)) == (1_000, ["Boat 1004", "Boat 1003"])
    assert store.search("me", "boat 77 ").total == 1


@pytest.mark.parametrize("language", ["en OR len", 'en" OR "o1', "de"])
def test_a_language_that_does_not_exist_is_refused_not_searched(
    store: Store, language: str
) -> None:
    with pytest.raises(InvalidRequest, match="does not know the language"):
        store.search("me", language=language)  # type: ignore[arg-type]


@pytest.mark.parametrize("stars", [-1, 0])
def test_no_stars_is_no_filter(store: Store, stars: int) -> None:
    keep(store, "Boat")

    assert store.search("me", min_stars=stars).total == 1


def test_values_that_no_database_holds_are_refused(store: Store) -> None:
    for call in (
        lambda: store.search("me", offset=2**70),
        lambda: store.search("me", style="\ud800"),
        lambda: store.note("me", "\ud800"),
        lambda: store.search("\ud800"),
    ):
        with pytest.raises((InvalidRequest, StorageError), match="; "):
            call()
