"""HTML of drafts, scores, plans, differences, plots and lists: right, and safe."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from app.examples import Example, examples
from app.feedback import make_feedback
from app.i18n import Texts, label, preferred_language, table
from app.plots import histogram, profile_view
from app.render import Card, band, difference, draft_cards, marked_text, score_lines, status_line
from app.shelf import example_cards, note_cards, note_list, open_note, rating_bar, style_list
from engine.scoring.nouns import MarkUse, Rhythm, StyleReading, WordUse
from engine.text import count_words
from engine.types import Habit, Scores, SignatureWord, Span, Verdict
from storage.store import NotePage, NoteRecord, NoteSummary, StyleRow
from tests import builders

EN, ZH = Texts("en"), Texts("zh")
NASTY = "<script>alert(1)</script> \"quoted\" 'single' & <img src=x onerror=alert(1)> \u202eevil"


class _Tags(HTMLParser):
    """Collects what a browser would see as elements and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("img", "br", "path", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "rect"):
            assert self.open.pop() == tag


def harmless(html: str) -> _Tags:
    """Parse `html`; fail where a person's text became markup, or the tags do not close."""
    seen = _Tags(html)
    assert "script" not in seen.tags
    assert "img" not in seen.tags
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert seen.open == []
    return seen


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def scores(**changes: object) -> Scores:
    return Scores.model_validate({"signature": "test"} | changes)


# ------------------------------------------------------------------ safety


def test_a_persons_text_never_becomes_markup_in_a_draft() -> None:
    draft = builders.draft(NASTY, scores=scores(facts_found=(False,), style=0.5))
    asked = builders.request(facts=(NASTY,))
    html = draft_cards([Card(0, NASTY, draft, reason=NASTY)], asked, EN, choosable=True)
    harmless(html)
    assert "&lt;script&gt;" in html


def test_a_persons_text_never_becomes_markup_in_an_open_note() -> None:
    note = builders.note(builders.profile(), topic=NASTY, text=NASTY, facts=(NASTY, "another"))
    record = NoteRecord(note, [builders.edit(note, f"{NASTY} edited")])
    harmless(open_note(record, EN))
    harmless(note_cards(record, EN))
    harmless(rating_bar(record, EN))


def test_a_persons_text_never_becomes_markup_in_lists() -> None:
    summary = NoteSummary("n1-x", NASTY, f"{NASTY} \x02hit\x03", NASTY, "en", 4, builders.WHEN)
    html = note_list(NotePage([summary], 1), EN)
    harmless(html)
    assert "<mark>hit</mark>" in html
    row = StyleRow(NASTY, "en", 1, 2, 3, builders.WHEN)
    assert "strike" not in harmless(style_list([row], EN)).tags


def test_a_persons_text_never_becomes_markup_in_a_profile() -> None:
    word = SignatureWord(word=NASTY, count=2, pmi=1.0, score=2.0, example=NASTY)
    habit = Habit(name=NASTY, mark=NASTY, rate=1.0, reference_rate=0.5, example=NASTY)
    profile = builders.profile(words=(word,), habits=(habit,), added_words=(NASTY,))
    harmless(profile_view(profile, [NASTY], EN))


def test_differences_and_status_lines_are_escaped() -> None:
    harmless(difference(NASTY, f"{NASTY} more", EN))
    harmless(status_line(NASTY, kind="error", detail=NASTY))


def test_every_text_of_people_finds_its_own_direction() -> None:
    draft = builders.draft("שלום עולם")
    html = draft_cards([Card(0, draft.text, draft)], builders.request(), EN)
    assert ("dir", "auto") in harmless(html).attributes


# ------------------------------------------------------------------ marks


def test_marks_keep_every_character_of_the_text_even_where_they_overlap() -> None:
    text = "The ferry <leaves> at six & returns."
    spans = (
        Span(start=0, end=18, kind="fact", note="ferry"),
        Span(start=10, end=25, kind="copied"),
        Span(start=20, end=999, kind="unsupported"),
    )
    html = marked_text(text, spans, EN)
    assert unescape(text_of(html)) == text
    assert 'class="m-fact m-copied"' in html
    assert 'title="a fact of yours: ferry"' in html


def test_a_text_without_marks_is_left_alone() -> None:
    assert marked_text("Plain.", (), EN) == "Plain."


# ------------------------------------------------------------------ scores


@pytest.mark.parametrize(
    ("value", "word"), [(0.8, "strong"), (0.79, "good"), (0.4, "fair"), (0.39, "weak"), (0, "weak")]
)
def test_a_score_has_a_word_for_its_band(value: float, word: str) -> None:
    assert band(value) == word


def test_scores_say_words_and_numbers_and_leave_out_what_was_not_measured() -> None:
    lines = score_lines(
        scores(style=0.82, facts_found=(True, False), copied=0.0, length_ratio=1.05),
        builders.request(words=120),
        EN,
    )
    said = [(line.key, line.word, line.number) for line in lines]
    assert said == [
        ("style", "strong", "0.82"),
        ("facts", "1 of 2", ""),
        ("copied", "none", ""),
        ("length", "126 words", "of 120"),
    ]


def test_every_score_explains_itself_to_a_keyboard_and_a_screen_reader() -> None:
    draft = builders.draft(scores=scores(style=0.5, meaning=0.5, copied=0.1, length_ratio=1.0))
    html = draft_cards([Card(3, draft.text, draft)], builders.request(), EN)
    seen = harmless(html)
    described = [value for name, value in seen.attributes if name == "aria-describedby"]
    ids = {value for name, value in seen.attributes if name == "id"}
    assert described == ["d3-style", "d3-meaning", "d3-copied", "d3-length"]
    assert set(described) <= ids
    assert html.count('tabindex="0"') == 4


def test_a_failed_draft_says_why_in_plain_words() -> None:
    short = builders.draft(failed=("length", "facts"), scores=scores(length_ratio=0.3))
    long = builders.draft(failed=("length",), scores=scores(length_ratio=2.0))
    html = draft_cards([Card(0, "a", short), Card(1, "b", long)], builders.request(), EN)
    assert "too short, lost a fact" in html
    assert "too long" in html


def test_lost_facts_are_listed() -> None:
    draft = builders.draft(scores=scores(facts_found=(True, False)))
    asked = builders.request(facts=("It rained", "It snowed"))
    html = draft_cards([Card(0, draft.text, draft)], asked, EN)
    assert "It snowed" in html
    assert "It rained" not in html


@pytest.mark.parametrize(
    ("meter", "word"), [(0.0, "plain"), (0.049, "plain"), (0.05, "some"), (0.15, "machine")]
)
def test_stock_phrases_have_a_meter_in_words(meter: float, word: str) -> None:
    for t in (EN, ZH):
        (line,) = score_lines(scores(slop=meter), builders.request(), t)
        assert (line.key, line.word) == ("slop", t(f"slop.{word}"))
    assert 'class="m-slop"' in marked_text("Overall.", [Span(start=0, end=7, kind="slop")], EN)


def test_the_style_is_told_as_a_percent_with_its_range_and_reasons() -> None:
    reading = StyleReading(
        score=0.5, floor=0.2, ceiling=0.6, percent=0.74, low=0.61, high=0.83,
        over=(WordUse(word=NASTY, rate=4.0, usual=1.0),),
        under=(WordUse(word="honestly", rate=0.0, usual=1.5),),
        rhythm=Rhythm(mean=22.0, spread=4.0, usual_mean=8.0, usual_spread=3.0),
        marks=(MarkUse(name="exclamation", rate=0.2, usual=3.1),),
    )  # fmt: skip
    draft = builders.draft("Some text.")
    for t, words in ((EN, "of the way from anybody to you"), (ZH, "像你写的")):
        html = draft_cards([Card(0, draft.text, draft, reading=reading)], builders.request(), t)
        said = text_of(html)
        assert "74% (61–83%)" in said or "74%（61–83%）" in said
        for part in (words, "honestly", "22", "8", t("habit.exclamation"), "3.1"):
            assert part in said, part
        harmless(html)
    assert "why-style" not in draft_cards([Card(0, "x", draft)], builders.request(), EN)


# ------------------------------------------------------------------ the chosen draft


def _two_drafts(chosen: int = 0, verdict: Verdict | None = None) -> NoteRecord:
    note = builders.note(builders.profile(), text="First.")
    drafts = (note.drafts[0], builders.draft("Second."))
    return NoteRecord(
        note.model_copy(update={"drafts": drafts, "chosen": chosen, "verdict": verdict}), []
    )


def test_the_chosen_draft_is_crowned_with_the_critics_reason() -> None:
    verdict = Verdict(
        criterion="style", first=0, second=1, chosen=0, probability=0.75,
        reason="sounds more like the author", signature="test",
    )  # fmt: skip
    html = note_cards(_two_drafts(verdict=verdict), EN)
    assert html.count("is-chosen") == 1
    assert "Preferred to draft 2: sounds more like the author (75% sure)." in html
    assert html.count("data-choose=") == 1


def test_the_writers_own_choice_takes_the_crown() -> None:
    record = _two_drafts()
    choice = make_feedback(record, {"choice": 1})
    html = note_cards(NoteRecord(record.note, [choice]), EN)
    assert "You chose this one." in html
    assert 'data-choose="0"' in html


def test_given_stars_thumb_and_tags_are_pressed() -> None:
    record = _two_drafts()
    given = [
        make_feedback(record, {"stars": 4}),
        make_feedback(record, {"thumb": "up"}),
        make_feedback(record, {"tag": "dull"}),
    ]
    html = rating_bar(NoteRecord(record.note, given), EN)
    pressed = re.findall(r'data-rate="([^"]+)"[^>]*aria-pressed="true"', html)
    assert pressed == ["stars:4", "thumb:up", "tag:dull"]
    assert html.count("is-lit") == 4


# ------------------------------------------------------------------ differences and plots


def test_a_difference_shows_what_went_and_what_came() -> None:
    html = difference("The old boat sank.", "The new boat sank.", EN)
    assert "<del>old</del><ins>new</ins>" in html


def test_a_difference_in_chinese_is_by_character() -> None:
    assert "<del>三</del><ins>四</ins>" in difference("井停了三年。", "井停了四年。", ZH)


def test_a_histogram_counts_every_sentence_once() -> None:
    svg = histogram((1, 5, 6, 30, 31, 99), EN)
    assert 'aria-label="Sentences by length in words: 1–5: 2, 6–10: 1' in svg
    assert "31+: 2" in svg
    assert sum(map(int, re.findall(r'class="count">(\d+)<', svg))) == 6


def test_a_struck_word_can_be_brought_back() -> None:
    profile = builders.profile()
    struck = profile.words[0].word
    html = profile_view(profile.model_copy(update={"struck": (struck,)}), [], EN)
    assert f'aria-label="Bring back {struck}"' in html


# ------------------------------------------------------------------ words of the page


def test_both_languages_have_the_same_words_with_the_same_gaps() -> None:
    english, chinese = table("en"), table("zh")
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        gaps = [set(re.findall(r"\{(\w+)\}", words)) for words in (text, chinese[key])]
        assert gaps[0] == gaps[1], key


def test_chinese_is_written_in_chinese() -> None:
    same = {key for key, text in table("zh").items() if not re.search("[\u4e00-\u9fff]", text)}
    assert same <= {"style.rate", "improve.comma", "search.and", "models.billion", "models.million"}


def test_a_label_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        label("no.such.label")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR,zh;q=0.5", "zh"),
        ("", "en"),
        ("*", "en"),
    ],
)
def test_the_page_speaks_the_first_language_it_can(header: str, language: str) -> None:
    assert preferred_language(header) == language


# ------------------------------------------------------------------ examples


def test_there_are_examples_in_distinct_voices_in_both_languages() -> None:
    found = examples()
    assert [e.language for e in found].count("en") >= 3
    assert [e.language for e in found].count("zh") >= 1
    assert len({e.id for e in found}) == len({e.name for e in found}) == len(found)


@pytest.mark.parametrize("example", examples(), ids=lambda e: e.id)
def test_an_example_has_enough_to_begin_with(example: Example) -> None:
    assert 3 <= len(example.samples) <= 4
    assert 3 <= len(example.facts) <= 5
    for sample in example.samples:
        assert 60 <= count_words(sample, example.language) <= 130


def test_examples_in_the_readers_language_come_first_and_say_what_they_need() -> None:
    html = example_cards(examples(), ZH, title="t", text="x", writes=("en",))
    ids = re.findall(r'data-example="([^"]+)"', html)
    languages = {e.id: e.language for e in examples()}
    assert [languages[i] for i in ids] == ["zh", "zh", "en", "en", "en"]
    assert html.count("需要会写中文的模型") == 2
