"""What `check` says: one thing looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `what` says how it is, `remedy` what to do where it is not as it should be."""

    level: Level
    what: str
    remedy: str = ""


def fine(what: str, remedy: str = "") -> Finding:
    """All is well; `remedy` says what to do if it should not be so."""
    return Finding(Level.FINE, what, remedy)


def warning(what: str, remedy: str) -> Finding:
    """It works, and may surprise."""
    return Finding(Level.WARNING, what, remedy)


def wrong(what: str, remedy: str) -> Finding:
    """Something does not work until a person mends it."""
    return Finding(Level.WRONG, what, remedy)
