"""Who writes is known to other processes, and forgotten with the process."""

from pathlib import Path

from storage.writing_lock import WritingLock
from tests.storage.conftest import Program

WRITER = """
import sys
from pathlib import Path
from storage.writing_lock import WritingLock
WritingLock(Path(sys.argv[1])).mark(True)
print("writing", flush=True)
sys.stdin.read()
"""


def test_several_write_at_once_and_the_last_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "new" / "writing.lock"
    one, two, asker = WritingLock(path), WritingLock(path), WritingLock(path)
    assert not asker.somebody_writes()
    one.mark(True)
    one.mark(True)
    two.mark(True)
    assert asker.somebody_writes()
    one.mark(False)
    one.mark(False)
    assert asker.somebody_writes()
    two.mark(False)
    assert not asker.somebody_writes()


def test_a_killed_writer_holds_nothing(tmp_path: Path, program: Program) -> None:
    path = tmp_path / "writing.lock"
    child = program(WRITER, str(path))
    assert child.stdout is not None
    assert child.stdout.readline() == "writing\n"
    assert WritingLock(path).somebody_writes()
    child.kill()
    child.wait()
    assert not WritingLock(path).somebody_writes()


def test_a_disk_that_refuses_keeps_nobody_from_writing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    lock = WritingLock(tmp_path / "file" / "writing.lock")
    lock.mark(True)
    assert not lock.somebody_writes()
    lock.mark(False)
