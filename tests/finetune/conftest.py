"""An office for each test that wants one; its processes end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.finetune.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Yield an office with the style Ada."""
    made = Office(tmp_path)
    yield made
    made.close()
