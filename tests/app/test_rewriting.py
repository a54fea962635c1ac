"""Make this note funnier: kept as an edit, undone, refused in a sentence; a trait of a style."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.train import _trait_order
from app.edits import wished
from app.feedback import final_text
from app.rewriting import Made, rewrite
from app.training import trait_method
from engine.errors import InvalidRequest
from engine.models.scripted import ScriptedModel
from engine.types import TraitWish
from tests.adapters import a_folder
from tests.app.bench import EN, ZH, Bench, clicked


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "data")
    made.studio.warm_up()
    yield made
    made.studio.close()


def answering(bench: Bench, *replies: str) -> None:
    """Let the planner's model answer so."""
    loaded = replace(bench.studio.models, planner_model=ScriptedModel(replies))
    bench.studio.room.put(loaded)


def asked(bench: Bench, trait: str) -> str:
    panel = bench.note.rewriting
    bench.shown |= {panel.trait: trait, panel.made: None}
    bench.see(panel.begin(bench.shown, EN))
    bench.see(panel.work(bench.shown, EN))
    return str(bench.shown[panel.result])


def test_a_note_is_rewritten_beside_itself_kept_and_undone(bench: Bench) -> None:
    bench.write_note()
    note_id = str(bench.shown[bench.note.note_id])
    before = final_text(bench.studio.note(bench.owner, note_id))
    shown = asked(bench, "funnier")
    assert 'data-rewriting="keep"' in shown
    assert "By the planner’s prompt" in shown
    assert final_text(bench.studio.note(bench.owner, note_id)) == before
    bench.see(bench.note.decide_rewriting(bench.shown, clicked("keep"), EN))
    after = final_text(bench.studio.note(bench.owner, note_id))
    assert after != before
    assert bench.shown[bench.note.editor] == after
    assert 'data-rewriting="undo"' in str(bench.shown[bench.note.rewriting.result])
    bench.see(bench.note.decide_rewriting(bench.shown, clicked("undo"), EN))
    assert final_text(bench.studio.note(bench.owner, note_id)) == before
    assert bench.shown[bench.note.editor] == before


@pytest.mark.parametrize(
    ("trait", "said"),
    [
        ("", "Say what the text is to be"),
        ("word " * 200, "8 words and 60 characters at most"),
        ("more hateful", "would hurt somebody"),
    ],
)
def test_what_is_no_trait_is_told_and_the_text_stays(bench: Bench, trait: str, said: str) -> None:
    bench.write_note()
    assert said in asked(bench, trait)
    assert bench.shown[bench.note.rewriting.made] is None
    bench.see(bench.note.decide_rewriting(bench.shown, clicked("keep"), EN))
    assert "ask for one first" in str(bench.shown[bench.note.said])


def test_a_model_that_refuses_or_finds_no_words_is_told(bench: Bench) -> None:
    bench.write_note()
    answering(bench, "I'm sorry, but I can't help with that.")
    assert "The model declines" in asked(bench, "funnier")
    answering(bench, "Gulls, and gulls, and nothing but gulls over a grey and empty sea.")
    assert "found no wording" in asked(bench, "funnier")
    panel = bench.note.rewriting
    bench.see(panel.work(bench.shown, ZH))
    assert "保持原样" in str(bench.shown[panel.result])


def test_an_adapter_that_learned_the_trait_does_it(bench: Bench, tmp_path: Path) -> None:
    bench.see(bench.styles.take_example(bench.shown, clicked("harbour-log"), EN))
    name = str(bench.shown[bench.styles.opened])
    bench.write_note(style=name)
    settings = {"trait": {"trait": "Funnier"}}
    base = bench.studio.models.adapters
    assert base is not None
    folder = a_folder(tmp_path / "adapter", base=base.base, style=name, settings=settings)
    made = bench.studio.adapters.shelf.add(bench.owner, name, folder)
    note_id = str(bench.shown[bench.note.note_id])
    found = [
        event
        for event in rewrite(bench.studio, bench.owner, note_id, "funnier")
        if isinstance(event, Made)
    ]
    assert [one.adapter for one in found] == [made.id]
    assert "own adapter" in asked(bench, "funnier")
    shelf = bench.studio.adapters.shelf
    shelf.promote(bench.owner, made.id)
    other = a_folder(tmp_path / "other", "other", base=base.base, style=name)
    shelf.promote(bench.owner, shelf.add(bench.owner, name, other).id)
    assert "own adapter" in asked(bench, "funnier")
    shelf.retire(bench.owner, [made.id], "It learned from a text that was refused.")
    assert "By the planner’s prompt" in asked(bench, "funnier")


def test_a_style_keeps_its_trait_through_other_edits(bench: Bench) -> None:
    tab = bench.styles
    bench.see(tab.take_example(bench.shown, clicked("harbour-log"), EN))
    name = str(bench.shown[tab.opened])
    typed = {tab.words: "", tab.guidance: "", tab.never: "", tab.trait: "funnier", tab.level: 3}
    bench.shown |= typed
    bench.see(tab.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).trait == TraitWish(name="funnier", level=3)
    bench.see(tab.strike_out(bench.shown, clicked("tag:thank"), EN))
    assert bench.studio.style(bench.owner, name).trait == TraitWish(name="funnier", level=3)
    bench.shown[tab.level] = 0
    bench.see(tab.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).trait is None


def test_the_command_line_asks_for_a_trait_in_its_own_words(tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "It rained."}\n{"text": "It snowed."}\n')
    order = _trait_order(" funnier ", texts, "count", 2)
    assert order is not None
    assert (order.wish.name, order.texts, order.critic, order.rounds) == (
        "funnier",
        ("It rained.", "It snowed."),
        "count",
        2,
    )
    assert _trait_order(None, None, "auto", 1) is None
    with pytest.raises(InvalidRequest, match="at most"):
        _trait_order("word " * 200, None, "auto", 1)
    assert trait_method(None) == "dpo"
    with pytest.raises(InvalidRequest, match="cannot be learned by kto"):
        trait_method("kto")
    with pytest.raises(InvalidRequest, match="from 0"):
        wished("funnier", 7)
