"""Pulling models with the real Hub client from a server here: every way it can break."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import InvalidRequest, ModelUnavailable, NotFound, Stopped, StorageError
from engine.models.catalogue import catalogue, named
from engine.models.hub import CHUNK, DownloadFailed
from engine.models.pulled import Progress, PulledModels, pulled_model
from tests.engine.hub_server import Hub, entry_for, go_online, serving

CONTENT = b"GGUF" + os.urandom(5 * CHUNK + 77)
AT_ONCE = (0.0, 0.0, 0.0)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what lets the Hub's client go to a server of ours, and nowhere else."""
    return lambda url: go_online(monkeypatch, url)


@pytest.fixture
def hub(online: Callable[[str], None]) -> Iterator[Hub]:
    with serving(Hub(CONTENT)) as opened:
        online(opened.url)
        yield opened


@pytest.fixture
def models(tmp_path: Path) -> PulledModels:
    return PulledModels(tmp_path / "models", patience=AT_ONCE)


def stop_after(size: int) -> tuple[Callable[[Progress], None], Callable[[], bool]]:
    """Return a listener and a stop flag that goes up once so many bytes are here."""
    flag = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.stage == "downloading" and progress.done >= size:
            flag.set()

    return tell, flag.is_set


def test_a_model_is_fetched_checked_and_found_again(hub: Hub, models: PulledModels) -> None:
    entry, told = entry_for(hub), list[Progress]()

    path = models.pull(entry, told.append)

    assert path.read_bytes() == CONTENT
    assert models.path(entry) == path
    assert models.part(entry) == 0
    assert next(p.stage for p in told[1:]) == "downloading"
    assert told[0] == Progress("asking", 0, len(CONTENT))
    assert told[-1] == Progress("checking", len(CONTENT), len(CONTENT))
    models.pull(entry)
    assert hub.asked == ["HEAD", "GET 0"]  # what is whole is not asked for again
    assert models.used() == len(CONTENT)
    assert models.delete(entry) == len(CONTENT)
    assert models.path(entry) is None


def test_what_is_pulled_is_found_by_its_name(tmp_path: Path) -> None:
    assert pulled_model(tmp_path, "qwen2.5-0.5b-instruct") is None
    assert pulled_model(tmp_path, "SmolLM2-135M-Instruct") is None  # it comes in a package
    file = named("Qwen2.5-0.5B-Instruct").file
    assert file is not None
    (tmp_path / file.name).write_bytes(b"GGUF")
    assert pulled_model(tmp_path, "qwen2.5-0.5b-instruct") == tmp_path / file.name
    with pytest.raises(NotFound, match=r"closest: Qwen2\.5-0.5B-Instruct"):
        pulled_model(tmp_path, "qwen-0.5b")


def test_a_paused_download_goes_on_where_it_stood(hub: Hub, models: PulledModels) -> None:
    entry = entry_for(hub)
    tell, stop = stop_after(2 * CHUNK)
    with pytest.raises(Stopped):
        models.pull(entry, tell, stop)
    stood = models.part(entry)
    assert 0 < stood < len(CONTENT)
    assert models.path(entry) is None

    assert models.pull(entry).read_bytes() == CONTENT
    assert hub.asked[-1] == f"GET {stood}"


def test_a_broken_connection_is_taken_up_again_without_anybody(
    hub: Hub, models: PulledModels
) -> None:
    hub.breaks = [CHUNK, 10, 0, 2 * CHUNK]

    assert models.pull(entry_for(hub)).read_bytes() == CONTENT
    assert hub.breaks == []


def test_a_connection_that_only_breaks_is_given_up_and_the_part_stays(
    hub: Hub, models: PulledModels
) -> None:
    hub.breaks = [CHUNK, *[0] * 9]
    with pytest.raises(DownloadFailed, match="go on"):
        models.pull(entry_for(hub))
    assert models.part(entry_for(hub)) == CHUNK


def test_a_server_that_cannot_go_on_begins_anew(hub: Hub, models: PulledModels) -> None:
    hub.ranges, hub.breaks = False, [3 * CHUNK]

    assert models.pull(entry_for(hub)).read_bytes() == CONTENT


def test_an_answer_without_end_is_cut_off(hub: Hub, models: PulledModels) -> None:
    hub.endless = True

    assert models.pull(entry_for(hub)).read_bytes() == CONTENT


def test_a_wrong_checksum_is_removed_and_said(hub: Hub, models: PulledModels) -> None:
    hub.sha256 = "1" * 64
    entry = entry_for(hub, sha256=None)
    with pytest.raises(ModelUnavailable, match="damaged"):
        models.pull(entry)
    assert models.part(entry) == 0
    assert models.path(entry) is None
    assert models.used() == 0


@pytest.mark.parametrize("changes", [{"sha256": "2" * 64}, {"size": 99}])
def test_another_file_than_the_catalogues_is_not_downloaded(
    hub: Hub, models: PulledModels, changes: dict[str, object]
) -> None:
    with pytest.raises(DownloadFailed, match="another"):
        models.pull(entry_for(hub, **changes))
    assert hub.asked == ["HEAD"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "no longer has"), (401, "an account"), (403, "code 403"), (503, "code 503")],
)
def test_what_the_hub_refuses_is_said(
    hub: Hub, models: PulledModels, status: int, said: str
) -> None:
    hub.status = status
    with pytest.raises(DownloadFailed, match=said):
        models.pull(entry_for(hub))


def test_a_machine_that_is_offline_says_so(
    online: Callable[[str], None], models: PulledModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Hub(CONTENT)) as gone:
        online(gone.url)
    with pytest.raises(DownloadFailed, match="cannot be reached from this machine"):
        models.pull(entry_for(gone))

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE"):
        models.pull(entry_for(gone))


def test_too_little_room_is_seen_before_anything_is_fetched(
    hub: Hub, models: PulledModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PulledModels, "free", lambda _: 400_000_000)
    with pytest.raises(StorageError, match=r"only 0\.4 GB of this disk are free"):
        models.pull(entry_for(hub))
    assert hub.asked == ["HEAD"]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let the system refuse what goes beyond, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up_keeps_the_part_to_go_on_with(hub: Hub, models: PulledModels) -> None:
    entry = entry_for(hub)
    with files_no_larger_than(3 * CHUNK), pytest.raises(StorageError, match="make room"):
        models.pull(entry)
    assert models.part(entry) == 3 * CHUNK

    assert models.pull(entry).read_bytes() == CONTENT
    assert hub.asked[-1] == f"GET {3 * CHUNK}"


def test_a_newer_version_of_a_file_is_not_glued_to_the_old_part(
    hub: Hub, models: PulledModels
) -> None:
    tell, stop = stop_after(CHUNK)
    with pytest.raises(Stopped):
        models.pull(entry_for(hub), tell, stop)
    hub.content = os.urandom(len(CONTENT))

    assert models.pull(entry_for(hub)).read_bytes() == hub.content
    assert hub.asked[-1] == "GET 0"
    assert models.used() == len(hub.content)


def test_two_at_once_download_one_file_once(hub: Hub, models: PulledModels) -> None:
    entry, hub.gate = entry_for(hub), threading.Event()
    first = threading.Thread(target=lambda: models.pull(entry))
    first.start()
    while not models.part(entry):
        first.join(0.01)
    assert models.busy(entry)
    with pytest.raises(InvalidRequest, match="pause"):
        models.delete(entry)
    seen = list[Progress]()

    def tell(progress: Progress) -> None:
        seen.append(progress)
        if hub.gate is not None:
            hub.gate.set()

    path = PulledModels(models.folder).pull(entry, tell)
    first.join()

    assert path.read_bytes() == CONTENT
    assert {progress.stage for progress in seen} == {"watching"}
    assert hub.asked == ["HEAD", "GET 0"]
    assert not models.busy(entry)


def test_a_puller_that_is_killed_leaves_what_the_next_goes_on_with(
    hub: Hub, models: PulledModels
) -> None:
    entry, hub.gate = entry_for(hub), threading.Event()
    program = (
        "import sys; from pathlib import Path\n"
        "from engine.models.catalogue import CatalogueEntry\n"
        "from engine.models.pulled import PulledModels\n"
        "entry = CatalogueEntry.model_validate_json(sys.argv[2])\n"
        "PulledModels(Path(sys.argv[1])).pull(entry)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(models.folder), entry.model_dump_json()],
        env=os.environ | {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0"},
    )
    while models.part(entry) < CHUNK:
        assert child.poll() is None
    assert models.busy(entry)
    child.kill()
    child.wait()
    hub.gate.set()
    stood = models.part(entry)

    assert models.pull(entry).read_bytes() == CONTENT
    assert hub.asked[-1] == f"GET {stood}"


def test_the_embedded_model_needs_no_download(models: PulledModels) -> None:
    embedded = next(entry for entry in catalogue() if entry.embedded)
    with pytest.raises(InvalidRequest, match="comes with Notewright"):
        models.pull(embedded)
    assert not models.folder.exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="NOTEWRIGHT_DATA_DIR"):
        PulledModels(tmp_path / "file" / "models").pull(entry_for(hub))
