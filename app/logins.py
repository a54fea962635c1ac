"""Who may log in: names and passwords of the settings. They are never logged, stored or shown."""

from collections.abc import Iterator

from app.settings import Settings
from engine.errors import InvalidRequest


def read_logins(settings: Settings) -> list[tuple[str, str]]:
    """Return (name, password) of everybody who may log in; empty where the page is open.

    Raises:
        InvalidRequest: a login cannot be used; the message repeats no part of it.
    """
    given = dict(_logins(settings))
    if settings.login_file is not None and not given:
        raise InvalidRequest(
            "NOTEWRIGHT_LOGIN_FILE names a file without logins; write one user:password a line."
        )
    return list(given.items())


def _logins(settings: Settings) -> Iterator[tuple[str, str]]:
    single = settings.login.get_secret_value() if settings.login else ""
    if single:
        yield _parted(single)
    if settings.login_file is None:
        return
    try:
        lines = settings.login_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            "The file of NOTEWRIGHT_LOGIN_FILE cannot be read as text; check its path."
        ) from error
    for line in lines:
        if line.strip() and not line.startswith("#"):
            yield _parted(line)


def _parted(line: str) -> tuple[str, str]:
    name, _, password = line.strip().partition(":")
    if not name.strip() or not password:
        raise InvalidRequest(
            "A login is written user:password, one a line; mend NOTEWRIGHT_LOGIN or the file of "
            "NOTEWRIGHT_LOGIN_FILE."
        )
    return name.strip(), password
