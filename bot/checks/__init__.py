"""`check`: everything that can be wrong with an installation, each with its remedy. It changes nothing
but the tables of a database of an earlier version: like every command it copies that first and then migrates it.

`runner.run_checks` runs all checks; each of the other modules holds the checks of one thing.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check: `what` describes the state, `remedy` says how to change it."""

    level: Level
    what: str
    remedy: str = ""


def fine(what: str, remedy: str = "") -> CheckResult:
    """Nothing is wrong; `remedy` is for a reader who expected another state."""
    return CheckResult(Level.FINE, what, remedy)


def warning(what: str, remedy: str) -> CheckResult:
    """It works, but its effect may surprise."""
    return CheckResult(Level.WARNING, what, remedy)


def wrong(what: str, remedy: str) -> CheckResult:
    """It does not work until a person mends it."""
    return CheckResult(Level.WRONG, what, remedy)
