"""What holds for every test: a data directory of its own, none of your settings, no network."""

import ipaddress
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.studio import Studio


class NetworkUsed(AssertionError):
    """A test tried to leave this machine."""


@pytest.fixture(scope="session", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the person's settings, keep model hubs offline, and block the network."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            # NOTEWRIGHT_TEST_… says what a tester has at hand, such as a database server.
            if name.startswith("NOTEWRIGHT_") and not name.startswith("NOTEWRIGHT_TEST_"):
                patch.delenv(name)
        patch.setenv("NOTEWRIGHT_DATA_DIR", str(tmp_path_factory.mktemp("session") / "data"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        _block_network(patch)
        yield


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a data directory of its own."""
    place = tmp_path / "data"
    monkeypatch.setenv("NOTEWRIGHT_DATA_DIR", str(place))
    return place


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return settings for the scripted model, in this test's data directory."""
    return Settings(data_dir=data_dir, scripted=True, open_browser=False, port=0)


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    """Open a studio on the scripted model."""
    with closing(Studio.open(settings)) as opened:
        yield opened


def _block_network(patch: pytest.MonkeyPatch) -> None:
    connect, connect_ex, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_far(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_far(self.family, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_near(host):
            raise NetworkUsed(f"a test looked up {host!r}")
        return look_up(host, *args, **options)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)


def _refuse_far(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_near(address[0]):
        raise NetworkUsed(f"a test connected to {address!r}")


def _is_near(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of 3 MB, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    try:
        subprocess.run(mounting, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)
