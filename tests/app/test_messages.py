"""What goes wrong below the page is told in the reader's language."""

import re
import string
import time
from pathlib import Path

import pytest

from app.benchjobs import UNFORESEEN
from app.consent import WITHDRAWN
from app.messages import told, told_sentences, told_words
from app.modeljobs import ENDED
from app.modeljobs import UNFORESEEN as DOWNLOAD_BROKE
from app.searches import UNFORESEEN as SEARCH_BROKE
from app.training import NOT_BEGUN
from engine.documents import MAX_CHARACTERS, read_document, split_samples
from engine.errors import InvalidRequest, NotewrightError
from engine.models.scripted import ScriptedModel
from engine.profile.build import build_profile
from engine.requests import check_languages, make_request
from engine.rewrite import Fault
from engine.types import StyleSample
from finetune.job import NOTHING_KEPT, OUT_OF_MEMORY
from finetune.job import UNFORESEEN as TRAINING_BROKE
from finetune.job import WITHDRAWN as WITHDRAWN_MEANWHILE
from finetune.reasons import Reason
from storage.failures import _SENTENCES as DATABASE
from storage.jobs import INTERRUPTED
from tests.app.bench import ZH, Bench, a_form, clicked
from tests.app.sentences import raised

# A sentence that is passed on as it came, and one that is made in the reader's language.
PASSED_ON = {
    "ModelUnavailable(self.message)",
    "ModelUnavailable(same.words)",
    "TrainingFailed(NOTHING_KEPT)",
    "TrainingFailed(WITHDRAWN)",
    "InvalidRequest(run.t('write.no_style'), field='samples')",
}
# Filled into others, or told without being raised.
PARTS = {
    "It needs its adapter, which `python scripts/{0}.py --system {1}` makes.",
    "Set up one that can ({0}), or ask for {1}.",
    "Set up a model that can, or ask for {0}.",
    "Fact {0}",
    "{0}, line {1}",
    UNFORESEEN,
    DOWNLOAD_BROKE,
    ENDED,
    "is in {0}",
    "does not look like {0}",
    "The models could not be loaded: {0}",
    INTERRUPTED,
    NOTHING_KEPT,
    SEARCH_BROKE,
    NOT_BEGUN,
    OUT_OF_MEMORY,
    TRAINING_BROKE,
    WITHDRAWN,
    WITHDRAWN_MEANWHILE,
    "The database refused; run `notewright doctor` to see what is wrong, then try again.",
}

# Why a way to learn was chosen.
CHOICES = {
    "The adapter that serves has learned these {0} texts already; it goes on with the best of what "
    "it writes itself.",
    "There are {0} pairs of a better and a worse wording.",
    "There are {0} samples to imitate.",
    "There are {0} texts that were liked or not.",
    "There are {0} texts to imitate, and few judgements.",
}

# Why something is not learned from.
REASONS = {*Reason, *Fault}


def test_every_sentence_that_the_source_raises_has_a_chinese_one() -> None:
    missing = {
        text: place
        for text, place in raised().items()
        if text not in told_sentences() and text not in PASSED_ON
    }
    assert missing == {}
    assert set(DATABASE.values()) | PARTS | CHOICES | REASONS <= told_sentences().keys()


def test_no_chinese_sentence_is_left_over() -> None:
    known = raised().keys() | PARTS | CHOICES | set(DATABASE.values()) | REASONS
    assert told_sentences().keys() - known == set()


def test_both_languages_have_the_same_places_to_fill() -> None:
    for english, chinese in told_sentences().items():
        places = sorted(name for _, name, _, _ in string.Formatter().parse(english) if name)
        assert sorted(re.findall(r"\{(\d+)\}", chinese)) == places, english


def test_chinese_sentences_use_chinese_punctuation() -> None:
    for english, chinese in told_sentences().items():
        assert re.search(r"[\u4e00-\u9fff]", chinese) or english == "{0} ({1}: {2})", english
        assert not re.search(r"[\u4e00-\u9fff][,;:?!.()\"]", chinese), chinese
        assert not re.search(r"[,;:?!()\"][\u4e00-\u9fff]", chinese), chinese
    assert all(re.search(r"[\u4e00-\u9fff]", word) for word in told_words().values())


@pytest.mark.parametrize("template", sorted(told_sentences()))
def test_each_sentence_is_recognised_with_its_values_in_place(template: str) -> None:
    count = len(re.findall(r"\{\d+\}", template))
    values = [f"v{n}" for n in range(count)]
    chinese = told(template.format(*values), "zh")
    assert chinese == told_sentences()[template].format(*values)
    assert told(template.format(*values), "en") == template.format(*values)


def message(work: object, *args: object, **named: object) -> str:
    assert callable(work)
    with pytest.raises(NotewrightError) as error:
        work(*args, **named)
    return told(str(error.value), "zh")


def test_real_errors_read_well(tmp_path: Path) -> None:
    card = ScriptedModel().card.model_copy(update={"name": "SmolLM2", "languages": ("en",)})
    chinese = make_request(topic="雨", language="zh")
    assert message(make_request, topic="雨" * 301) == "主题有 301 个字符，最多 300 个。请缩短。"
    assert message(make_request, topic="雨", facts="雨" * 501) == (
        "第 1 条事实有 501 个字符，最多 500 个。请缩短。"
    )
    assert message(make_request, topic="雨", words="many") == "字数填的是“many”，不是数字。"
    assert message(check_languages, chinese, card, ["Qwen"]) == (
        "模型 SmolLM2 只会写英文，不会写中文。请装上会写的模型（Qwen），或改写英文。"
    )
    sample = StyleSample(title="One", text="This is plain English, said at some length. " * 5)
    assert message(build_profile, [sample], "zh") == (
        "样文“One”是英文，而文风要求的是中文。请选样文所用的语言，或换别的样文。"
    )
    (tmp_path / "a.txt").write_bytes(b"%PDF-1.7")
    assert message(read_document, tmp_path / "a.txt") == (
        "a.txt 是 PDF 文件。请把其中的文字另存为 .docx 或 .txt。"
    )
    assert message(split_samples, "x" * 1_000_000).startswith("粘贴的样文有 1,000,000 个字符")
    assert MAX_CHARACTERS == 200_000


def test_a_sentence_that_nobody_knows_stays_as_it_is() -> None:
    assert told("Something new went wrong.", "zh") == "Something new went wrong."


def test_a_strangers_long_text_does_not_hold_the_page_up() -> None:
    started = time.perf_counter()
    for hostile in ("is " * 600, "{0} is {1}; " * 150, "x (y: " * 300, "'" * 5_000_000):
        told(hostile, "zh")
    assert time.perf_counter() - started < 2


def test_the_chinese_page_tells_errors_in_chinese(bench: Bench) -> None:
    bench.type(a_form(topic=""))
    bench.run(bench.write.flow.write(bench.shown, ZH))
    assert "主题还空着" in bench.status
    bench.see(bench.styles.take_example(bench.shown, clicked("nobody"), ZH))
    assert "没有名为“nobody”的示例" in bench.shown[bench.styles.said]
    bench.shown[bench.library.opened] = "n1-none"
    bench.see(bench.page.open_in_write(bench.shown, ZH))
    assert "没有笔记“n1-none”" in bench.shown[bench.library.said]


def test_an_error_is_still_the_same_for_those_who_handle_it() -> None:
    with pytest.raises(InvalidRequest) as error:
        make_request(topic="")
    assert error.value.field == "topic"
