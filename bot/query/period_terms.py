"""Periods as terms of a query and in words."""

from datetime import date

from bot.query.days import Period
from bot.query.keys import Key
from bot.query.values import format_since, format_until


def bound(period: Period, key: Key) -> date | None:
    """What `since:` or `until:` takes of a period: its first or its last day."""
    if key is Key.SINCE:
        return period.since
    return period.until or period.since


def period_terms(period: Period) -> str:
    """A period as `since:` and `until:`; no end if it is the current one, "" if it is open at both ends."""
    since = f"{Key.SINCE}:{period.since}" if period.since else ""
    until = f"{Key.UNTIL}:{period.until}" if period.until and not period.is_current else ""
    return " ".join(filter(None, (since, until)))


def period_text(period: Period) -> str:
    """A period in words: "5 Nov 2026" for one day."""
    if period.since and period.since == period.until:
        return format_since(str(period.since)).removeprefix("since ")
    said = (format_since(str(period.since)) if period.since else "", format_until(str(period.until or "")))
    return ", ".join(filter(None, said[: 2 if period.until else 1]))
