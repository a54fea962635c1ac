"""What LlamaCppModel needs without weights: text shown in pieces, and prompts kept in files."""

import os
from pathlib import Path

from engine.models.llamacpp_text import TextStream
from engine.models.prefixes import PrefixFiles, PrefixStore


def test_a_character_of_several_tokens_is_shown_when_it_is_whole() -> None:
    stream = TextStream(())
    assert [stream.push(bytes([b])) for b in "é笔".encode()] == ["", "é", "", "", "笔"]
    assert (stream.finish(), stream.text) == ("", "é笔")


def test_a_broken_character_at_the_end_does_not_break_the_text() -> None:
    stream = TextStream(())
    assert stream.push(b"ok\xe7") == "ok"
    assert (stream.finish(), stream.text) == ("\ufffd", "ok\ufffd")


def test_nothing_of_a_stop_string_is_shown_even_when_it_comes_in_pieces() -> None:
    stream = TextStream(("\n\nEND",))
    shown = [stream.push(piece) for piece in (b"one\n", b"two\n\n", b"EN", b"D three")]
    assert shown == ["one", "\ntwo", "", ""]
    assert stream.stopped
    assert (stream.finish(), stream.text) == ("", "one\ntwo")


def test_what_only_looked_like_a_stop_string_is_shown_in_the_end() -> None:
    stream = TextStream(("STOP",))
    assert (stream.push(b"go ST"), stream.finish(), stream.text) == ("go ", "ST", "go ST")


def test_the_store_of_prompts_drops_the_oldest_and_keeps_adapters_apart() -> None:
    store = PrefixStore(limit=10)
    store.keep(0, (1, 2, 3), b"12345")
    store.keep(77, (1, 2, 9), b"12345")
    assert store.best(0, (1, 2, 3, 4)) == (3, (1, 2, 3))
    assert store.best(77, (1, 2, 3, 4)) == (2, (1, 2, 9))
    store.take(0, (1, 2, 3))
    store.keep(0, (7,), b"12345")
    assert not store.holds(77, (1, 2, 9))
    assert store.holds(0, (1, 2, 3))


def test_files_of_prompts_are_found_by_their_content_alone(tmp_path: Path) -> None:
    files = PrefixFiles(tmp_path / "prefixes", limit=1000)
    files.keep("base", (1, 2, 3), b"three")
    files.keep("base", (1, 2), b"two")
    assert files.find("base", (1, 2, 3, 4), least=1) == ((1, 2, 3), b"three")
    assert files.find("base", (1, 2, 9), least=1) == ((1, 2), b"two")
    assert files.find("base", (1, 2, 9), least=3) is None
    assert files.find("base", (7, 2, 3), least=1) is None
    assert files.find("tuned", (1, 2, 3), least=1) is None


def test_a_file_that_was_renamed_or_altered_is_no_prompts(tmp_path: Path) -> None:
    files = PrefixFiles(tmp_path, limit=1000)
    files.keep("base", (1, 2), b"two")
    (kept,) = tmp_path.iterdir()
    foreign = kept.with_name(kept.name.replace("base", "tuned"))
    foreign.write_bytes(kept.read_bytes())
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert files.find("base", (1, 2), least=1) is None
    assert files.find("tuned", (1, 2), least=1) is None
    assert list(tmp_path.iterdir()) == []


def test_files_of_prompts_used_longest_ago_go_when_the_room_is_full(tmp_path: Path) -> None:
    files = PrefixFiles(tmp_path, limit=300)
    for number in range(2):
        files.keep("base", (number,), bytes(100))
        for path in tmp_path.iterdir():
            os.utime(path, (1000 + number, 1000 + number))
    (tmp_path / "left.part-1").write_bytes(b"by a crash")
    os.utime(tmp_path / "left.part-1", (1, 1))
    assert files.find("base", (0,), least=1)
    files.keep("base", (2,), bytes(100))
    assert files.find("base", (1,), least=1) is None
    assert files.find("base", (0,), least=1)
    assert len(list(tmp_path.iterdir())) == 2
    files.keep("base", (3,), bytes(301))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_refuses_prompts_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    files = PrefixFiles(tmp_path / "file" / "prefixes", limit=1000)
    files.keep("base", (1, 2), b"two")
    assert files.find("base", (1, 2), least=1) is None
