"""What a person gets about sessions in a role of theirs: how often and which, as words and back. Pure."""

import re
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from bot.domain.errors import QueryError
from bot.domain.outcomes import exact
from bot.domain.schedules import Every, Schedule, parse_schedule


class Role(StrEnum):
    """What a person is in a session."""

    OBSERVER = "observer"
    EMPLOYEE = "employee"
    SUPERVISOR = "supervisor"  # of its employee, and not its observer


class Often(StrEnum):
    INSTANTLY = "instantly"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Choice:
    """How often a person gets messages about sessions in one role, and about which.

    `schedule`: of the digest that comes daily or weekly, else None. `only_low`: only what is below target, critical or
    failed; with `below`, instead, only a score below this percentage.
    """

    often: Often
    only_low: bool = False
    below: float | None = None
    schedule: Schedule | None = None

    def __str__(self) -> str:
        """Its canonical text, which `parse_choice` reads: "weekly mon 09:00 below 70"."""
        when = str(self.schedule or self.often)
        if self.often is Often.NEVER or not self.only_low:
            return when
        return f"{when} {which_text(self)}"


NOTHING = Choice(Often.NEVER)
DEFAULT_SCHEDULES = {Often.DAILY: Schedule(Every.DAY, time(9)), Often.WEEKLY: Schedule(Every.WEEK, time(9), 0)}
EXAMPLES = (
    "settings observer instantly below target",
    "settings employee weekly mon 09:00",
    "settings supervisor daily 09:00 below 70",
    "settings observer never",
)
_ROLES = {
    **dict.fromkeys(("observer", "observing", "observed"), Role.OBSERVER),
    **dict.fromkeys(("employee", "trainee", "my"), Role.EMPLOYEE),
    **dict.fromkeys(("supervisor", "team", "manager"), Role.SUPERVISOR),
}
_OFTEN = {
    **dict.fromkeys(("instantly", "instant", "immediately"), Often.INSTANTLY),
    **dict.fromkeys(("daily",), Often.DAILY),
    **dict.fromkeys(("weekly",), Often.WEEKLY),
    **dict.fromkeys(("never", "off", "stop", "none", "nothing"), Often.NEVER),
}
_FILLERS = re.compile(r"\b(?:as|an?|only|results?|at once)\b", re.IGNORECASE)
_BELOW = re.compile(
    r"(?:\bbelow|\bunder|<)\s*(?P<what>target|[-−]?\d+(?:[.,]\d+)?|\S*)\s*(?:%|percent\b)?", re.IGNORECASE
)
_LOW = re.compile(r"\b(?:failed|low)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|everything)\b", re.IGNORECASE)


def which_text(choice: Choice) -> str:
    """Which sessions, as `parse_choice` reads it."""
    if not choice.only_low:
        return "all"
    return "below target" if choice.below is None else f"below {exact(choice.below)}"


def role_of(word: str) -> Role | None:
    """The role that a word names, None if it names none."""
    return _ROLES.get(word.lower())


def parse_choice(text: str, before: Choice, role: Role) -> Choice:
    """A choice as people type it; what the text does not say is as `before`. Raises QueryError, whose suggestions are
    whole commands."""
    said, only_low, below = _which("instantly" if text.strip().lower() == "on" else text, role)
    instead = re.sub(r"\bat once\b", "instantly", said, flags=re.IGNORECASE)
    words = _FILLERS.sub(" ", instead).split()
    found = list(dict.fromkeys(_OFTEN[word.lower()] for word in words if word.lower() in _OFTEN))
    if len(found) > 1:
        names = " and ".join(f"“{one}”" for one in found)
        raise QueryError(f"{names} exclude each other: say one of them.", [f"settings {role} {one}" for one in found])
    often = found[0] if found else before.often
    schedule, words = _schedule(often, words, before)
    if unknown := [word for word in words if word.lower() not in _OFTEN]:
        raise QueryError(f"“{' '.join(unknown)}” is no part of this setting.", _suggestions(role))
    if often is Often.NEVER:
        if only_low is not None and found:
            raise QueryError(
                "“never” sends nothing, so it takes no “below” or “all”.",
                [f"settings {role} never", f"settings {role} instantly below target"],
            )
        if only_low is None:
            return NOTHING
        often = Often.INSTANTLY
    if only_low is None:
        only_low, below = before.only_low, before.below
    return Choice(often, only_low, below if only_low else None, schedule)


def low_score(text: str) -> float:
    """The percentage that a text names. Raises ValueError if it is none over 0 and up to 100."""
    found = float(text.replace("−", "-").replace(",", ".").rstrip("% "))
    if not 0 < found <= 100:
        raise ValueError(text)
    return found


def _suggestions(role: Role) -> list[str]:
    return list(dict.fromkeys([*(one for one in EXAMPLES if f" {role} " in one), f"settings {role} never"]))


def _which(text: str, role: Role) -> tuple[str, bool | None, float | None]:
    """The text without what says which sessions; whether only low ones, None if it does not say; and below what."""
    if found := _BELOW.search(text):
        remaining = f"{text[: found.start()]} {text[found.end() :]}"
        if found["what"].lower() == "target":
            return remaining, True, None
        try:
            return remaining, True, low_score(found["what"])
        except ValueError:
            fixes = [f"settings {role} below 70", f"settings {role} below target"]
            raise QueryError("Below what? A percentage over 0 and up to 100, or “below target”.", fixes) from None
    for pattern, only_low in ((_LOW, True), (_ALL, False)):
        if found := pattern.search(text):
            return f"{text[: found.start()]} {text[found.end() :]}", only_low, None
    return text, None, None


def _schedule(often: Often, words: list[str], before: Choice) -> tuple[Schedule | None, list[str]]:
    """The schedule of a digest, None without one, and the words that are no part of it."""
    usual = DEFAULT_SCHEDULES.get(often)
    if usual is None:
        return None, words
    kept = before.schedule if before.often is often and before.schedule is not None else usual
    others = [word for word in words if word.lower() not in _OFTEN]
    if not others:
        return kept, []
    # The day or the time may be missing: that of before follows.
    for typed in (others, [*others, f"{kept.at:%H:%M}"], [*str(kept).split()[1:-1], *others]):
        try:
            schedule, zone, remaining = parse_schedule(" ".join([often, *typed]))
        except QueryError:
            continue
        if not zone:
            return schedule, remaining.split()
    return kept, others
