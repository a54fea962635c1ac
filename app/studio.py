"""The use cases. The page, the command line and the API call this and nothing below it."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from app.adapters import AdapterDesk
from app.check import Check
from app.choices import Changes, use
from app.edits import WRITERS_OWN, ProfileEdits, checked, with_samples, without_sample
from app.feedback import chosen_draft, final_text, make_feedback
from app.modelroom import USUAL, ModelRoom, Models
from app.naming import style_name
from app.options import load_options
from app.prompts import PromptDesk
from app.readings import own_phrases, readings
from app.settings import Settings
from app.turnstile import Turnstile
from engine.documents import read_document, split_samples
from engine.errors import StorageError
from engine.events import Event, NoteReady, PlanReady
from engine.loading import (
    LoadedModels,
    load_checker,
    load_embedder,
    suggestions_for,
)
from engine.planner import edited_plan, plan_text
from engine.profile.build import build_profile
from engine.profile.parsing import can_parse
from engine.protocols import Embedder, StopCheck, never_stop
from engine.requests import check_languages
from engine.scoring.nouns import StyleReading
from engine.scoring.scorer import NoteScorer
from engine.types import Feedback, Language, Plan, StyleProfile, StyleSample, WritingRequest
from engine.writer import Writer
from storage.store import NotePage, NoteRecord, Store, StyleRow
from storage.writing_lock import WRITING, WritingLock

__all__ = ["LOCAL", "Check", "ProfileEdits", "Studio", "chosen_draft", "final_text"]

LOCAL = "local"


class Studio:
    """Everything a person can do. Every method takes the owner whose things it touches.

    Made by `Studio.open`; models load at the first use or in `warm_up`.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        """Keep the parts; load nothing yet."""
        self.settings = settings
        self.store = store
        self.turnstile = Turnstile(WritingLock(settings.data_dir / WRITING).mark)
        self.room = ModelRoom(settings, lambda: self.scorer)

    @classmethod
    def open(cls, settings: Settings) -> "Studio":
        """Open the database of these settings, making what is missing."""
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The data directory {str(settings.data_dir)!r} cannot be made "
                f"({error.strerror}). Set NOTEWRIGHT_DATA_DIR to a folder that you may write to."
            ) from error
        return cls(settings, Store.open(settings.url))

    def close(self) -> None:
        """Let go of the database and the models."""
        self.store.close()
        self.room.change(self.settings)

    @property
    def models(self) -> LoadedModels:
        """The models, loaded on first use (seconds; the first start ever takes longer)."""
        return self.room.models()

    @property
    def ready(self) -> bool:
        """Whether the models are in memory."""
        return self.room.ready is not None

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder, without the language models where they are not loaded yet."""
        ready = self.room.ready
        return ready.embedder if ready else load_embedder(load_options(self.settings))

    @cached_property
    def scorer(self) -> NoteScorer:
        """What measures every text, without the language models where they are not loaded yet."""
        phrases = own_phrases(self.settings.data_dir)
        return NoteScorer(self.embedder, phrases, load_checker(load_options(self.settings)))

    @property
    def writer(self) -> Writer:
        """The path from request to note, on the models that are set."""
        return self.room.writer(self.models)

    def use(self, changes: Changes) -> None:
        """Let other models plan or write from the next note on; `app.choices` makes the changes."""
        self.settings = use(self.settings, changes)
        self.room.change(self.settings)

    @cached_property
    def adapters(self) -> AdapterDesk:
        """The adapters of the styles, and which of them writes."""
        shelf = self.store.adapters(self.settings.data_dir / "adapters")
        return AdapterDesk(shelf, lambda: self.models.adapters)

    @cached_property
    def prompts(self) -> PromptDesk:
        """The prompts of the styles, and which of them writes."""
        board = self.store.searches(self.settings.data_dir / "searches")
        return PromptDesk(board, self.adapters)

    # -- writing ---------------------------------------------------------------------------
    def plan(
        self,
        owner: str,
        request: WritingRequest,
        *,
        models: Models = USUAL,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Yield Waiting…, StageStarted, PlanWords… and PlanReady."""
        del owner  # planning touches nothing that is kept
        writer = self._writer(request, models)
        yield from self._in_turn(lambda: writer.plan(request, should_stop=should_stop), should_stop)

    def draft(
        self,
        owner: str,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        adapter: str | None = None,
        models: Models = USUAL,
        planned_in: float = 0.0,
        profiled_in: float = 0.0,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Yield Waiting…, drafts, verdict and NoteReady; the note is stored before NoteReady.

        `adapter` is an id, "general" or "none"; the one that serves the style if absent.
        """
        chosen, writer = self.prompts.writing(
            owner, profile.name, adapter, self._writer(request, models), self.loaded(models)
        )
        events = self._in_turn(
            lambda: writer.draft(
                request,
                profile,
                plan,
                adapter=chosen,
                planned_in=planned_in,
                profiled_in=profiled_in,
                should_stop=should_stop,
            ),
            should_stop,
        )
        with closing(events):
            for event in events:
                if isinstance(event, NoteReady):
                    self.store.save_profile(owner, profile)
                    self.store.save_note(owner, event.note)
                yield event

    def write(
        self,
        owner: str,
        request: WritingRequest,
        profile: StyleProfile,
        *,
        adapter: str | None = None,
        models: Models = USUAL,
        profiled_in: float = 0.0,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Plan and draft in one go."""
        planned = None
        for event in self.plan(owner, request, models=models, should_stop=should_stop):
            planned = event if isinstance(event, PlanReady) else planned
            yield event
        if planned is not None:
            yield from self.draft(
                owner,
                request,
                profile,
                planned.plan,
                adapter=adapter,
                models=models,
                planned_in=planned.seconds,
                profiled_in=profiled_in,
                should_stop=should_stop,
            )

    def _in_turn(
        self, start: Callable[[], Iterator[Event]], should_stop: StopCheck
    ) -> Generator[Event, None, None]:
        """Wait for our turn at the models, run, and leave whatever happens."""
        yield from self.turnstile.enter(should_stop)
        try:
            yield from start()
        finally:
            self.turnstile.leave()

    def _writer(self, request: WritingRequest, models: Models) -> Writer:
        """Return the writer for a request, whose language its stylist writes."""
        loaded = self.loaded(models)
        card = loaded.stylist_model.card
        check_languages(request, card, suggestions_for(request.language))
        return self.room.writer(loaded)

    def loaded(self, models: Models) -> LoadedModels:
        """Return the models of one note; seconds where they are not in memory."""
        return self.models if models == USUAL else self.room.models(*models)

    def edited_plan(self, request: WritingRequest, plan: Plan, text: str) -> Plan:
        """Return the plan after the writer edited its text (title line, then one point a line).

        Facts whose words left the text are named in `missing`, never silently lost.
        """
        return edited_plan(request, plan, text)

    def plan_text(self, plan: Plan) -> str:
        """Return a plan as editable text: title line, then "- " and one point a line."""
        return plan_text(plan)

    # -- styles ----------------------------------------------------------------------------
    def read_samples(self, paths: Sequence[Path]) -> tuple[StyleSample, ...]:
        """Read .txt, .md and .docx files; UnreadableDocument says what to do about others."""
        return tuple(read_document(path) for path in paths)

    def samples_from_text(self, text: str) -> tuple[StyleSample, ...]:
        """Split pasted text into samples (lines of three or more dashes, or '===', part them)."""
        return split_samples(text)

    def profile(
        self, samples: Sequence[StyleSample], language: Language, *, name: str = ""
    ) -> StyleProfile:
        """Read samples into an unsaved profile (for pasted samples of a single note)."""
        return build_profile(samples, language, name=name)

    def add_style(
        self, owner: str, name: str, samples: Sequence[StyleSample], language: Language
    ) -> StyleProfile:
        """Save a new style; its version is 1. InvalidRequest if the name is taken."""
        name = style_name(name)
        return self._saved(owner, self.profile(samples, language, name=name), new=True)

    def add_samples(self, owner: str, name: str, samples: Sequence[StyleSample]) -> StyleProfile:
        """Add samples to a style; a new version."""
        return self._saved(owner, with_samples(self.store.style(owner, name), samples))

    def remove_sample(self, owner: str, name: str, sample_id: str) -> StyleProfile:
        """Take a sample out of a style; a new version."""
        return self._saved(owner, without_sample(self.store.style(owner, name), sample_id))

    def restore_sample(self, owner: str, name: str, sample_id: str) -> StyleProfile:
        """Undo `remove_sample`; a new version."""
        return self.add_samples(owner, name, [self.store.past_sample(owner, name, sample_id)])

    def edit_style(self, owner: str, name: str, edits: ProfileEdits) -> StyleProfile:
        """Save the writer's changes as a new version.

        Samples that were read before there was a parser are read again.
        """
        old, changes = self.store.style(owner, name), checked(edits)
        unread = old.syntax is None and can_parse(old.language)
        found = self.profile(old.samples, old.language, name=name) if unread else old
        kept = {field: getattr(old, field) for field in (*WRITERS_OWN, "version")}
        new = found.model_copy(update={**kept, **changes})
        if new == old:
            return old
        return self._saved(owner, new.model_copy(update={"version": old.version + 1}))

    def _saved(self, owner: str, profile: StyleProfile, *, new: bool = False) -> StyleProfile:
        self.store.save_profile(owner, profile, new=new)
        return profile

    def rename_style(self, owner: str, name: str, new_name: str) -> None:
        """Rename; its notes follow."""
        self.store.rename_style(owner, name, style_name(new_name))

    def delete_style(self, owner: str, name: str) -> None:
        """Hide a style; `restore_style` brings it back."""
        self.store.set_style_deleted(owner, name, True)

    def restore_style(self, owner: str, name: str) -> None:
        """Undo `delete_style`."""
        self.store.set_style_deleted(owner, name, False)

    def styles(self, owner: str) -> Sequence[StyleRow]:
        """List the saved styles by name."""
        return self.store.styles(owner)

    def style(self, owner: str, name: str, version: int | None = None) -> StyleProfile:
        """Return a saved style's profile, the newest version unless told."""
        return self.store.style(owner, name, version)

    # -- library ---------------------------------------------------------------------------
    def search(
        self,
        owner: str,
        query: str = "",
        *,
        style: str | None = None,
        language: Language | None = None,
        min_stars: int | None = None,
        limit: int = 30,
        offset: int = 0,
    ) -> NotePage:
        """Find notes, newest first (best match first when there is a query)."""
        return self.store.search(
            owner, query, style=style, language=language, min_stars=min_stars, limit=limit,
            offset=offset,
        )  # fmt: skip

    def note(self, owner: str, note_id: str) -> NoteRecord:
        """Return a note with its feedback."""
        return self.store.note(owner, note_id)

    def readings(self, owner: str, record: NoteRecord) -> tuple[StyleReading | None, ...]:
        """Return how near each draft has come to the author, and why; see `app.readings`."""
        return readings(self.store, owner, record.note)

    def delete_note(self, owner: str, note_id: str) -> None:
        """Hide a note; `restore_note` brings it back."""
        self.store.set_note_deleted(owner, note_id, True)

    def restore_note(self, owner: str, note_id: str) -> None:
        """Undo `delete_note`."""
        self.store.set_note_deleted(owner, note_id, False)

    def rate(
        self,
        owner: str,
        note_id: str,
        *,
        draft: int | None = None,
        stars: int | None = None,
        thumb: Literal["up", "down"] | None = None,
        choose: int | None = None,
        edited_text: str | None = None,
        tag: str | None = None,
        rater: str = "writer",
    ) -> Feedback:
        """Store one act of feedback; `draft` is the chosen one where it is not given."""
        values = {"stars": stars, "thumb": thumb, "choice": choose, "edit": edited_text, "tag": tag}
        record = self.store.note(owner, note_id)
        feedback = make_feedback(record, values, draft=draft, rater=rater)
        self.store.add_feedback(owner, feedback)
        return feedback

    def export(self, owner: str, directory: Path) -> dict[str, int]:
        """Write everything a person made as JSONL and Markdown; return counts by kind."""
        from app.transfer import export_all

        return export_all(self.store, owner, directory)

    def import_(self, owner: str, directory: Path) -> dict[str, int]:
        """Read an export back; what is already there is left alone. Return counts by kind."""
        from app.transfer import import_all

        return import_all(self.store, owner, directory)

    def save_form(self, owner: str, form: dict[str, Any]) -> None:
        """Keep what is typed on the page, as it is typed."""
        self.store.save_form(owner, form)

    def load_form(self, owner: str) -> dict[str, Any]:
        """Return what was last typed; empty for a newcomer."""
        return self.store.load_form(owner)

    def warm_up(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Load the models; safe to call from a background thread while the page is up."""
        report("Loading the models…")
        _ = self.writer
        report("The models are ready.")

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that the configured stylist can write."""
        return self.models.stylist_model.card.languages

    def doctor(self) -> Sequence[Check]:
        """Try every part of this machine; never raises."""
        from app.doctor import checks

        return checks(self)
