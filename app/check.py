"""What the doctor says of one part of this machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One line of the doctor's report; `remedy` is empty when `ok`."""

    name: str
    ok: bool
    required: bool
    detail: str
    remedy: str = ""
