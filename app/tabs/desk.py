"""What every tab works at: the studio, who is asking, what they type, and how errors are told."""

import functools
import hashlib
import html
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

import gradio as gr
from gradio.blocks import Block
from gradio.context import LocalContext

from app.benchjobs import BenchJobs
from app.consent import Consent
from app.i18n import Texts, texts_for
from app.limits import Limits
from app.messages import told
from app.settings import Settings
from app.studio import LOCAL, Studio
from app.training import Training
from engine.errors import InvalidRequest, ModelUnavailable, NotewrightError, Stopped
from engine.protocols import StopCheck
from engine.types import StyleProfile

Values: TypeAlias = Mapping[Block, Any]
"""What Gradio hands to a handler whose inputs are a set: each component's value. Untrusted."""

Answer: TypeAlias = dict[Block, Any]
"""The components that a handler changes, and to what."""

_TOKEN = re.compile(r"[0-9a-f]{32}")
_POLL_SECONDS = 0.25
_MOST_KEPT = 500_000
P = ParamSpec("P")
log = logging.getLogger(__name__)


class Loading:
    """Loads the models in the background while the page is already up.

    Args:
        load: what to run, once, in a thread.
        expected: about how many seconds it takes, to be told to those who wait.
        then: what to run afterwards in the same thread, for which nobody waits.
    """

    def __init__(
        self,
        load: Callable[[], None],
        *,
        expected: float = 8.0,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep what to run; nothing starts yet."""
        self._load = load
        self._then = then
        self._expected = expected
        self._started = time.monotonic()
        self._done = threading.Event()
        self.state: Literal["loading", "ready", "failed"] = "loading"
        self.message = ""

    def start(self) -> None:
        """Begin in a daemon thread."""
        self._started = time.monotonic()
        threading.Thread(target=self._run, name="load-models", daemon=True).start()

    def _run(self) -> None:
        try:
            self._load()
            self.state = "ready"
        except NotewrightError as error:
            self.state, self.message = "failed", str(error)
        except Exception as error:
            log.exception("the models could not be loaded")
            self.state, self.message = "failed", f"The models could not be loaded: {error}"
        finally:
            self._done.set()
        self._then()

    def seconds_left(self) -> int:
        """Return about how long it still takes, at least one second."""
        return max(1, round(self._expected - (time.monotonic() - self._started)))

    def wait(self, should_stop: StopCheck) -> Iterator[int]:
        """Yield the seconds still left until the models are there.

        Raises:
            ModelUnavailable: they could not be loaded; the message says what to do.
            Stopped: the person gave up.
        """
        while not self._done.wait(_POLL_SECONDS if self.state == "loading" else 0):
            if should_stop():
                raise Stopped("Stopped while the models were loading.")
            yield self.seconds_left()
        if self.state == "failed":
            raise ModelUnavailable(self.message)


class Stops:
    """One stop flag for each open page that is writing."""

    def __init__(self) -> None:
        """Begin with no page writing."""
        self._flags: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def begin(self, session: str) -> threading.Event:
        """Return a fresh flag for a page, stopping what it still has running."""
        flag = threading.Event()
        with self._lock:
            old = self._flags.pop(session, None)
            self._flags[session] = flag
        if old is not None:
            old.set()
        return flag

    def end(self, session: str, flag: threading.Event) -> None:
        """Forget a flag whose work has ended."""
        with self._lock:
            if self._flags.get(session) is flag:
                del self._flags[session]

    def stop(self, session: str) -> None:
        """Ask the work of a page to stop; nothing happens where none runs."""
        with self._lock:
            flag = self._flags.get(session)
        if flag is not None:
            flag.set()


@dataclass(frozen=True)
class Desk:
    """The one object that every tab is given."""

    studio: Studio
    settings: Settings
    loading: Loading
    limits: Limits = field(default_factory=Limits)
    jobs: BenchJobs | None = None
    stops: Stops = field(default_factory=Stops)
    _typing: threading.Lock = field(default_factory=threading.Lock)

    @functools.cached_property
    def training(self) -> Training:
        """What all tabs train with: it knows which processes it has started."""
        return Training(self.studio)

    @functools.cached_property
    def consent(self) -> Consent:
        """What a person can say about being learned from."""
        return Consent(self.studio, self.training)

    def owner(self, token: object) -> str:
        """Return whose things a request may touch.

        Alone on one's own machine there is one owner. Where several people log in, it is the name
        they logged in with. On a shared server without logins the random token kept in the
        visitor's browser is their key. Only digests are stored.
        """
        if self.settings.named_owners:
            return _owner("u", _logged_in())
        if not self.settings.shared:
            return LOCAL
        return _owner("v", token if isinstance(token, str) and _TOKEN.fullmatch(token) else "")

    def token_for(self, token: object) -> str:
        """Return the visitor's token: the one they have, else a new random one of 128 bits."""
        known = isinstance(token, str) and _TOKEN.fullmatch(token)
        return str(token) if known else secrets.token_hex(16)

    def remember(self, owner: str, **parts: Any) -> None:
        """Keep parts of what is being typed; the other parts stay as they are."""
        if self.settings.shared:
            _check_kept(parts)
        with self._typing:
            self.studio.save_form(owner, self.studio.load_form(owner) | parts)

    def with_files(self, typed: object, dropped: Sequence[str] | None) -> tuple[str, int]:
        """Return the samples typed with those of dropped files, and how many; files are removed."""
        paths = [Path(name) for name in dropped or ()]
        try:
            read = self.studio.read_samples(paths)
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        texts = (str(typed or "").strip(), *(sample.text for sample in read))
        return "\n\n---\n\n".join(text for text in texts if text), len(read)

    def known_style(self, owner: str, name: object) -> StyleProfile:
        """Return a saved style by the name that a page sent."""
        if not isinstance(name, str) or not name:
            raise InvalidRequest("Choose a style first.", field="style")
        return self.studio.style(owner, name)


def _owner(kind: str, key: str) -> str:
    """Return an owner's name in the database: a digest of the key that proves who they are."""
    if not key:
        raise InvalidRequest("Your browser has not been recognised yet; reload the page.")
    return f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _check_kept(parts: Mapping[str, Any]) -> None:
    """Refuse to keep megabytes for a stranger; what they typed stays on their page."""
    size = sum(len(json.dumps(part, ensure_ascii=False)) for part in parts.values())
    if size > _MOST_KEPT:
        raise InvalidRequest(
            f"What you typed has {size:,} characters; this shared page keeps {_MOST_KEPT:,} at "
            "most. It is still in its box: shorten it before you go on."
        )


def _logged_in() -> str:
    """Return the name that whoever sent the present request logged in with; empty for nobody."""
    request = LocalContext.request.get(None)
    return str(getattr(request, "username", None) or "")


def view(name: str, *events: str) -> gr.HTML:
    """Return a place for HTML of ours; clicks on buttons with data-EVENT in it trigger EVENT."""
    sent = ", ".join(f"'{event}'" for event in events)
    return gr.HTML(
        elem_id=name,
        apply_default_css=False,
        js_on_load=f"notewright.on(element, trigger, {sent})" if events else None,
    )


def choice(**settings: Any) -> gr.Dropdown:
    """Return a dropdown that hands on what comes: the list in the browser may be older than ours.

    Gradio refuses values outside the list it last sent, and forgets that list when the server
    restarts; our handlers look every value up anyway.
    """
    dropdown = gr.Dropdown(**settings, filterable=False)
    dropdown.preprocess = lambda payload: payload  # a subclass would count as a custom component
    return dropdown


def whole_frames(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Yield for each answer of a run all that the run has shown so far.

    A browser that lags may skip frames, so each must hold everything. They are copies: Gradio
    takes the values out of what it is given.
    """
    so_far: Answer = {}
    for answer in answers:
        for part, value in answer.items():
            if isinstance(part, gr.State):
                so_far[part] = value  # what a state holds is a value, never an update
            else:
                so_far[part] = _as_update(so_far.get(part, {})) | _as_update(value)
        yield {
            part: value if isinstance(part, gr.State) else dict(value)
            for part, value in so_far.items()
        }


def _as_update(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and (not value or value.get("__type__") == "update"):
        return value
    return {"__type__": "update", "value": value}


def event_value(event: gr.EventData) -> str:
    """Return the value that a button of ours sent, as text."""
    data = event._data
    return str(data.get("value", ""))[:200] if isinstance(data, dict) else ""


def event_number(event: gr.EventData) -> int:
    """Return the number that a button of ours sent; InvalidRequest for anything else."""
    value = event_value(event)
    if not value.isascii() or not value.isdigit():
        raise InvalidRequest(f"{value!r} is not a number; reload the page.")
    return int(value[:6])


def toast(sentence: str) -> None:
    """Show a sentence at the corner of the page for a while; Gradio would read it as HTML."""
    if LocalContext.event_id.get(None) is not None:
        gr.Warning(html.escape(sentence), duration=5)


class Failing(Protocol):
    """Something whose handlers can fail: it knows where its page tells a person so."""

    def fail(self, sentence: str) -> Answer:
        """Return the updates that tell an error."""


Self_ = TypeVar("Self_", bound=Failing)


def edge(
    handler: Callable[Concatenate[Self_, P], Answer],
) -> Callable[Concatenate[Self_, P], Answer]:
    """Wrap a handler of the page: an error becomes a sentence, and what was typed stays."""

    @functools.wraps(handler)
    def answered(self: Self_, /, *args: P.args, **named: P.kwargs) -> Answer:
        try:
            return handler(self, *args, **named)
        except Exception as error:
            given = (part for part in args if isinstance(part, gr.Request))
            asked = next(given, None) or LocalContext.request.get(None)
            sentence = error_sentence(error, texts_for(asked))
            toast(sentence)
            return self.fail(sentence)

    return answered


def error_sentence(error: Exception, t: Texts) -> str:
    """Return what to tell a person about an error, and log those that nobody foresaw."""
    if isinstance(error, NotewrightError):
        return told(str(error), t.language)
    log.error("a handler of the page failed", exc_info=error)
    return t("error.unexpected")
