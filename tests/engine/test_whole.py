"""The stylist for larger models: what it asks for, and the never list against facts."""

from engine.models.embedder import HashingEmbedder
from engine.models.scripted import ScriptedModel
from engine.planner import build_plan
from engine.types import Draft, Scores, Span
from engine.whole import WholeStylist, complaints
from tests.builders import draft, profile, request


def test_what_a_fact_says_may_be_written_and_the_rest_of_the_list_may_not() -> None:
    asked = request(facts=("The ferry leaves at six",), drafts=1)
    model = ScriptedModel(["The ferry leaves at six. A delight. Good."])
    stylist = WholeStylist(model, HashingEmbedder())
    style = profile("Ada", never=("delight", "ferry"))
    *_, last = stylist.draft(asked, style, build_plan(asked, {}))
    assert isinstance(last, Draft)
    assert last.text == "The ferry leaves at six. Good."


def test_a_phrase_of_the_never_list_is_complained_of() -> None:
    spans = (Span(start=2, end=9, kind="never", note="delight"),)
    poor = draft("A delight.", scores=Scores(spans=spans, length_ratio=1.0, signature="t"))
    assert complaints(request(), poor) == "never use these words: delight"
