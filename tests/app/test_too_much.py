"""Megabytes pasted where a page was meant: a sentence at once, and nothing typed is lost."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.feedback import _edit
from app.naming import added_words, guidance, style_name
from engine.errors import InvalidRequest
from engine.planner import edited_plan
from engine.profile.build import build_profile
from engine.requests import make_request
from engine.types import Plan, StyleSample
from tests.app.bench import EN, ZH, Bench, a_form
from tests.browser.served import served

AT_ONCE = 10.0  # seconds, for machines that are busy; cleaning ten megabytes there takes longer
ENGLISH = "The rain fell on the roof, and nobody minded it. "
CHINESE = "雨下在屋顶上，没有人在意。"


def much(piece: str, megabytes: int) -> str:
    return piece * (megabytes * 1_000_000 // len(piece))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("own") / "data")
    yield made
    made.studio.close()


@pytest.mark.parametrize(
    ("kind", "work"),
    [
        ("samples", lambda text: build_profile([StyleSample(title="a", text=text)], "en")),
        ("topic", lambda text: make_request(topic=text)),
        ("facts", lambda text: make_request(topic="a", facts=text)),
        ("facts", lambda text: make_request(topic="a", facts=text.replace(". ", ".\n"))),
        ("facts", lambda text: make_request(topic="a", facts=[text])),
        ("source", lambda text: make_request(topic="a", source=text)),
        ("edited_text", _edit),
        ("name", style_name),
        ("guidance", guidance),
        ("added_words", lambda text: added_words([text])),
        (
            "plan",
            lambda text: edited_plan(
                make_request(topic="a"),
                Plan(title="T", summary="S", points=(), neutral_text="T."),
                text,
            ),
        ),
    ],
)
@pytest.mark.parametrize("piece", [ENGLISH, CHINESE])
def test_ten_megabytes_in_any_field_are_refused_at_once(kind: str, work: Any, piece: str) -> None:
    text = much(piece, 10)
    started = time.perf_counter()
    with pytest.raises(InvalidRequest) as error:
        work(text)
    assert time.perf_counter() - started < AT_ONCE
    assert error.value.field == kind
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("megabytes", [1, 10])
def test_a_paste_too_large_is_a_sentence_and_stays_in_its_box(own: Bench, megabytes: int) -> None:
    own.clear()
    form = a_form(samples=much(ENGLISH, megabytes), topic="Kept")
    own.type(form)
    started = time.perf_counter()
    own.write.typed(own.shown)
    own.run(own.write.flow.write(own.shown, EN))
    assert time.perf_counter() - started < 2 * AT_ONCE
    assert "200,000 fit at most" in own.status
    assert own.write.parts.fields.read(own.shown) == form
    own.type(a_form())
    own.see(own.page.opened(own.shown, EN))
    assert own.write.parts.fields.read(own.shown) == form


def test_a_style_from_a_paste_too_large_is_a_sentence_too(own: Bench) -> None:
    own.shown |= {own.styles.name: "Long", own.styles.samples: much(CHINESE, 10)}
    own.see(own.styles.add_style(own.shown, ZH))
    assert "最多 200,000 个" in own.shown[own.styles.said]
    assert own.shown[own.styles.name] == "Long"


def test_a_shared_page_keeps_no_megabytes_for_a_stranger(bench: Bench) -> None:
    bench.type(a_form(topic="Before"))
    bench.write.typed(bench.shown)
    form = a_form(samples=much(ENGLISH, 1), topic="After")
    bench.type(form)
    bench.see(bench.write.typed(bench.shown))
    assert "this shared page keeps 500,000 at most" in bench.status
    bench.run(bench.write.flow.write(bench.shown, EN))
    assert "shorten it" in bench.status
    assert bench.write.parts.fields.read(bench.shown) == form
    assert bench.studio.load_form(bench.owner)["form"]["topic"] == "Before"


def test_other_programs_are_told_as_soon(tmp_path: Path) -> None:
    with served(tmp_path / "data") as app:
        client = Client(app.url, verbose=False, analytics_enabled=False)
        for megabytes in (1, 10):
            started = time.perf_counter()
            with pytest.raises(AppError, match="200,000 fit at most"):
                client.predict(
                    topic="Rain", facts=[], samples=[much(ENGLISH, megabytes)], api_name="/write"
                )
            assert time.perf_counter() - started < 5 * AT_ONCE
        assert client.predict(api_name="/search")["total"] == 0
        client.close()
