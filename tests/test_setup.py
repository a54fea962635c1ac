"""Set-up: what it compiles for which processor, and what it says when it cannot go on."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts import SCRIPTS, load_script

setup = load_script("setup")

SERVER_CPU = {"avx", "avx2", "fma", "f16c", "bmi2", "avx512f", "avx512bw", "avx512cd", "avx512dq",
              "avx512vl", "avx512_vnni", "amx_tile", "amx_int8"}  # fmt: skip


def test_set_up_names_what_the_cpu_has_and_never_amx() -> None:
    flags = setup.build_flags("x86_64", SERVER_CPU)

    assert {"GGML_NATIVE=OFF", "GGML_AVX512=ON", "GGML_AVX512_VNNI=ON", "GGML_AVX2=ON"} <= set(
        flags
    )
    assert not any("AMX" in flag for flag in flags)


def test_an_older_cpu_gets_no_instruction_that_it_lacks() -> None:
    old = setup.build_flags("x86_64", {"avx"})

    assert {"GGML_AVX=ON", "GGML_AVX2=OFF", "GGML_FMA=OFF", "GGML_AVX512=OFF"} <= set(old)


def test_where_no_flags_can_be_read_the_library_chooses() -> None:
    assert setup.build_flags("arm64", set()) == ("LLAVA_BUILD=OFF",)


def test_each_processor_has_its_own_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    new, old = (
        setup.wheel_folder(setup.build_flags("x86_64", cpu)) for cpu in (SERVER_CPU, {"avx"})
    )

    assert new != old
    assert new == setup.wheel_folder(setup.build_flags("x86_64", SERVER_CPU))
    assert not new.is_relative_to(SCRIPTS.parent)


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("ensurepip is not available", "python3-venv"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of a pinned package"),
    ],
)
def test_a_failed_step_is_explained(log: str, sentence: str) -> None:
    assert sentence in setup.diagnose(log)


def test_a_missing_compiler_is_a_sentence_unless_there_is_nothing_to_compile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(setup.SetupError, match="no C\\+\\+ compiler"):
        setup.check_compiler()

    made = setup.wheel_folder(setup.build_flags(setup.platform.machine(), setup.cpu_flags()))
    made.mkdir(parents=True)
    (made / "llama_cpp_python-0.3.36-py3-none-any.whl").write_bytes(b"")
    setup.check_compiler()


def test_a_failing_step_names_its_log_and_a_partial_wheel_is_never_found(tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    log.write_bytes(b"")
    program = "import sys; print('No space left on device'); sys.exit(3)"

    with pytest.raises(setup.SetupError, match="The disk is full") as caught:
        setup.run("Compiling", [sys.executable, "-c", program], log)
    assert str(log) in str(caught.value)


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    program = (
        f"import sys, time; sys.path.insert(0, {str(SCRIPTS)!r}); import setup\n"
        "from pathlib import Path\n"
        f"with setup.only_one(Path({str(tmp_path)!r})):\n"
        "    print('in', flush=True); time.sleep(0.5); print('out', flush=True)\n"
    )
    out = tmp_path / "both.txt"
    with out.open("w") as file:
        both = [subprocess.Popen([sys.executable, "-c", program], stdout=file) for _ in range(2)]
        assert [process.wait(30) for process in both] == [0, 0]
    said = [line for line in out.read_text(encoding="utf-8").split() if line in ("in", "out")]
    assert said == ["in", "out", "in", "out"]


def test_a_package_that_the_lock_lacks_is_a_sentence() -> None:
    assert setup.locked("llama-cpp-python") == "llama-cpp-python==0.3.36"
    with pytest.raises(setup.SetupError, match="names no no-such-package"):
        setup.locked("no-such-package")


def test_an_interrupted_compile_leaves_no_wheel_to_be_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    log = tmp_path / "setup.log"
    log.write_bytes(b"")

    def dies_half_way(title: str, command: list[object], log: Path) -> None:
        folder = Path(str(command[command.index("-w") + 1]))
        (folder / "llama_cpp_python-0.3.36-half.whl").write_bytes(b"half")
        raise setup.SetupError(f"{title}: {log}")

    monkeypatch.setattr(setup, "run", dies_half_way)
    with pytest.raises(setup.SetupError):
        setup.llama_wheel(log)
    assert list(tmp_path.glob("**/*.whl")) == []


def test_an_old_python_gets_a_sentence_too() -> None:
    old = sorted(Path("/usr/bin").glob("python3.[89]")) + sorted(
        Path("/usr/bin").glob("python3.10")
    )
    source = (SCRIPTS / "setup.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 7))
    for python in old:
        done = subprocess.run(
            [python, SCRIPTS / "setup.py"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, "needs Python 3.11" in done.stderr) == (1, True)
