"""The text of alerts, from the registry `domain.alerts`: for OPS_CHANNEL, `status`, Home and `check`."""

from collections.abc import Mapping

from bot.blocks.markup import NAME, TITLE, date_token, from_seconds, safe
from bot.domain.alerts import ALERTS, RESOLVED, Facts
from bot.domain.text import count, without_stop

REASON = 500  # characters of a reason: what went wrong, its remedy, and the text of iSpring or Slack

_COUNTED: Mapping[str, tuple[str, str]] = {
    "messages": ("message", "messages"),
    "sessions": ("session", "sessions"),
    "listed": ("session", "sessions"),
    "known": ("session", "sessions"),
    "rows": ("row", "rows"),
    "statuses": ("status", "statuses"),
    "supervisors": ("supervisor", "supervisors"),
    "employees": ("person", "people"),
    "changes": ("time", "times"),
}


def alert_text(facts: Facts, command: str = "/ojt") -> str:
    """Returns sentence and remedy of the alert whose code is the fact `code`, as mrkdwn; an unknown code is shown with
    its facts.

    `command` is the slash command. A missing fact reads as "?", because the message has to be sent anyway.
    """
    code = str(facts.get("code") or "something")
    if code == RESOLVED:
        alert = ALERTS.get(str(facts.get("code_before")))
        resolved = alert.resolved if alert is not None and alert.resolved else "the alert ended"
        past = alert.past if alert is not None else "it was not so"
        return f"Over after {_value('minutes', facts.get('minutes'))} min: {resolved}{_from_to(past, facts)}."
    if code not in ALERTS:
        details = ", ".join(
            f"{safe(name, NAME)} {_value(name, value)}" for name, value in facts.items() if name != "code"
        )
        return f"Spotter noticed: {safe(code, NAME)}" + (f" ({details})" if details else "") + ". Its log says more."
    return f"{alert_sentence(code, facts)} {ALERTS[code].remedy.format(command=command)}"


def _from_to(past: str, facts: Facts) -> str:
    """`; the app was refused from … to … (token_revoked)`, for mrkdwn; "" if the times were not stored."""
    begin, end = facts.get("from"), facts.get("to")
    if not isinstance(begin, int) or not isinstance(end, int):
        return ""
    reason = f" ({_first(_value('reason', facts['reason']))})" if facts.get("reason") else ""
    times = [date_token(from_seconds(moment)) for moment in (begin, end)]
    return f"; {past} from {times[0]} to {times[1]}{reason}"


def _first(reason: str) -> str:
    """The first sentence of a reason: what to do about it is over too."""
    return reason.partition(". ")[0]


def alert_sentence(code: str, facts: Facts) -> str:
    """Returns the sentence of a known alert, without its remedy."""
    return ALERTS[code].sentence.format_map(_Facts({name: _Fact(name, value) for name, value in facts.items()}))


class _Fact:
    """A fact in a sentence: `{rows}` is "1 row", `{rows:was|were}` the word that agrees with it."""

    def __init__(self, name: str, value: str | int | float | None) -> None:
        self._name = name
        self._value = value

    def __format__(self, words: str) -> str:
        one, _, many = words.partition("|")
        return (one if self._value == 1 else many) if words else _value(self._name, self._value)


class _Facts(dict[str, _Fact]):
    def __missing__(self, name: str) -> _Fact:
        return _Fact(name, None)


def _value(name: str, value: str | int | float | None) -> str:
    if isinstance(value, int) and name != "process":  # the id of a process is no number of things
        return count(value, *_COUNTED[name]) if name in _COUNTED else f"{value:,}"
    if value is None:
        return "?"
    return without_stop(safe(str(value), REASON)) if name == "reason" else safe(str(value), TITLE)
