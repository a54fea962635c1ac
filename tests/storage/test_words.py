"""Words, phrases and snippets."""

import pytest

from storage.words import END, START, Phrase, indexed, phrases, snippet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't STOP—now!", "don t stop now"),
        ("Café cafe\u0301", "cafe cafe"),
        ("写作，GPU加速", "写 作 gpu 加 速"),
        ("ＦＵＬＬ width ２", "full width 2"),
        ("foo_bar foo-bar", "foo bar foo bar"),
        ("한국어 Привет", "한국어 привет"),
        ("🎉 !!! \x00", ""),
    ],
)
def test_words_are_folded_and_chinese_is_parted(text: str, words: str) -> None:
    assert indexed(text) == words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("harbour daw", (Phrase(("harbour",)), Phrase(("daw",), prefix=True))),
        ("harbour ", (Phrase(("harbour",)),)),
        ("写作风格", (Phrase(("写", "作", "风", "格")),)),
        ("state-of-the-ar", (Phrase(("state", "of", "the", "ar"), prefix=True),)),
        ('"', ()),
        ("\ud800\x00", ()),
    ],
)
def test_a_query_is_phrases_the_last_word_only_begun(query: str, found: tuple[Phrase, ...]) -> None:
    assert phrases(query) == found


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("The ferry\nleaves at six.", "fer", "The [ferry] leaves at six."),
        ("The Café, the café.", "cafe ", "The [Café], the [café]."),
        ("他写作风格很好", "作风", "他写[作风]格很好"),
        ("A six-oar boat", "six oar", "A [six]-[oar] boat"),
        ("A six-oar boat", "six-oar", "A [six-oar] boat"),
        ("Art of the start", "art ", "[Art] of the start"),
        ("aab aa", "aa aab", "[aab] [aa]"),
        ("No match here.", "ferry", "No match here."),
        (f"Marks {START}of others{END} go.", "go", "Marks of others [go]."),
    ],
)
def test_a_snippet_marks_the_words_looked_for(text: str, query: str, shown: str) -> None:
    assert snippet(text, phrases(query)) == shown.replace("[", START).replace("]", END)


def test_a_snippet_of_a_long_text_is_about_a_line_around_the_first_match() -> None:
    text = "one two three four five six seven " * 30 + "needle " + "eight nine ten " * 30

    shown = snippet(text, phrases("needle"))

    assert f"{START}needle{END}" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert 120 <= len(shown) <= 170
    assert shown[1:].split()[0] in {"one", "two", "three", "four", "five", "six", "seven"}
