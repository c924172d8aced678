"""Periods among free words: "last week", "since Monday". Two that touch are one; a gap between them is asked about."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.query.calendar_dates import date_words
from bot.query.days import Period, is_year, month_number, weekday_number
from bot.query.keys import Key
from bot.query.period_terms import period_terms, period_text
from bot.query.periods import read_period
from bot.query.position import Option, Position, key_of, label_of, term_of
from bot.query.questions import MOST_OPTIONS, question, refuse_dangling_negation


def read_free_period(here: Position, words: Sequence[str]) -> bool:
    """Reads a period from the position on; False if there is none. Raises Question if it fits several days."""
    typed = [word for token in here.loose(here.at, 9) for word in date_words(token.value) or ["-"]]
    found = read_period(typed, 0, here.today)
    if found is None or found.used == 0:
        return False
    offer_one_word_name(here, words, found.used)
    refuse_dangling_negation(here)
    periods = (
        [_ahead(one, typed[: found.used], here.today) for one in found.periods] if _is_ahead(here) else found.periods
    )
    choices = [(period_terms(one), period_text(one)) for one in periods]
    if len(choices) > 1:
        raise question(here, f"“{here.typed(found.used)}” fits {len(choices)} days.", choices, found.used)
    _add_period(here, periods[0], found.used)
    return True


def _is_ahead(here: Position) -> bool:
    """Whether days are asked for that are still to come: "planned for Monday"."""
    return here.is_ahead or any(token.value.lower() in _PLANNED for token in here.tokens)


_PLANNED = frozenset({"planned", "scheduled", "upcoming", "plan", "plans", "coming"})
_SAYS_PAST = frozenset(
    {"last", "past", "previous", "prev", "ago", "yesterday", "since", "from", "after", "before", "recent"}
)


def _ahead(period: Period, typed: Sequence[str], today: date) -> Period:
    """A weekday, day or month without a year as the next one, if the newest is over."""
    last = period.until or period.since
    if last is None or period.since is None or last >= today or not _SAYS_PAST.isdisjoint(typed):
        return period
    if any(is_year(word) or is_year(word[-4:]) for word in typed):
        return period
    if any(weekday_number(word) is not None for word in typed):
        return Period(period.since + timedelta(days=7), last + timedelta(days=7))
    if any(month_number(word) or _DAY_AND_MONTH.fullmatch(word) for word in typed):
        return Period(_a_year_later(period.since), _a_year_later(last))
    return period


_DAY_AND_MONTH = re.compile(r"\d{1,2}[./]\d{1,2}\.?")


def _a_year_later(day: date) -> date:
    """The same day of the next year; the 28th for 29 February."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _add_period(here: Position, period: Period, used: int) -> None:
    """Adds a period; "yesterday and today" is one. Asks which is meant if there is a gap between two."""
    terms = period_terms(period)
    if here.period is not None and _is_closed(here.period) and _is_closed(period):
        both = _union(here.period, period)
        first = period_terms(here.period)
        here.terms = [term for term in here.terms if term not in first.split()]
        if both is None:
            choices = [(first, period_text(here.period)), (terms, period_text(period))]
            raise question(here, "One question covers one time, and this names two.", choices, used)
        period = both
    here.period = period
    for term in period_terms(period).split():
        here.add(term, 0)
    here.at += used


def offer_one_word_name(here: Position, words: Sequence[str], used: int) -> None:
    """ "may" is a month before it is a person: the person becomes an option."""
    if used != 1:
        return
    for thing in here.index.named(words[:1])[:MOST_OPTIONS]:
        term = term_of(key_of(thing, Key.EMPLOYEE), thing, here.index)
        here.options.append(Option(label_of(thing), here.with_term(term, used)))


def _union(one: Period, other: Period) -> Period | None:
    """Two closed periods that touch or overlap as one; None if there is a gap."""
    first, last = sorted((one, other), key=lambda period: period.since or date.min)
    assert first.until is not None and last.since is not None and last.until is not None
    if last.since > first.until + timedelta(days=1):
        return None
    return Period(first.since, max(first.until, last.until), is_current=first.is_current or last.is_current)


def _is_closed(period: Period) -> bool:
    return period.since is not None and period.until is not None
