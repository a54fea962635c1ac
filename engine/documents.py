"""Reading what people drop or paste: plain text, Markdown and .docx, judged by content, not name.

A .docx is a zip: it is measured in small pieces before anything is unpacked whole.
"""

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import InvalidRequest, UnreadableDocument
from engine.text import clean
from engine.types import StyleSample

MAX_FILE_BYTES = 2 * 2**20
MAX_CHARACTERS = 200_000
MAX_UNPACKED_BYTES = 20 * 2**20
MAX_MEMBERS = 1_000
MAX_RATIO = 200
"""How much smaller than its content a zip member may be; Word's own XML packs 5 to 30 times."""

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PIECE = 64 * 2**10
_SPLIT = re.compile(
    r"^[ \t]*(?:(?:-[ \t]*){3,}|={3,}[ \t]*|(?:\*[ \t]*){3,})$|\n{3,}", re.MULTILINE
)


def read_document(path: Path) -> StyleSample:
    """Read a text, Markdown or .docx file whatever it is called; its title is the file's name.

    Raises:
        UnreadableDocument: it is too large, empty, damaged, protected, holds macros, or is
            something else altogether.
    """
    name = clean(path.name)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableDocument(
                f"{name} is larger than {MAX_FILE_BYTES // 2**20} MB; save what you need as .txt."
            )
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(
            f"{name} could not be opened ({error.strerror}); check it and drop it again."
        ) from error
    raw = _docx_text(name, data) if data.startswith(_ZIP) else _plain_text(name, data)
    text = clean(raw).strip()
    if not text:
        raise UnreadableDocument(f"{name} holds no text; drop a file that does.")
    if len(text) > MAX_CHARACTERS:
        raise UnreadableDocument(
            f"{name} holds {len(text):,} characters; {MAX_CHARACTERS:,} fit at most. "
            "A few typical pages are enough."
        )
    return StyleSample(title=name, text=text)


def split_samples(text: str) -> tuple[StyleSample, ...]:
    """Split pasted text into samples at lines of ---, === or *** and at gaps of two blank lines.

    Raises:
        InvalidRequest: (field "samples") the whole is too long to be read.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidRequest(
            f"The pasted samples have {len(text):,} characters; {MAX_CHARACTERS:,} fit at most. "
            "A few typical pages are enough.",
            field="samples",
        )
    lines = re.sub(r"[ \t]+$", "", clean(text), flags=re.MULTILINE)
    pieces = (piece.strip() for piece in _SPLIT.split(lines))
    kept = dict.fromkeys(piece for piece in pieces if any(c.isalnum() for c in piece))
    return tuple(StyleSample(title=_first_words(piece), text=piece) for piece in kept)


def _first_words(text: str, limit: int = 40) -> str:
    line = " ".join(text.split("\n", 1)[0].lstrip("#>*- ").split()) or "Sample"
    if len(line) <= limit:
        return line
    cut = line[:limit].rsplit(" ", 1)[0] if " " in line[:limit] else line[:limit]
    return cut.rstrip(" ,.;:，。；：") + "…"


# ------------------------------------------------------------------ plain text


def _plain_text(name: str, data: bytes) -> str:
    _refuse_known_binaries(name, data)
    text = _decode(data)
    if text is None or _is_mostly_control(text):
        raise UnreadableDocument(
            f"{name} is not a text file, whatever its name says; drop .txt, .md or .docx."
        )
    return text


def _refuse_known_binaries(name: str, data: bytes) -> None:
    if data.startswith(_OLE):
        protected = "EncryptedPackage".encode("utf-16-le") in data
        raise UnreadableDocument(
            f"{name} is protected by a password; save it without one."
            if protected
            else f"{name} is an old Office file; save it as .docx or .txt."
        )
    for start, kind in ((b"%PDF", "a PDF"), (rb"{\rtf", "an RTF file")):
        if data.startswith(start):
            raise UnreadableDocument(f"{name} is {kind}; save its text as .docx or .txt.")


def _decode(data: bytes) -> str | None:
    """Return the text, from the encodings that text files here have; None for a binary."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _try(data, "utf-16")
    if b"\0" in data:
        return None
    text = _try(data, "utf-8-sig")
    if text is not None:
        return text
    # Chinese GB bytes come in pairs; single high bytes between ASCII are Western typography.
    paired = sum(len(run) for run in re.findall(rb"(?:[\x81-\xfe][\x40-\xfe])+", data))
    lone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", data))
    if lone * 4 > paired:
        return _try(data, "cp1252")
    return _try(data, "gb18030")


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_mostly_control(text: str) -> bool:
    odd = sum(1 for c in text if (c < " " and c not in "\n\r\t\f") or c == "\x7f" or c == "\ufffd")
    return odd * 100 > len(text)


# ------------------------------------------------------------------ .docx


def _docx_text(name: str, data: bytes) -> str:
    damaged = f"{name} is damaged or not a Word document; open it in Word and save it again."
    from docx import Document
    from docx.opc.exceptions import OpcError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(name, archive)
        return "\n\n".join(_blocks(Document(io.BytesIO(data))))
    except (zipfile.BadZipFile, OpcError, SyntaxError, EOFError, ValueError) as error:
        raise UnreadableDocument(damaged) from error
    except (LookupError, AttributeError, RuntimeError, zlib.error) as error:
        # python-docx and zipfile fail so on parts that are missing or packed in unknown ways.
        raise UnreadableDocument(damaged) from error


def _check_archive(name: str, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableDocument(f"{name} is protected by a password; save it without one.")
    if "word/document.xml" not in names:
        raise UnreadableDocument(
            f"{name} is an archive, not a Word document; drop the text itself."
        )
    if any(member.lower().endswith("vbaproject.bin") for member in names):
        raise UnreadableDocument(_macros(name))
    if _is_bomb(archive, members):
        raise UnreadableDocument(f"{name} unpacks to far too much; copy its text into a new file.")
    if b"macroenabled" in archive.read("[Content_Types].xml").lower():
        raise UnreadableDocument(_macros(name))


def _macros(name: str) -> str:
    return f"{name} holds macros; save it as .docx without macros and drop it again."


def _is_bomb(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> bool:
    """Say whether the archive is, or claims to be, too large; at most one piece is in memory."""
    if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED_BYTES:
        return True
    if any(m.file_size > MAX_RATIO * max(m.compress_size, 1_000) for m in members):
        return True
    left = MAX_UNPACKED_BYTES
    for member in members:
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    return True
    return False


def _blocks(document: object) -> Iterator[str]:
    """Yield paragraphs and table rows in order, headings and lists in Markdown."""
    from docx.table import Table

    for block in document.iter_inner_content():  # type: ignore[attr-defined]  # docx is untyped
        if isinstance(block, Table):
            yield from (
                "\t".join(dict.fromkeys(cell.text for cell in row.cells)) for row in block.rows
            )
        elif block.text.strip():
            yield _marker(block.style.name or "") + block.text


def _marker(style: str) -> str:
    """Return what Markdown writes before a paragraph of this Word style."""
    if heading := re.fullmatch(r"Heading ([1-6])", style):
        return "#" * int(heading.group(1)) + " "
    if style == "Title":
        return "# "
    return "- " if style.startswith("List") else ""
