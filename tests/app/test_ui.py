"""The page on a real studio: what it keeps, Styles, Library, visitors, and its frame."""

import inspect
import json
import zipfile
from pathlib import Path

import pytest

from app.examples import example
from app.i18n import Texts
from app.server import CannotServe, check_port, free_port, launch_options
from app.settings import Settings
from app.studio import LOCAL
from app.tabs.form import Form
from engine.errors import InvalidRequest
from tests import builders
from tests.app.bench import EN, ZH, Bench, a_form, clicked

PUBLIC = {"write", "write_with", "models", "rate", "search", "styles", "consent"}


# ------------------------------------------------------------------ nothing typed is lost


def test_a_page_opened_again_shows_what_was_typed(bench: Bench) -> None:
    bench.type(a_form(topic="Half a top"))
    bench.write.typed(bench.shown)
    bench.shown[bench.styles.name] = "Half a name"
    bench.styles.typed(bench.shown)
    bench.type(Form())
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.write.parts.fields.read(bench.shown).topic == "Half a top"
    assert bench.shown[bench.styles.name] == "Half a name"


def test_a_page_opened_again_shows_the_note_and_the_edit_half_typed(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.note.editor] = "Half an edit"
    bench.note.typed(bench.shown)
    bench.shown |= {bench.note.note_id: "", bench.note.editor: ""}
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == note_id
    assert bench.shown[bench.note.editor] == "Half an edit"
    assert "is-chosen" in bench.shown[bench.note.cards]


def test_a_plan_being_edited_survives_a_reload(bench: Bench) -> None:
    bench.write_note(edit_plan=True)
    bench.shown[bench.write.parts.plan] += "\n- one more point"
    bench.write.plan_typed(bench.shown)
    edited = bench.shown[bench.write.parts.plan]
    bench.shown |= {bench.write.parts.plan: "", bench.write.parts.pending: {}}
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.shown[bench.write.parts.plan] == edited
    bench.run(bench.write.flow.draft(bench.shown, EN))
    assert bench.notes == 1


def test_a_form_kept_by_another_version_does_not_break_the_page(bench: Bench) -> None:
    bench.studio.save_form(
        bench.owner, {"form": {"topic": 3, "words": "many", "new": 1}, "editor": None}
    )
    bench.see(bench.page.opened(bench.shown, EN))
    assert bench.write.parts.fields.read(bench.shown) == Form()


def test_an_example_fills_the_form(bench: Bench) -> None:
    bench.see(bench.write.take_example(bench.shown, clicked("aunt-rosalind")))
    form = bench.write.parts.fields.read(bench.shown)
    assert form.topic == example("aunt-rosalind").topic
    assert len(bench.studio.samples_from_text(form.samples)) == 3
    assert Form.lenient(bench.studio.load_form(bench.owner)["form"]) == form


def test_dropped_files_join_the_samples_and_are_removed(bench: Bench, tmp_path: Path) -> None:
    bench.type(a_form(samples="One I pasted."))
    dropped = tmp_path / "letter.txt"
    dropped.write_text("Dear all, the boat is in.")
    bench.shown[bench.write.files] = [str(dropped)]
    bench.see(bench.write.take_files(bench.shown, EN))
    form = bench.write.parts.fields.read(bench.shown)
    assert form.samples == "One I pasted.\n\n---\n\nDear all, the boat is in."
    assert not dropped.exists()


def test_a_binary_file_renamed_txt_is_a_sentence_and_is_removed(
    bench: Bench, tmp_path: Path
) -> None:
    dropped = tmp_path / "cat.txt"
    dropped.write_bytes(bytes(range(256)) * 8)
    bench.shown[bench.write.files] = [str(dropped)]
    bench.see(bench.write.take_files(bench.shown, EN))
    assert "is-error" in bench.status
    assert not dropped.exists()


# ------------------------------------------------------------------ styles


def add_rosalind(bench: Bench) -> str:
    bench.see(bench.styles.take_example(bench.shown, clicked("aunt-rosalind"), EN))
    return str(bench.shown[bench.styles.opened])


def test_an_example_becomes_a_style_that_writes_notes(bench: Bench) -> None:
    name = add_rosalind(bench)
    assert 'class="profile"' in bench.shown[bench.styles.view]
    bench.write_note(style=name, samples="")
    record = bench.studio.note(bench.owner, bench.shown[bench.note.note_id])
    assert (record.note.style_name, record.note.profile_version) == (name, 1)


def test_a_style_of_a_taken_name_is_refused_and_the_samples_stay(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown |= {bench.styles.name: name, bench.styles.samples: "A text. Another text."}
    bench.see(bench.styles.add_style(bench.shown, EN))
    assert "already" in bench.shown[bench.styles.said]
    assert bench.shown[bench.styles.samples] == "A text. Another text."


def test_a_struck_word_makes_a_new_version_and_can_come_back(bench: Bench) -> None:
    name = add_rosalind(bench)
    word = bench.studio.style(bench.owner, name).words[0].word
    bench.see(bench.styles.strike_out(bench.shown, clicked(word), EN))
    assert bench.studio.style(bench.owner, name).struck == (word,)
    bench.see(bench.styles.strike_out(bench.shown, clicked(word), EN))
    fresh = bench.studio.style(bench.owner, name)
    assert (fresh.struck, fresh.version) == ((), 3)


def test_rules_and_tags_are_struck_out_and_tags_added_with_the_same_button(bench: Bench) -> None:
    name = add_rosalind(bench)
    found = bench.studio.style(bench.owner, name)
    rule, tag = found.rules[0].name, found.tags[0].key
    assert "tag:humour" not in {each.key for each in found.tags}
    for key in (rule, tag, "tag:humour"):
        bench.see(bench.styles.strike_out(bench.shown, clicked(key), EN))
    fresh = bench.studio.style(bench.owner, name)
    assert (fresh.struck, fresh.added_tags) == ((rule, tag), ("humour",))
    assert "Jokes." in bench.shown[bench.styles.view]
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).added_tags == ("humour",)
    for key in (rule, tag, "tag:humour"):
        bench.see(bench.styles.strike_out(bench.shown, clicked(key), EN))
    fresh = bench.studio.style(bench.owner, name)
    assert (fresh.struck, fresh.added_tags) == ((), ())


def test_words_and_guidance_are_added_and_old_versions_can_be_looked_at(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown |= {bench.styles.words: "lovely， splendid", bench.styles.guidance: "Be brief."}
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).added_words == ("lovely", "splendid")
    bench.shown[bench.styles.version] = 1
    bench.see(bench.styles.show_version(bench.shown, EN))
    assert bench.shown[bench.styles.guidance] == ""
    bench.shown[bench.styles.version] = 9
    bench.see(bench.styles.show_version(bench.shown, EN))
    assert "no such version" in bench.shown[bench.styles.said]


def test_a_never_list_is_saved_one_phrase_a_line_and_survives_other_changes(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown |= {bench.styles.words: "", bench.styles.never: "delve\n\n rich  tapestry \ndelve"}
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert bench.studio.style(bench.owner, name).never == ("delve", "rich tapestry")
    assert bench.shown[bench.styles.never] == "delve\nrich tapestry"
    bench.see(bench.styles.strike_out(bench.shown, clicked("exclamation"), EN))
    bench.shown[bench.styles.samples] = example("harbour-log").samples[0]
    bench.see(bench.styles.extend_style(bench.shown, EN))
    kept = bench.studio.style(bench.owner, name)
    assert (kept.never, kept.version) == (("delve", "rich tapestry"), 4)
    bench.shown[bench.styles.never] = "x" * 201
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert "200 characters" in bench.shown[bench.styles.said]


def test_a_style_from_before_the_parser_is_read_again_when_it_is_kept(bench: Bench) -> None:
    old = builders.profile("Old", struck=("exclamation",), never=("delve",))
    bench.studio.store.save_profile(bench.owner, old)
    bench.see(bench.styles.pick(bench.shown, clicked("Old"), EN))
    assert "have it read again" in bench.shown[bench.styles.view]
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    assert "have it read again" not in bench.shown[bench.styles.view]
    bench.see(bench.styles.keep_edits(bench.shown, EN))
    fresh = bench.studio.style(bench.owner, "Old")
    assert fresh.syntax is not None
    assert (fresh.version, fresh.struck, fresh.never) == (2, old.struck, old.never)


def test_a_style_is_renamed_deleted_and_brought_back(bench: Bench) -> None:
    add_rosalind(bench)
    bench.shown[bench.styles.rename_to] = "Aunt R."
    bench.see(bench.styles.rename_style(bench.shown, EN))
    assert [row.name for row in bench.studio.styles(bench.owner)] == ["Aunt R."]
    bench.see(bench.styles.delete_style(bench.shown, EN))
    assert not bench.studio.styles(bench.owner)
    bench.see(bench.styles.undo_delete(bench.shown, EN))
    assert [row.name for row in bench.studio.styles(bench.owner)] == ["Aunt R."]


def test_more_samples_join_the_open_style(bench: Bench) -> None:
    name = add_rosalind(bench)
    bench.shown[bench.styles.samples] = example("harbour-log").samples[0]
    bench.see(bench.styles.extend_style(bench.shown, EN))
    assert len(bench.studio.style(bench.owner, name).samples) == 4


# ------------------------------------------------------------------ library


def test_the_library_finds_opens_deletes_and_brings_back_a_note(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.library.query] = "boil"
    bench.see(bench.library.search(bench.shown, EN))
    assert note_id in bench.shown[bench.library.list]
    bench.see(bench.library.pick(bench.shown, clicked(note_id), EN))
    assert 'class="note"' in bench.shown[bench.library.view]
    bench.see(bench.library.delete_note(bench.shown, EN))
    assert bench.notes == 0
    bench.see(bench.library.undo_delete(bench.shown, EN))
    assert bench.notes == 1


def test_a_note_from_the_library_opens_on_the_write_tab(bench: Bench) -> None:
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.see(bench.write.start_fresh(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == ""
    assert bench.write.parts.fields.read(bench.shown).topic == ""
    bench.shown[bench.library.opened] = note_id
    bench.see(bench.page.open_in_write(bench.shown, EN))
    assert bench.shown[bench.note.note_id] == note_id


def test_the_export_holds_everything(bench: Bench) -> None:
    bench.write_note()
    bench.see(bench.library.export_all(bench.shown, EN))
    with zipfile.ZipFile(bench.shown[bench.library.file]) as packed:
        names = packed.namelist()
        rows = packed.read(next(n for n in names if n.endswith("notes.jsonl"))).splitlines()
    assert any(name.endswith(".md") for name in names)
    assert json.loads(rows[0])


def test_filters_that_nobody_could_choose_are_refused(bench: Bench) -> None:
    bench.shown[bench.library.stars] = 77
    bench.see(bench.library.search(bench.shown, EN))
    assert "not known" in bench.shown[bench.library.said]


def test_the_page_speaks_chinese_to_a_chinese_browser(bench: Bench) -> None:
    bench.see(bench.page.opened(bench.shown, ZH))
    t = Texts("zh")
    assert t("page.tagline") in bench.shown[bench.page.header]
    assert t("library.empty") in bench.shown[bench.library.list]
    bench.type(a_form())
    bench.run(bench.write.flow.write(bench.shown, ZH))
    assert "已存入文库" in bench.status


# ------------------------------------------------------------------ a shared server


def test_visitors_of_a_shared_server_see_only_their_own(bench: Bench) -> None:
    bench.shown[bench.page.token] = ""
    bench.see(bench.page.opened(bench.shown, EN))
    mine = bench.shown[bench.page.token]
    assert len(mine) == 32
    bench.write_note()
    note_id = bench.shown[bench.note.note_id]
    bench.shown[bench.page.token] = "f" * 32
    bench.see(bench.library.pick(bench.shown, clicked(note_id), EN))
    assert "is-error" in bench.shown[bench.library.said]
    bench.see(bench.note.rate(bench.shown, clicked("stars:1"), EN))
    assert "is-error" in bench.shown[bench.note.said]
    assert not bench.studio.note(bench.desk.owner(mine), note_id).feedback


@pytest.mark.parametrize("token", ["", None, "local", "../x", "F" * 32, 7])
def test_a_visitor_without_a_token_is_nobody(bench: Bench, token: object) -> None:
    with pytest.raises(InvalidRequest, match="reload"):
        bench.desk.owner(token)


def test_a_page_of_ones_own_needs_no_token_and_keeps_all_under_one_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "data")
    assert {bench.desk.owner(token) for token in ("", "x", "f" * 32)} == {LOCAL}
    bench.studio.close()


# ------------------------------------------------------------------ the frame


def test_only_the_documented_endpoints_are_public(bench: Bench) -> None:
    public = {fn.api_name for fn in bench.blocks.fns.values() if fn.api_visibility == "public"}
    assert public - {None} == PUBLIC


def test_no_handler_of_the_page_has_more_than_five_inputs(bench: Bench) -> None:
    for fn in bench.blocks.fns.values():
        if fn.fn is not None and fn.api_name not in PUBLIC:
            assert len(inspect.signature(fn.fn).parameters) <= 5, fn.fn


def test_the_page_is_served_privately(tmp_path: Path) -> None:
    options = launch_options(Settings(data_dir=tmp_path, port=free_port("127.0.0.1")))
    assert options["server_name"] == "127.0.0.1"
    for name in ("share", "ssr_mode", "enable_monitoring", "mcp_server", "show_error"):
        assert options[name] is False, name
    assert options["strict_cors"] is True
    assert options["blocked_paths"] == [str(tmp_path.resolve())]
    assert "http://" not in options["head"].replace("http://www.w3.org", "")
    assert "https://" not in options["head"]


def test_a_taken_port_is_a_sentence() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"Port {port} is taken.*NOTEWRIGHT_PORT"):
            check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(CannotServe, match="NOTEWRIGHT_HOST"):
        check_port("192.0.2.1", 7860)
