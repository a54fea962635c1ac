"""What the page says of a profile's sentences: rules, tags, metrics, and how sure they are."""

import pytest

from app.i18n import Texts
from app.plots import profile_view
from engine.profile import parsing
from engine.types import PragmaticTag, StyleProfile, SyntaxMetrics, SyntaxRule
from tests import builders

EN, ZH = Texts("en"), Texts("zh")


def _built() -> StyleProfile:
    rule = SyntaxRule(name="NP → DT JJ JJ NN", count=4, llr=9.1, ratio=3.0, example="<b> & co")
    tags = (
        PragmaticTag(name="imperative", rate=0.25, reference_rate=0.05, examples=("Row <hard>.",)),
        PragmaticTag(name="hedging", rate=0.0, reference_rate=0.1),
    )
    return builders.profile(
        shape=builders.shape(sentence_lengths=(8,) * 40),
        rules=(rule,),
        tags=tags,
        syntax=SyntaxMetrics(sentence_words=8.0, verb_noun_ratio=0.7),
    )


def test_rules_tags_and_metrics_are_shown_with_example_and_advice() -> None:
    html = profile_view(_built(), [], EN)
    assert "Often puts two adjectives before a noun." in html
    assert "&lt;b&gt; &amp; co" in html
    assert "Tells the reader what to do: every fourth sentence." in html
    assert "Row &lt;hard&gt;." in html
    assert "Too near the usual" not in html
    assert "25% (usually 5%)" in html
    assert "Write shorter sentences." in html
    assert "not measured" in html
    assert 'data-strike="tag:hedging"' in html
    assert 'aria-label="Add: jokes"' in html


def test_a_tag_that_may_be_chance_is_not_called_a_trait() -> None:
    few = _built().model_copy(update={"shape": builders.shape(sentence_lengths=(8, 9, 7, 8))})
    html = profile_view(few, [], EN)
    assert "Tells the reader what to do" not in html
    assert "Too near the usual" in html


def test_rules_and_tags_are_said_in_the_readers_language() -> None:
    html = profile_view(_built(), [], ZH)
    assert "常在名词前连用两个形容词。" in html
    assert "常用祈使句：约每四句一次。" in html


def test_a_style_without_sentences_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Press “Keep changes” to have it read again." in profile_view(builders.profile(), [], EN)
    monkeypatch.setattr(parsing, "MODEL", "no_such_parser")
    assert "make setup" in profile_view(builders.profile(), [], EN)


def test_the_page_says_how_sure_a_profile_is() -> None:
    html = profile_view(builders.profile(), [], EN)
    assert "Not sure yet: 2 samples, about 32 words. Five samples or more" in html
