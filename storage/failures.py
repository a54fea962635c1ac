"""What the database's errors mean for a person: one sentence that ends with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from engine.errors import InvalidRequest, StorageError

# Primary result codes of SQLite (https://sqlite.org/rescode.html): codes do not change with the
# wording or the version of the library.
_SENTENCES = {
    3: "The database may not be used by this user; check the permissions of its folder.",
    5: "Another program is using the database; close it or try again in a moment.",
    6: "Another program is using the database; close it or try again in a moment.",
    8: "The database may not be written; check the permissions of its file and folder.",
    10: "The disk failed or refused to grow a file; free some space, check the disk and try again.",
    11: "The database file is damaged; close Notewright and put a copy of it back from a backup.",
    13: "The disk is full; free some space and try again. Nothing that was saved is lost.",
    14: "The database cannot be opened; check that its folder exists and that you may write in it.",
    18: "That is too large for the database; shorten it and try again.",
    26: "The file is not a Notewright database; choose another place for the data.",
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Re-label the database's errors; `place` names the database, no secrets.

    Raises:
        StorageError: the database or the disk refused.
        InvalidRequest: a value that no database can hold (half a character, a boundless number).
    """
    try:
        yield
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidRequest(f"A value cannot be used ({error}); type it again.") from error
    except SQLAlchemyError as error:
        raise StorageError(f"{_sentence(error)} ({place}: {_cause(error)})") from error


def _sentence(error: SQLAlchemyError) -> str:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    if isinstance(code, int) and code & 0xFF in _SENTENCES:
        return _SENTENCES[code & 0xFF]
    return "The database refused; run `notewright doctor` to see what is wrong, then try again."


def _cause(error: SQLAlchemyError) -> str:
    # The driver's own words, without the statement and its parameters: those hold people's texts.
    return str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
