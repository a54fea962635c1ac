"""One page for all tests of its handlers: laying it out takes longer than most of them."""

from collections.abc import Iterator

import pytest

from tests.app.bench import Bench


@pytest.fixture(scope="session")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One page for all tests: laying it out takes longer than most of them."""
    made = Bench(tmp_path_factory.mktemp("page") / "data", shared=True)
    yield made
    made.studio.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Bench:
    """The page as a new visitor finds it."""
    shared_bench.clear()
    return shared_bench
