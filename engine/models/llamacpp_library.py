"""The llama.cpp library: loaded once, silenced, and its weights with vocabulary and adapters."""

import ctypes
import hashlib
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from engine.errors import ModelUnavailable, NotFound
from engine.models.llamacpp_template import ChatWords
from engine.models.machine import fingerprint

Tokens: TypeAlias = tuple[int, ...]
Pointer: TypeAlias = Any
"""An address inside llama.cpp; ctypes gives it no better type."""

_KEPT_LOG_LINES = 12
_NO_REASON = "failed to load model"  # what it says last, whatever was wrong


@dataclass(frozen=True)
class Library:
    """The loaded library and the last lines it logged (it would write them to stderr)."""

    api: ModuleType
    log: deque[str]
    _callback: object

    def last_words(self) -> str:
        """Return the last line that llama.cpp logged and that says why, for an error message."""
        reasons = (line for line in reversed(self.log) if not line.endswith(_NO_REASON))
        return next(reasons, "it gave no reason").rpartition("error loading model: ")[2]

    def version(self) -> str:
        """Return what identifies the build: release, source number and CPU features in use."""
        features = self.api.llama_print_system_info().decode()
        return f"{self.api.__version__} | {features.rstrip(' |')}"


@cache
def library() -> Library:
    """Load llama.cpp on first use and keep what it logs instead of printing it.

    Raises:
        ModelUnavailable: the package is missing or was built for another kind of machine.
    """
    try:
        # Compiled code with a start-up cost: only those who load a model pay it.
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelUnavailable(
            f"llama.cpp cannot be loaded ({error}); install the project again on this machine."
        ) from error
    log: deque[str] = deque(maxlen=_KEPT_LOG_LINES)

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator, unused-ignore]
    def keep(level: int, text: bytes, _: object) -> None:
        if level in (3, 4) and text.strip():
            log.append(text.decode(errors="replace").strip())

    llama_cpp.llama_log_set(keep, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return Library(api=llama_cpp, log=log, _callback=keep)


@dataclass(frozen=True)
class Configuration:
    """How weights are loaded: the rungs of the ladder in `engine.models.probe` differ in these.

    `repack` lets llama.cpp rearrange the weights for this CPU's matrix kernels (AMX among them).
    """

    threads: int
    repack: bool = True


@dataclass
class _Adapters:
    paths: dict[str, Path] = field(default_factory=dict)
    loaded: dict[str, Pointer] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class LlamaWeights:
    """One GGUF file in memory, shared by the contexts that use it.

    Args:
        path: the GGUF file.
        configuration: threads and kernels.
        source: the file that `path` was made from, when it is another form of it; adapters trained
            on the one serve the other.
        vocabulary_only: read no weights, where only tokens are asked for.

    Raises:
        ModelUnavailable: the file is missing, no GGUF, or llama.cpp refuses it.
    """

    def __init__(
        self,
        path: Path,
        configuration: Configuration,
        *,
        source: Path | None = None,
        vocabulary_only: bool = False,
    ) -> None:
        """Load the file."""
        self.path = path
        self.configuration = configuration
        self.lib = library()
        api = self.api = self.lib.api
        parameters = api.llama_model_default_params()
        parameters.n_gpu_layers = 0
        parameters.vocab_only = vocabulary_only
        parameters.use_extra_bufts = configuration.repack
        self.pointer: Pointer = api.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.pointer:
            raise ModelUnavailable(
                f"The model file {path.name!r} cannot be loaded ({self.lib.last_words()}); "
                "download it again or choose another model."
            )
        # Not at exit: a thread may still be decoding then, and the system frees all anyway.
        weakref.finalize(self, api.llama_model_free, self.pointer).atexit = False
        if not vocabulary_only and not api.llama_model_has_decoder(self.pointer):
            raise ModelUnavailable(
                f"The model {path.name!r} does not write text; choose an instruct model."
            )
        self.vocabulary: Pointer = api.llama_model_get_vocab(self.pointer)
        self.vocabulary_size = int(api.llama_vocab_n_tokens(self.vocabulary))
        self.trained_context = int(api.llama_model_n_ctx_train(self.pointer))
        self.parameters = int(api.llama_model_n_params(self.pointer))
        # The state of a recurrent model cannot be cut at a position, so no prefix can be reused.
        self.cuts_sequences = not (
            api.llama_model_is_recurrent(self.pointer) or api.llama_model_is_hybrid(self.pointer)
        )
        self.base_revision = fingerprint(source or path)
        self.revision = self.base_revision + ("-q8_0" if source else "")
        self._adapters = _Adapters()
        self._pieces: dict[int, bytes] = {}

    def metadata(self, key: str) -> str:
        """Return a value of the file's metadata, or an empty string."""
        return self._read(self.api.llama_model_meta_val_str, self.pointer, key)

    def tokenize(self, text: str, *, special: bool = False, start: bool = False) -> Tokens:
        """Return the tokens of `text`.

        Args:
            text: what to read.
            special: read `<|…|>` as control tokens; never for text from people.
            start: put the model's begin-of-text token first, where it wants one.
        """
        data = text.encode(errors="replace")
        size = len(data) + 8
        buffer = (self.api.llama_token * size)()
        count = self.api.llama_tokenize(
            self.vocabulary, data, len(data), buffer, size, start, special
        )
        if count < 0:
            raise ModelUnavailable("The model's vocabulary cannot read this text; shorten it.")
        return tuple(buffer[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token writes; control tokens write none."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(512)
            count = self.api.llama_token_to_piece(self.vocabulary, token, buffer, 512, 0, False)
            known = self._pieces[token] = buffer.raw[: max(count, 0)]
        return known

    def token_ends(self, text: str) -> tuple[int, ...]:
        """Return where each token of a person's text ends in it, in bytes of UTF-8."""
        return tuple(accumulate(len(self.piece(token)) for token in self.tokenize(text)))

    def token_text(self, token: int) -> str:
        """Return the name of a token (`<|im_end|>`), empty for none."""
        return "" if token < 0 else self.api.llama_vocab_get_text(self.vocabulary, token).decode()

    def chat_words(self) -> ChatWords:
        """Return the chat template, empty where the file has none, and the marks around a text."""
        start, end = (
            self.token_text(which(self.vocabulary))
            for which in (self.api.llama_vocab_bos, self.api.llama_vocab_eos)
        )
        return ChatWords(self.metadata("tokenizer.chat_template"), start, end)

    def ends(self, token: int) -> bool:
        """Return whether the token ends a turn."""
        return bool(self.api.llama_vocab_is_eog(self.vocabulary, token))

    def register_adapter(self, name: str, path: Path) -> None:
        """Make a LoRA file known under `name`; it is loaded when first used."""
        with self._adapters.lock:
            self._adapters.paths[name] = path
            # A context may still use the replaced file: it stays loaded until the model goes.
            self._adapters.loaded.pop(name, None)
            self._adapters.digests.pop(name, None)

    def adapter(self, name: str) -> Pointer:
        """Return the loaded adapter.

        Raises:
            NotFound: nobody registered that name.
            ModelUnavailable: the file is missing or was made for another base model.
        """
        with self._adapters.lock:
            if name not in self._adapters.paths:
                raise NotFound(f"There is no adapter {name!r}; choose one that the style lists.")
            if name not in self._adapters.loaded:
                self._adapters.loaded[name] = self._load_adapter(name, self._adapters.paths[name])
            return self._adapters.loaded[name]

    def adapter_digest(self, name: str) -> str:
        """Return the SHA-256 of an adapter's file, as it was when it was first asked for."""
        with self._adapters.lock:
            if name not in self._adapters.digests:
                with self._adapters.paths[name].open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._adapters.digests[name] = digest
            return self._adapters.digests[name]

    def _load_adapter(self, name: str, path: Path) -> Pointer:
        if not path.is_file():
            raise ModelUnavailable(f"The file of adapter {name!r} is gone; train the style again.")
        pointer = self.api.llama_adapter_lora_init(self.pointer, str(path).encode())
        if not pointer:
            raise ModelUnavailable(
                f"The adapter {name!r} does not fit the model {self.path.name!r} "
                f"({self.lib.last_words()}); use it with the base it was trained on."
            )
        base = self._read(self.api.llama_adapter_meta_val_str, pointer, "notewright.base_revision")
        if base and base != self.base_revision:
            raise ModelUnavailable(
                f"The adapter {name!r} was trained on another base than {self.path.name!r}; "
                "use it with that base or train the style again."
            )
        return pointer

    def _read(self, getter: Pointer, pointer: Pointer, key: str) -> str:
        length = getter(pointer, key.encode(), None, 0)
        if length < 0:
            return ""
        buffer = ctypes.create_string_buffer(length + 1)
        getter(pointer, key.encode(), buffer, length + 1)
        return buffer.value.decode(errors="replace")
