"""The command line on the scripted model: what is printed, where, and with which exit code."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest

from app.cli import main
from app.settings import Settings
from app.studio import Studio
from tests import builders

ROOT = Path(__file__).parents[2]
VOICE = (
    "Down to the water before six. Fog, again! I like fog; it keeps the noise out.",
    "Two boats went out. One came back early, which tells you something.",
)


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `notewright …` in this process, on the scripted model."""
    monkeypatch.setenv("NOTEWRIGHT_SCRIPTED", "true")

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["notewright", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def voice(tmp_path: Path) -> list[Path]:
    """Return files with two samples of a writer."""
    files = [tmp_path / f"sample{i}.txt" for i in range(len(VOICE))]
    for file, text in zip(files, VOICE, strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def one_note(run: Run, voice: list[Path]) -> dict[str, Any]:
    said = run("write", "--topic", "The fair", "--fact", "It opens at 6", "--samples", *voice,
               "--drafts", 2, "--words", 20, "--seed", 3, "--json")  # fmt: skip
    assert said.code == 0, said.err
    return dict(said.json)


# ------------------------------------------------------------------ write


def test_write_prints_the_text_on_stdout_and_the_scores_on_stderr(
    run: Run, voice: list[Path]
) -> None:
    said = run("write", "--topic", "Fair", "--fact", "It opens at 6 today", "--samples", voice[0])

    assert said.code == 0
    shown = run("notes", "list", "--json").json["notes"][0]["id"]
    assert said.out.strip() == run("notes", "show", shown, "--json").json["text"]
    assert "like the samples:" in said.err
    assert shown in said.err


def test_write_json_has_the_documented_fields(run: Run, voice: list[Path]) -> None:
    row = one_note(run, voice)

    assert row.keys() >= {"id", "note_id", "text", "plan", "drafts", "scores", "models"}
    assert row.keys() >= {"seconds", "tokens"}
    assert row["plan"]["points"] == ["It opens at 6"]
    assert row["plan"]["uses"] == [[0]]
    assert len(row["drafts"]) >= 2
    assert [draft["text"] for draft in row["drafts"] if draft["chosen"]] == [row["text"]]
    assert row["seconds"].keys() >= {"profile", "plan", "draft", "score", "first_token"}
    assert row["models"].keys() >= {"planner", "stylist", "adapter"}
    assert row["tokens"]["completion"] > 0


def test_the_same_seed_writes_the_same_text(run: Run, voice: list[Path]) -> None:
    first, second = one_note(run, voice), one_note(run, voice)

    assert first["text"] == second["text"]
    assert [d["text"] for d in first["drafts"]] == [d["text"] for d in second["drafts"]]


def test_facts_come_from_options_and_from_a_file(
    run: Run, voice: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "facts.txt").write_text("- Tea is free\n\n- Dogs may come\n", encoding="utf-8")
    said = run("write", "--topic", "The fair", "--fact", "It opens at 6",
               "--facts", tmp_path / "facts.txt", "--samples", voice[0], "--json")  # fmt: skip

    used = {fact for facts in said.json["plan"]["uses"] for fact in facts}
    assert used == {0, 1, 2}


def test_a_saved_style_is_written_in_its_own_language(run: Run, tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_text("天还没亮，我就起来了。水壶先响，然后是鸟。", encoding="utf-8")
    assert run("styles", "add", "Dawn", tmp_path / "zh.txt").code == 0

    said = run("write", "--topic", "集市", "--style", "Dawn", "--json")

    assert (said.json["language"], said.json["style"]) == ("zh", "Dawn")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--topic", "x"], "Say whose style"),
        (["--topic", "x", "--style", "A", "--samples", "VOICE"], "one of the two"),
        (["--topic", " ", "--samples", "VOICE"], "The topic is empty"),
        (["--topic", "x", "--samples", "VOICE", "--seed", "-1"], "The seed is -1"),
        (["--topic", "x", "--samples", "VOICE", "--words", "2"], "from 20 to 800"),
        (["--topic", "x", "--samples", "VOICE", "--language", "fr"], "'fr' is not known"),
        (["--topic", "x", "stray.txt"], "What is 'stray.txt' for?"),
        (["--batch", "in.jsonl"], "go together"),
        (["--batch", "in.jsonl", "--output", "o", "--topic", "x"], "leave out --topic"),
        (["--no-such-option"], "No such option"),
        (["--topic", "x", "--samples", "VOICE", "--drafts", "two"], "Invalid value for '--drafts'"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(
    run: Run, voice: list[Path], options: list[str], sentence: str
) -> None:
    given = [str(voice[0]) if option == "VOICE" else option for option in options]

    said = run("write", *given)

    assert said.code == 2
    assert sentence in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--style", "Nobody"], "There is no style named 'Nobody'"),
        (["--samples", "missing.txt"], "missing.txt could not be opened"),
        (["--samples", "VOICE", "--adapter", "mine"], "There is no adapter 'mine'"),
    ],
)
def test_a_failed_job_is_one_sentence_and_exit_code_1(
    run: Run, voice: list[Path], options: list[str], sentence: str
) -> None:
    given = [str(voice[0]) if option == "VOICE" else option for option in options]

    said = run("write", "--topic", "The fair", *given)

    assert said.code == 1
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert said.out == ""


# ------------------------------------------------------------------ notes, rate


def test_notes_are_listed_found_and_shown(run: Run, voice: list[Path]) -> None:
    note_id = one_note(run, voice)["note_id"]

    assert note_id in run("notes", "list").out
    assert run("notes", "search", "fair", "--json").json["notes"][0]["id"] == note_id
    assert run("notes", "search", "zebra", "--json").json == {"total": 0, "notes": []}
    shown = run("notes", "show", note_id).out
    assert "## Plan" in shown
    assert "- It opens at 6" in shown
    assert "## Draft 1" in shown


def test_a_deleted_note_can_be_restored(run: Run, voice: list[Path]) -> None:
    note_id = one_note(run, voice)["note_id"]

    assert run("notes", "delete", note_id).code == 0
    assert run("notes", "list", "--json").json["total"] == 0
    assert run("notes", "restore", note_id).code == 0
    assert run("notes", "list", "--json").json["total"] == 1


def test_each_kind_of_rating_is_kept(run: Run, voice: list[Path], tmp_path: Path) -> None:
    note_id = one_note(run, voice)["note_id"]
    (tmp_path / "mine.txt").write_text("It opens at 6, fog or no fog.", encoding="utf-8")

    for options in (
        ["--stars", 4, "--tag", "dull", "--tag", "too-long"],
        ["--thumb", "up", "--draft", 1],
        ["--choose", 1],
        ["--edit", tmp_path / "mine.txt"],
    ):
        said = run("rate", note_id, *options)
        assert said.code == 0, said.err

    shown = run("notes", "show", note_id, "--json").json
    assert [act["kind"] for act in shown["feedback"]] == [
        "stars", "tag", "tag", "thumb", "choice", "edit",
    ]  # fmt: skip
    assert [act["draft"] for act in shown["feedback"]][3:] == [1, 1, 1]
    assert shown["final_text"] == "It opens at 6, fog or no fog."
    assert run("notes", "list", "--min-stars", 4, "--json").json["total"] == 1


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["NOTE"], 2, "give one of --stars"),
        (["NOTE", "--stars", "4", "--thumb", "up"], 2, "give one of --stars"),
        (["NOTE", "--stars", "6"], 2, "Stars go from 1 to 5"),
        (["NOTE", "--stars", "3", "--draft", "99"], 2, "there is no 99"),
        (["NOTE", "--tag", "meh"], 2, "The tags are"),
        (["--stars", "3"], 2, "Name a NOTE"),
        (["n1-unknown", "--stars", "3"], 1, "n1-unknown"),
    ],
)
def test_a_rating_that_cannot_be_kept_says_why(
    run: Run, voice: list[Path], options: list[str], code: int, sentence: str
) -> None:
    note_id = one_note(run, voice)["note_id"]

    said = run("rate", *[note_id if option == "NOTE" else option for option in options])

    assert (said.code, sentence in said.err) == (code, True), said.err
    assert run("notes", "show", note_id, "--json").json["feedback"] == []


# ------------------------------------------------------------------ styles


def test_a_style_is_made_edited_renamed_removed_and_restored(run: Run, voice: list[Path]) -> None:
    assert run("styles", "add", "Boats", voice[0]).code == 0
    assert run("styles", "extend", "Boats", voice[1]).code == 0
    edit = ["--guidance", "Never cheer.", "--add-word", "fog", "--strike", "exclamation"]
    edit += ["--never", "delve", "--never", "vibrant", "--add-tag", "humour"]
    assert run("styles", "edit", "Boats", *edit).code == 0
    assert run("styles", "edit", "Boats", "--allow", "vibrant").code == 0
    assert "the tags are question" in run("styles", "edit", "Boats", "--add-tag", "gloom").err
    assert run("styles", "rename", "Boats", "Tides").code == 0

    [row] = run("styles", "list", "--json").json
    assert (row["name"], row["version"], row["samples"]) == ("Tides", 4, 2)
    profile = run("styles", "show", "Tides", "--json").json
    own = [profile[key] for key in ("guidance", "struck", "added_words", "added_tags", "never")]
    assert own == ["Never cheer.", ["exclamation"], ["fog"], ["humour"], ["delve"]]
    assert profile["syntax"]["sentence_words"] > 0
    assert profile["rules"] == []  # two short samples: nothing is sure
    assert {"name", "rate", "reference_rate", "examples"} == set(profile["tags"][0])
    assert "Does: tag:" in run("styles", "show", "Tides").out
    assert "Guidance: Never cheer." in run("styles", "show", "Tides").out

    assert run("styles", "remove", "Tides").code == 0
    assert run("styles", "list", "--json").json == []
    assert run("styles", "restore", "Tides").code == 0
    assert "Tides" in run("styles", "list").out


def test_a_style_name_that_is_taken_is_refused(run: Run, voice: list[Path]) -> None:
    run("styles", "add", "Boats", voice[0])

    said = run("styles", "add", "Boats", voice[1])

    assert said.code == 1
    assert "already" in said.err


# ------------------------------------------------------------------ the machine


def test_doctor_json_says_that_notes_can_be_written(run: Run) -> None:
    said = run("doctor", "--json")

    assert said.code == 0
    assert said.json["ok"] is True
    assert {"Python", "Database", "Models", "Writing"} <= {c["name"] for c in said.json["checks"]}


def test_doctor_exits_1_where_the_database_cannot_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("NOTEWRIGHT_DATA_DIR", str(tmp_path / "file" / "data"))

    said = run("doctor")

    assert said.code == 1
    assert "Set NOTEWRIGHT_DATA_DIR" in said.out
    assert "Notes cannot be written here yet." in said.out


def test_export_and_import_carry_everything_over(
    run: Run, voice: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_id = one_note(run, voice)["note_id"]
    assert "1 note," in run("export", tmp_path / "out").out
    monkeypatch.setenv("NOTEWRIGHT_DATA_DIR", str(tmp_path / "elsewhere"))

    assert "1 note," in run("import", tmp_path / "out").out
    assert run("notes", "show", note_id, "--json").json["note_id"] == note_id


def test_a_setting_that_cannot_be_used_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTEWRIGHT_PORT", "many")

    said = run("notes", "list")

    assert said.code == 1
    assert "NOTEWRIGHT_PORT" in said.err


def test_the_page_and_the_command_line_share_one_library(
    run: Run, voice: list[Path], settings: Settings
) -> None:
    note_id = one_note(run, voice)["note_id"]
    with closing(Studio.open(settings)) as studio:
        assert studio.note("local", note_id).note.request.topic == "The fair"
        studio.store.save_profile("local", builders.profile("From the page"))
    assert "From the page" in run("styles", "list").out


# ------------------------------------------------------------------ as a process


def notewright(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"NOTEWRIGHT_SCRIPTED": "true"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_command_and_the_module_say_the_same() -> None:
    script = Path(sys.executable).with_name("notewright")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == notewright("--version").stdout == "notewright 0.1.0\n"


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    program = (
        "import sys, app, app.cli\n"
        "heavy = {'torch', 'gradio', 'llama_cpp', 'transformers', 'sentence_transformers',"
        " 'sqlmodel', 'numpy', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_serve_says_where_it_is_and_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--no-open", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"NOTEWRIGHT_SCRIPTED": "true", "NOTEWRIGHT_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process:
        try:
            said = next(line for line in process.stderr if "http" in line)
            with urlopen(said.split()[3], timeout=30) as page:
                assert page.status == 200
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            code = process.wait(60)
        finally:
            process.kill()
    assert "Traceback" not in rest
    assert code in (0, 1)
