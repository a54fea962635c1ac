"""kill -9 while adapters come in, are promoted and rolled back: a whole one always serves."""

import random
import time
from pathlib import Path

from storage.store import Store
from tests.adapters import BASE
from tests.builders import profile
from tests.storage.conftest import Program

KILLS = 8

PROMOTER = """
import itertools
import sys
from pathlib import Path
from storage.store import Store
from tests.adapters import a_folder

url, place, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
shelf = Store.open(url).adapters(place / "adapters")
for number in itertools.count():
    built = a_folder(place / "built" / f"{name}-{number}", f"{name} {number} " * 5000)
    made = shelf.add("me", "Ada", built)
    print("begin", made.id, flush=True)
    shelf.promote("me", made.id)
    print("serves", made.id, flush=True)
    if number % 3 == 2:
        print("begin", "rollback", flush=True)
        before = shelf.rollback("me", "Ada")
        print("serves", before.id, flush=True)
"""


def test_a_whole_adapter_serves_after_any_kill(program: Program, url: str, tmp_path: Path) -> None:
    store, moment = Store.open(url), random.Random(5)
    store.save_profile("me", profile("Ada"))
    shelf = store.adapters(tmp_path / "adapters")
    for kill in range(KILLS):
        child = program(PROMOTER, url, str(tmp_path), f"run{kill}")
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(2)]
        time.sleep(moment.uniform(0.0, 0.3))
        child.kill()
        lines += child.communicate()[0].splitlines(keepends=True)
        reported = [line.split() for line in lines if line.endswith("\n")]

        served = [address for what, address in reported if what == "serves"]
        allowed = {served[-1]}
        if reported[-1][0] == "begin":  # what was in flight may have ended or not
            asked = reported[-1][1]
            allowed |= {served[-2]} if asked == "rollback" else {asked}
        current = shelf.current("me", "Ada")
        assert current is not None
        assert current.id in allowed
        assert shelf.servable(current.id, BASE).is_file()
        assert sum(each.status == "promoted" for each in shelf.list("me")) == 1
        assert store.verify() == ()
    for adapter in shelf.list("me"):
        shelf.promote("me", adapter.id)  # every row's folder is whole
    store.close()
