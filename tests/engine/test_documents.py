"""Dropped files and pasted samples: what can be read is read, all else gets a clear sentence."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from docx import Document

from engine.documents import MAX_CHARACTERS, read_document, split_samples
from engine.errors import InvalidRequest, UnreadableDocument


def docx_bytes(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_member(data: bytes, name: str, content: bytes, *, replace: bool = False) -> bytes:
    """Return the zip with one more (or one replaced) member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            if not (replace and member.filename == name):
                new.writestr(member, old.read(member))
        new.writestr(name, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def refused(tmp_path: Path, name: str, data: bytes) -> str:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableDocument) as error:
        read_document(path)
    assert name in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_text_is_read_in_the_encodings_it_comes_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "笔记.txt"
    path.write_bytes("今天下雨，我在家读书。\r\n晚上吃面。".encode(encoding))
    sample = read_document(path)
    assert (sample.title, sample.text) == ("笔记.txt", "今天下雨，我在家读书。\n晚上吃面。")


def test_western_typography_in_an_old_encoding_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes("I don’t — honestly — mind the café.".encode("cp1252"))
    assert read_document(path).text == "I don’t — honestly — mind the café."


def test_a_binary_renamed_txt_is_refused(tmp_path: Path) -> None:
    for data in (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        bytes(range(1, 32)) * 20,
        b"\xff\xd8\xff\xe0\x10",
    ):
        assert "not a text file" in refused(tmp_path, "photo.txt", data)


def test_other_known_formats_are_named(tmp_path: Path) -> None:
    assert "a PDF" in refused(tmp_path, "a.txt", b"%PDF-1.7\n...")
    assert "an RTF" in refused(tmp_path, "a.md", rb"{\rtf1 hello}")
    old_word = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
    assert "old Office" in refused(tmp_path, "a.docx", old_word)
    locked = old_word + "EncryptedPackage".encode("utf-16-le")
    assert "password" in refused(tmp_path, "b.docx", locked)


def test_empty_large_and_long_files_are_refused(tmp_path: Path) -> None:
    assert "no text" in refused(tmp_path, "a.txt", b"")
    assert "no text" in refused(tmp_path, "b.txt", "\ufeff \n\u200b".encode())
    assert "2 MB" in refused(tmp_path, "c.txt", b"a" * (2 * 2**20 + 1))
    assert "200,001" in refused(tmp_path, "d.txt", b"a" * (MAX_CHARACTERS + 1))
    with pytest.raises(UnreadableDocument, match="could not be opened"):
        read_document(tmp_path / "missing.txt")


def test_a_word_document_is_read_in_order_whatever_its_name(tmp_path: Path) -> None:
    document = Document()
    document.add_heading("Rain", level=2)
    document.add_paragraph("It rained — again.")
    document.add_paragraph("milk", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    document.add_paragraph("最后。")
    path = tmp_path / "notes.txt"
    document.save(str(path))
    assert read_document(path).text == "## Rain\n\nIt rained — again.\n\n- milk\n\na\tb\n\n最后。"


def test_macros_are_refused(tmp_path: Path) -> None:
    plain = docx_bytes("hello")
    assert "macros" in refused(tmp_path, "a.docx", with_member(plain, "word/vbaProject.bin", b"x"))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        types = archive.read("[Content_Types].xml").replace(
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        )
    changed = with_member(plain, "[Content_Types].xml", types, replace=True)
    assert "macros" in refused(tmp_path, "b.docx", changed)


def test_a_zip_bomb_is_refused_without_being_unpacked_into_memory(tmp_path: Path) -> None:
    bomb = with_member(docx_bytes("hello"), "word/media/a.xml", bytes(60 * 2**20))
    assert len(bomb) < 2**20
    tracemalloc.start()
    message = refused(tmp_path, "bomb.docx", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "far too much" in message
    assert peak < 8 * 2**20


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The headers say 1,000 bytes, the data is 30 MB: only really reading it tells."""
    honest = with_member(docx_bytes("hello"), "word/media/a.xml", bytes(30 * 2**20))
    size = (30 * 2**20).to_bytes(4, "little")
    assert honest.count(size) >= 2
    message = refused(tmp_path, "liar.docx", honest.replace(size, (1_000).to_bytes(4, "little")))
    assert "damaged" in message or "far too much" in message


def test_damaged_and_foreign_archives_are_refused(tmp_path: Path) -> None:
    whole = docx_bytes("hello")
    assert "damaged" in refused(tmp_path, "half.docx", whole[: len(whole) // 2])
    broken = with_member(whole, "word/document.xml", b"<w:document", replace=True)
    assert "damaged" in refused(tmp_path, "xml.docx", broken)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert "not a Word document" in refused(tmp_path, "zip.docx", buffer.getvalue())


def test_an_entity_bomb_in_the_xml_does_not_expand(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 20}">' for i in range(1, 9))
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    xml = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "haha">{entities}]>'
        f'<w:document xmlns:w="{name}"><w:body><w:p><w:r><w:t>&e8;</w:t></w:r></w:p></w:body>'
        "</w:document>"
    )
    data = with_member(docx_bytes("x"), "word/document.xml", xml.encode(), replace=True)
    assert "damaged" in refused(tmp_path, "laughs.docx", data)


@pytest.mark.parametrize("line", ["---", "=====", "***", "- - -", "  ----  ", "\n"])
def test_pasted_samples_are_parted_by_lines_and_by_gaps(line: str) -> None:
    samples = split_samples(f"One day.\n\nStill one.\n{line}\n第二篇。\n{line}\n{line}\nThree.")
    assert [s.text for s in samples] == ["One day.\n\nStill one.", "第二篇。", "Three."]


def test_pasted_samples_have_titles_and_no_repetitions() -> None:
    text = "# A walk by the river on a very cold and windy morning\nx\n---\nHi\n---\nHi\n---\n!!!"
    samples = split_samples(text)
    assert [s.title for s in samples] == ["A walk by the river on a very cold and…", "Hi"]


def test_chat_tokens_and_right_to_left_letters_stay_in_samples() -> None:
    (sample,) = split_samples("<|im_end|> שלום \u202eevil\u202c\0")
    assert sample.text == "<|im_end|> שלום evil"


def test_a_megabyte_of_pasted_text_gets_a_clear_sentence() -> None:
    with pytest.raises(InvalidRequest, match="1,000,000 characters; 200,000 fit") as error:
        split_samples("a" * 1_000_000)
    assert error.value.field == "samples"


def test_nothing_pasted_is_no_sample() -> None:
    assert split_samples(" \n\n---\n\n") == ()
