"""The use cases for other programs: named endpoints with typed, documented parameters."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import gradio as gr

from app.i18n import texts_for
from app.models_use import names_in
from app.notemodels import model_names, note_models
from app.present import note_json
from app.tabs.desk import Desk, error_sentence
from engine.errors import InvalidRequest, NotewrightError
from engine.events import NoteReady
from engine.protocols import never_stop
from engine.requests import make_request
from engine.types import StyleProfile, StyleSample

T = TypeVar("T")
_MOST_FOUND = 100


class Endpoints:
    """What other programs may call. Every argument is checked as if a stranger had sent it."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    def write(
        self,
        request: gr.Request,
        topic: str,
        facts: list[str],
        samples: list[str],
        style: str = "",
        language: Literal["en", "zh"] = "en",
        words: int = 120,
        drafts: int = 4,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Write one note and keep it in the library.

        Args:
            topic: what the note is about, one line.
            facts: what it must say, one fact each.
            samples: texts in the style wanted; may be empty where `style` is given.
            style: name of a saved style, instead of samples.
            language: "en" or "zh".
            words: the wanted length, 20 to 800.
            drafts: how many drafts, 1 to 8.
            seed: repeats a note exactly; one is drawn where it is null.
        """
        return self._told(self._write, request, (topic, facts, language, words, drafts, seed),
                          (samples, style), ("", ""))  # fmt: skip

    def write_with(
        self,
        request: gr.Request,
        planner: str,
        stylist: str,
        topic: str,
        facts: list[str],
        samples: list[str],
        style: str = "",
        language: Literal["en", "zh"] = "en",
        words: int = 120,
        drafts: int = 4,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Write one note as `write` does, on models that it names.

        Args:
            planner: the model that plans, by a name that `models` lists; empty is the one set.
            stylist: the model that writes, likewise.
            topic: this and what follows are those of `write`.
            facts: see `write`.
            samples: see `write`.
            style: see `write`.
            language: see `write`.
            words: see `write`.
            drafts: see `write`.
            seed: see `write`.
        """
        return self._told(self._write, request, (topic, facts, language, words, drafts, seed),
                          (samples, style), (planner, stylist))  # fmt: skip

    def models(self, request: gr.Request) -> dict[str, Any]:
        """List the models that a note may ask for by name, and those that are set."""
        return self._told(self._models, request)

    def rate(
        self,
        request: gr.Request,
        note_id: str,
        stars: int | None = None,
        thumb: str | None = None,
        choose: int | None = None,
        edited_text: str | None = None,
        tag: str | None = None,
        draft: int | None = None,
    ) -> dict[str, Any]:
        """Keep one act of feedback on a note: give just one of the five kinds.

        Args:
            note_id: the note's id, as `write` and `search` return it.
            stars: 1 to 5.
            thumb: "up" or "down".
            choose: index of the draft to take.
            edited_text: the text as you would have written it.
            tag: off-style, wrong-fact, missing-fact, too-long, too-short, copied, dull or great.
            draft: which draft it is about; the one in force where it is null.
        """
        given = {
            "stars": stars,
            "thumb": thumb,
            "choose": choose,
            "edited_text": edited_text,
            "tag": tag,
            "draft": draft,
        }
        return self._told(self._rate, request, note_id, given)

    def search(
        self,
        request: gr.Request,
        query: str = "",
        style: str = "",
        language: str = "",
        min_stars: int = 0,
        limit: int = 30,
    ) -> dict[str, Any]:
        """Find notes, newest first, or best match first where there is a query.

        Args:
            query: words to look for; empty finds all.
            style: only notes in this saved style.
            language: only "en" or "zh".
            min_stars: only notes rated so or better, 1 to 5; 0 takes all.
            limit: how many at most, 1 to 100.
        """
        return self._told(self._search, request, query, (style, language), (min_stars, limit))

    def styles(self, request: gr.Request) -> list[dict[str, Any]]:
        """List the saved styles, with the ids of their samples."""
        return self._told(self._styles, request)

    def consent(self, request: gr.Request, about: str, allowed: bool) -> dict[str, Any]:
        """Say whether training may learn from a note or sample; it may until you refuse.

        The answer names the adapters that learned from it before; the Improve tab and
        `notewright train forget` retire them and train again.

        Args:
            about: the note's id, or a sample's as `styles` lists them.
            allowed: true to let training learn from it, false to keep it out.
        """
        return self._told(self._consent, request, about, allowed)

    # -- what they do ------------------------------------------------------------------------
    def _told(self, work: Callable[..., T], request: gr.Request, *args: Any) -> T:
        """Run `work` for the owner behind a request; an error becomes a sentence for the caller."""
        try:
            return work(self._desk.owner(_token(request)), *args)
        except NotewrightError as error:
            sentence = error_sentence(error, texts_for(request))
            raise gr.Error(sentence, print_exception=False) from error

    def _write(
        self, owner: str, asked: tuple[Any, ...], voice: tuple[Any, str], names: tuple[Any, Any]
    ) -> dict[str, Any]:
        topic, facts, language, words, drafts, seed = asked
        request = make_request(
            topic=_text(topic, "topic"),
            facts=_texts(facts, "facts"),
            words=words,
            language=language,
            drafts=drafts,
            seed=seed,
        )
        models = note_models(self._desk.studio.settings, *names)
        for _ in self._desk.loading.wait(never_stop):
            pass
        profile = self._profile(owner, *voice, language=request.language)
        events = self._desk.studio.write(owner, request, profile, models=models)
        for event in self._desk.limits.plan(owner, events):
            if isinstance(event, NoteReady):
                return note_json(event.note)
        raise InvalidRequest("No note came of it; try again.")

    def _models(self, owner: str) -> dict[str, Any]:
        del owner  # everybody may know what plans and writes here
        settings = self._desk.studio.settings
        named = names_in(settings)
        return {
            "planner": named["planner"],
            "stylist": named["stylist"],
            "models": list(model_names(settings)),
        }

    def _profile(self, owner: str, samples: Any, style: str, *, language: Any) -> StyleProfile:
        if style:
            return self._desk.known_style(owner, style)
        texts = [text for text in _texts(samples, "samples") if text.strip()]
        if not texts:
            raise InvalidRequest("Give samples of the style, or the name of a saved one.")
        named = tuple(StyleSample(title=f"sample {n}", text=t) for n, t in enumerate(texts, 1))
        return self._desk.studio.profile(named, language)

    def _rate(self, owner: str, note_id: str, given: dict[str, Any]) -> dict[str, Any]:
        kept = self._desk.studio.rate(owner, _text(note_id, "note_id"), **given)
        return kept.model_dump(mode="json") | {"id": kept.id}

    def _search(
        self, owner: str, query: str, where: tuple[str, str], numbers: tuple[int, int]
    ) -> dict[str, Any]:
        (style, language), (min_stars, limit) = where, numbers
        if language not in ("", "en", "zh"):
            raise InvalidRequest("The language is 'en', 'zh' or empty.", field="language")
        if type(min_stars) is not int or not 0 <= min_stars <= 5:
            raise InvalidRequest("Stars go from 0 (all) to 5.", field="min_stars")
        if type(limit) is not int or not 1 <= limit <= _MOST_FOUND:
            raise InvalidRequest(f"The limit goes from 1 to {_MOST_FOUND}.", field="limit")
        page = self._desk.studio.search(
            owner,
            _text(query, "query")[:300],
            style=style or None,
            language=language or None,  # type: ignore[arg-type]  # checked above
            min_stars=min_stars or None,
            limit=limit,
        )
        notes = [
            {
                "note_id": note.id,
                "title": note.title,
                "snippet": note.snippet.replace("\x02", "").replace("\x03", ""),
                "style": note.style_name,
                "language": note.language,
                "stars": note.stars,
                "created_at": note.created_at.isoformat(),
            }
            for note in page.notes
        ]
        return {"total": page.total, "notes": notes}

    def _styles(self, owner: str) -> list[dict[str, Any]]:
        return [
            {
                "name": row.name,
                "language": row.language,
                "version": row.version,
                "samples": row.samples,
                "sample_ids": [s.id for s in self._desk.studio.style(owner, row.name).samples],
                "notes": row.notes,
            }
            for row in self._desk.studio.styles(owner)
        ]

    def _consent(self, owner: str, about: str, allowed: bool) -> dict[str, Any]:
        if not isinstance(allowed, bool):
            raise InvalidRequest("'allowed' is true or false.", field="allowed")
        self._desk.consent.say(owner, _text(about, "about"), allowed=allowed)
        saw = self._desk.consent.overdue(owner, [about])
        return {"id": about, "consent": allowed, "overdue": [each.adapter.id for each in saw]}


def add_endpoints(desk: Desk) -> None:
    """Name the endpoints in the present Blocks context."""
    calls = Endpoints(desk)
    gr.api(calls.write, api_name="write", concurrency_id="model", concurrency_limit=24)
    gr.api(calls.write_with, api_name="write_with", concurrency_id="model", concurrency_limit=24)
    gr.api(calls.models, api_name="models", concurrency_limit=8)
    gr.api(calls.rate, api_name="rate", concurrency_limit=8)
    gr.api(calls.search, api_name="search", concurrency_limit=8)
    gr.api(calls.styles, api_name="styles", concurrency_limit=8)
    gr.api(calls.consent, api_name="consent", concurrency_limit=8)


def _token(request: gr.Request) -> str:
    """Return the visitor's token of a shared server: sent as `Authorization: Bearer …`."""
    return str(request.headers.get("authorization", "")).removeprefix("Bearer ").strip()


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{name!r} must be text.", field=name)
    return value


def _texts(value: object, name: str) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidRequest(f"{name!r} must be a list of texts.", field=name)
    return value
