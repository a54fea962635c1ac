"""The named endpoints, as other programs use them: gradio_client and plain HTTP."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.examples import example
from tests.app.pulled import PULLED, pull
from tests.browser.served import Served, served

VOICE = example("harbour-log")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(app: Served) -> Iterator[Client]:
    connected = Client(app.url, verbose=False, analytics_enabled=False)
    yield connected
    connected.close()


def write(client: Client, endpoint: str = "/write", **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "topic": VOICE.topic,
        "facts": list(VOICE.facts),
        "samples": list(VOICE.samples),
        "words": 60,
        "drafts": 2,
        "seed": 3,
    }
    answer: dict[str, Any] = client.predict(api_name=endpoint, **asked | changes)
    return answer


def post(app: Served, name: str, *data: object) -> str:
    """Call an endpoint as curl would: one POST for the event, one GET for its outcome."""
    address = f"{app.url}gradio_api/call/{name}"
    request = urllib.request.Request(
        address,
        data=json.dumps({"data": data}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/{event}", timeout=60) as answer:
        return str(answer.read().decode())


def test_write_returns_a_whole_note_in_the_documented_form(client: Client) -> None:
    note = write(client)
    assert {"note_id", "text", "plan", "drafts", "scores", "models", "seconds"} <= note.keys()
    assert note["text"] in [draft["text"] for draft in note["drafts"]]
    assert [draft["chosen"] for draft in note["drafts"]].count(True) == 1


def test_a_note_may_name_its_models_and_they_are_listed(client: Client, app: Served) -> None:
    listed = client.predict(api_name="/models")
    assert listed["planner"] in listed["models"]
    assert PULLED not in listed["models"]
    pull(app.data_dir)
    assert PULLED in client.predict(api_name="/models")["models"]
    note = write(client, "/write_with", planner=PULLED, stylist="")
    assert (note["models"]["planner"], note["models"]["stylist"]) == (PULLED, "scripted")


@pytest.mark.parametrize("name", ["nobody", "/etc/a.gguf", "http://127.0.0.1:1/v1", "set:planner"])
def test_a_model_that_is_not_listed_is_refused_with_those_that_are(
    client: Client, name: str
) -> None:
    with pytest.raises(AppError, match=r"There is no model .* here; choose one of: SmolLM2"):
        write(client, "/write_with", planner="", stylist=name)


def test_the_same_seed_writes_the_same_note(client: Client) -> None:
    assert write(client, seed=11)["text"] == write(client, seed=11)["text"]


def test_a_note_written_by_another_program_can_be_rated_and_found(client: Client) -> None:
    note_id = write(client)["note_id"]
    kept = client.predict(note_id=note_id, stars=5, api_name="/rate")
    assert (kept["stars"], kept["note_id"]) == (5, note_id)
    found = client.predict(query="boiler", min_stars=5, api_name="/search")
    assert note_id in [note["note_id"] for note in found["notes"]]


def test_styles_are_listed(client: Client) -> None:
    assert client.predict(api_name="/styles") == []


def test_a_note_is_kept_out_of_training_and_let_in_again(client: Client) -> None:
    about = write(client)["note_id"]
    for allowed in (False, True):
        kept = client.predict(about=about, allowed=allowed, api_name="/consent")
        assert kept == {"id": about, "consent": allowed, "overdue": []}
    for wrong, sentence in (
        ({"about": "my diary", "allowed": False}, "names no note or sample"),
        ({"about": about, "allowed": "no"}, "is true or false"),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(**wrong, api_name="/consent")


def test_optional_parameters_may_be_left_out(client: Client) -> None:
    note = client.predict(
        topic=VOICE.topic, facts=[], samples=list(VOICE.samples), api_name="/write"
    )
    assert note["note_id"].startswith("n1-")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"topic": " "}, "The topic is empty"),
        ({"topic": 7}, "must be text"),
        ({"facts": "one, two"}, "must be a list of texts"),
        ({"facts": [1]}, "must be a list of texts"),
        ({"samples": []}, "Give samples of the style"),
        ({"style": "Nobody"}, "Nobody"),
        ({"words": 5000}, "The length in words"),
        ({"drafts": 0}, "The number of drafts"),
        ({"seed": -4}, "The seed"),
        ({"language": "fr"}, "The language"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    client: Client, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        write(client, **changes)


def test_a_program_that_asks_for_chinese_is_told_in_chinese(app: Served) -> None:
    asking = Client(app.url, verbose=False, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    with pytest.raises(AppError, match="主题还空着"):
        write(asking, topic=" ")
    asking.close()


@pytest.mark.parametrize(
    "feedback", [{}, {"stars": 9}, {"stars": 1, "thumb": "up"}, {"choose": 40}, {"tag": "rude"}]
)
def test_a_rating_must_be_one_valid_act(client: Client, feedback: dict[str, Any]) -> None:
    note_id = write(client)["note_id"]
    with pytest.raises(AppError):
        client.predict(note_id=note_id, **feedback, api_name="/rate")


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 10_000}, {"min_stars": 6}, {"language": "xx"}]
)
def test_a_search_out_of_range_is_refused(client: Client, asked: dict[str, Any]) -> None:
    with pytest.raises(AppError):
        client.predict(**asked, api_name="/search")


def test_plain_http_works_without_any_library(app: Served) -> None:
    asked = (VOICE.topic, list(VOICE.facts), list(VOICE.samples), "", "en", 60, 2, None)
    answer = post(app, "write", *asked)
    assert "event: complete" in answer
    data = json.loads(answer.split("data: ")[-1])
    assert data[0]["note_id"].startswith("n1-")
    found = post(app, "search", "boiler", "", "", 0, 5)
    assert data[0]["note_id"] in found


def test_only_these_endpoints_are_documented_and_each_parameter_has_a_type(
    client: Client,
) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    named = {"write", "write_with", "models", "rate", "search", "styles", "consent"}
    assert set(endpoints) == {f"/{name}" for name in named}
    for name, described in endpoints.items():
        for parameter in described["parameters"]:
            assert parameter["python_type"]["type"] != "Any", (name, parameter)


def test_the_data_directory_cannot_be_fetched(app: Served) -> None:
    database = Path(app.data_dir) / "notewright.db"
    assert database.exists()
    for route in ("file=", "proxy=file:"):
        address = f"{app.url}gradio_api/{route}{database}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address, timeout=10)
        assert refused.value.code in (400, 403, 404)
        refused.value.close()


def test_a_shared_server_keeps_visitors_apart(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--shared") as app:
        mine = Client(app.url, verbose=False, headers={"Authorization": f"Bearer {'a' * 32}"})
        other = Client(app.url, verbose=False, headers={"Authorization": f"Bearer {'b' * 32}"})
        nobody = Client(app.url, verbose=False)
        note_id = write(mine)["note_id"]
        assert mine.predict(api_name="/search")["total"] == 1
        assert other.predict(api_name="/search")["total"] == 0
        with pytest.raises(AppError):
            other.predict(note_id=note_id, stars=1, api_name="/rate")
        with pytest.raises(AppError, match="not been recognised"):
            nobody.predict(api_name="/search")
        for connected in (mine, other, nobody):
            connected.close()
