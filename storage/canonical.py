"""Canonical JSON: the exact text whose SHA-256 is a value's content address.

What is stored is this text, so an address can be checked years later from the bytes alone, even if
the model has gained fields since.
"""

import hashlib
import json

from engine.types import Value


def canonical(value: Value) -> str:
    """Return the canonical JSON of a value, as `Value.digest` hashes it."""
    return json.dumps(
        value.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )


def digest(body: str) -> str:
    """Return the SHA-256 (hex) of a stored body."""
    return hashlib.sha256(body.encode()).hexdigest()


def note_id(body: str) -> str:
    """Return the address that a note of this body has."""
    return f"n1-{digest(body)[:32]}"


def feedback_id(body: str) -> str:
    """Return the address that an act of feedback of this body has."""
    return f"f1-{digest(body)[:32]}"


def vote_id(body: str) -> str:
    """Return the address that a vote of this body has."""
    return f"v1-{digest(body)[:32]}"


def adapter_id(body: str) -> str:
    """Return the address that an adapter with this manifest has."""
    return f"a1-{digest(body)[:32]}"
