"""The Dockerfile, read: what it copies exists, what it sets is known, what it runs is portable."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.browser.served import Served, served
from tests.scripts import load_script

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


STEPS = list(load_script("check_container").instructions(TEXT))
FINAL = STEPS[max(i for i, (name, _) in enumerate(STEPS) if name == "FROM") :]


def arguments(name: str) -> list[str]:
    return [value for step, value in FINAL if step == name]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("container") / "data") as running:
        yield running


def health_check() -> list[str]:
    return list(json.loads(arguments("HEALTHCHECK")[0].split("CMD", 1)[1]))


def test_it_runs_as_an_ordinary_user_on_the_port_of_the_readme() -> None:
    assert arguments("USER") == ["1000"]
    assert arguments("EXPOSE") == ["7860"]
    assert arguments("CMD") == ['["notewright", "serve"]']
    assert f"app_port: {arguments('EXPOSE')[0]}" in (ROOT / "README.md").read_text("utf-8")


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"(NOTEWRIGHT_\w+)=(\S+)", arguments("ENV")[0]):
        monkeypatch.setenv(name, value)
    settings = Settings()

    assert (settings.host, settings.port, settings.shared) == ("0.0.0.0", 7860, True)
    assert settings.data_dir == Path("/data")
    assert settings.open_browser is False


def test_llama_cpp_is_compiled_for_other_processors_too() -> None:
    flags = dict(re.findall(r"cmake\.define\.(\w+)=(\w+)", TEXT))

    [wheel] = [value for name, value in STEPS if name == "RUN" and " wheel " in value]
    assert " -r " not in wheel, "pip applies no settings to the requirements of a file"
    assert flags["GGML_NATIVE"] == "OFF"
    assert flags["GGML_AVX2"] == "ON"
    assert {name for name, value in flags.items() if value == "ON"} == {
        "GGML_AVX", "GGML_AVX2", "GGML_FMA", "GGML_F16C", "GGML_BMI2",
    }  # fmt: skip


def test_what_it_copies_exists_and_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        word
        for name, value in STEPS
        if name == "COPY" and "--from" not in value
        for word in value.split()[:-1]
    ]

    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert "*" in ignored
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}


def test_every_package_of_the_product_is_copied() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.search(r"^packages = \[(.*)\]", pyproject, re.MULTILINE)

    assert packages is not None
    for name in re.findall(r'"(\w+)"', packages[1]):
        assert f"\nCOPY {name} ./{name}\n" in TEXT


def test_the_tools_are_cut_off_where_the_lock_says() -> None:
    [cut] = re.findall(r"sed '([^']*)' requirements\.lock", TEXT)
    done = subprocess.run(
        ["sed", cut, ROOT / "requirements.lock"], capture_output=True, text=True, check=True
    )

    assert "\ngradio==" in done.stdout
    assert "\npytest==" not in done.stdout
    assert "\ntorch==" in done.stdout


def test_the_health_check_passes_on_a_page_and_fails_without_one(app: Served) -> None:
    interpreter, flag, program = health_check()
    assert (interpreter, flag) == ("python", "-c")
    here = program.replace("http://127.0.0.1:7860/", app.url)
    nowhere = program.replace(":7860/", ":9/")

    assert here != program
    codes = [
        subprocess.run(
            [sys.executable, "-c", text], env=os.environ, capture_output=True, check=False
        ).returncode
        for text in (here, nowhere)
    ]
    assert codes == [0, 1]
