"""The voices that ship: whole, our own, in voice, and faithful to their plain side."""

from collections import Counter, defaultdict
from importlib.resources import files

import pytest

from engine.keeping import likeness
from engine.notebench.overlap import RUN, overlaps
from engine.text import guess_language, ngrams, tokens
from finetune.voices import VoiceNote, read_voices
from tests.finetune.numbers_told import numbers_told

# "Second" that is told in another way: by a medal, "after that", "again", "Mbit/s".
TOLD = {note: {"2"} for note in ("va-01-6", "va-04-6", "va-07-6", "vd-07-3")}


@pytest.fixture(scope="module")
def voices() -> tuple[VoiceNote, ...]:
    return read_voices()


def test_there_are_seventy_writers_or_more_with_six_notes_each(
    voices: tuple[VoiceNote, ...],
) -> None:
    notes = Counter(note.author for note in voices)
    assert len(notes) >= 70
    assert set(notes.values()) == {6}
    assert len({note.id for note in voices}) == len(voices)
    assert all(note.id.rpartition("-")[0] == note.author for note in voices)


def test_each_file_holds_one_writer() -> None:
    for file in files("finetune").joinpath("data", "voices").iterdir():
        if file.name.endswith(".jsonl"):
            lines = file.read_text(encoding="utf-8").splitlines()
            authors = {VoiceNote.model_validate_json(line).author for line in lines}
            assert authors == {file.name.removesuffix(".jsonl")}


def test_each_note_has_steps_of_a_plain_sentence_and_what_its_writer_says(
    voices: tuple[VoiceNote, ...],
) -> None:
    for note in voices:
        assert len(note.pairs) >= 5, note.id
        assert guess_language(note.plain) == note.language, note.id
        for plain, styled in note.pairs:
            assert plain == plain.strip(), note.id
            assert plain[-1] in ".!?", note.id
            assert "\n" not in plain, note.id
            assert styled.strip(), note.id
            assert styled == styled.lstrip(), note.id


def test_no_note_shares_words_with_what_notebench_asks(voices: tuple[VoiceNote, ...]) -> None:
    texts = [text for note in voices for text in (note.topic, note.plain, note.text)]
    assert overlaps(texts) == ()


def test_no_note_repeats_another(voices: tuple[VoiceNote, ...]) -> None:
    """A shared turn of phrase is no repetition; a sentence would be."""
    for side in ("plain", "text"):
        held: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for note in voices:
            for run in ngrams(tokens(getattr(note, side)), RUN + 2):
                held[run].add(note.id)
        assert [ids for ids in held.values() if len(ids) > 1] == []


def test_what_is_styled_is_not_what_is_plain(voices: tuple[VoiceNote, ...]) -> None:
    for note in voices:
        assert all(plain != styled.strip() for plain, styled in note.pairs), note.id
        assert likeness(note.plain, note.text) < 0.95, note.id
    known = [likeness(note.plain, note.text) for note in voices]
    assert 0.4 < sum(known) / len(known) < 0.8


def test_every_number_is_kept_in_digits_or_in_words(voices: tuple[VoiceNote, ...]) -> None:
    # A lone 1 is often "a" or "the first"; it could not be told from the article.
    lost = {note.id: numbers_told(note.plain) - numbers_told(note.text) - {"1"} for note in voices}
    assert {note: gone for note, gone in lost.items() if gone} == TOLD


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("five and twenty", "25"),
        ("a hundred and ten pounds", "110"),
        ("nineteen hundred", "1900"),
        ("one hundred and forty-four", "144"),
        ("forty-four thousand", "44000"),
        ("twenty-second of October", "22"),
        ("09.00 hrs", "9:00"),
        ("31,000 pounds", "31000"),
        ("in his thirty-ninth year", "39"),
    ],
)
def test_the_reader_of_numbers_knows_how_voices_tell_them(said: str, number: str) -> None:
    assert number in numbers_told(said)


def test_the_reader_of_numbers_makes_none_up() -> None:
    assert numbers_told("one twelfth of a spoon") == {"1", "12"}
    assert numbers_told("Nobody counted the gulls, and often they sat still.") == set()
