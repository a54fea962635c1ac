"""Every way a request can fail, drawn first; each message ends with what to do.

NotewrightError          anything we can say a clear sentence about
├── InvalidRequest       the person's input cannot be used; they can mend it (not retryable)
├── UnreadableDocument   a dropped file is not what it says it is
├── ModelUnavailable     a model cannot be loaded or used on this machine
│   ├── ContextOverflow  the text does not fit what the model can read at once
│   └── AdapterUnusable  an adapter is damaged, says what we cannot serve, or has another base
├── StorageError         the database or the disk refused; nothing half-written remains
├── NotFound             no style, note or adapter of that name
└── Stopped              the person pressed Stop or closed the page
"""


class NotewrightError(Exception):
    """Base of all errors whose message may be shown to a person as it stands."""


class InvalidRequest(NotewrightError):
    """A value the person gave cannot be used.

    Attributes:
        field: name of the WritingRequest field (or form field) at fault, for the page to point at.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        """Keep the message and the field at fault."""
        super().__init__(message)
        self.field = field


class UnreadableDocument(NotewrightError):
    """A file cannot be read as plain text, Markdown or .docx."""


class ModelUnavailable(NotewrightError):
    """A model is missing, does not load, or crashes on this machine."""


class ContextOverflow(ModelUnavailable):
    """The prompt is longer than the model can read at once."""


class AdapterUnusable(ModelUnavailable):
    """An adapter is damaged, cannot be expressed in our formats, or was made for another base."""


class StorageError(NotewrightError):
    """The database could not be read or written; the transaction was rolled back."""


class NotFound(NotewrightError):
    """No object of that name or id belongs to this person."""


class Stopped(NotewrightError):
    """The person pressed Stop or closed the page; raised inside a generation to unwind it."""
