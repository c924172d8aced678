"""Periods among free words: "last week", "since Monday". Two that touch are one; a gap between them is asked about."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.query.calendar_dates import date_words
from bot.query.days import Period
from bot.query.keys import Key
from bot.query.period_terms import period_terms, period_text
from bot.query.periods import read_period
from bot.query.position import Option, Position, key_of, label_of, term_of
from bot.query.questions import MOST_OPTIONS, question


def read_free_period(here: Position, words: Sequence[str]) -> bool:
    """Reads a period from the position on; False if there is none. Raises Question if it fits several days."""
    typed = [word for token in here.loose(here.at)[:9] for word in date_words(token.value) or ["-"]]
    found = read_period(typed, 0, here.today)
    if found is None or found.used == 0:
        return False
    offer_one_word_name(here, words, found.used)
    choices = [(period_terms(one), period_text(one)) for one in found.periods]
    if len(choices) > 1:
        raise question(here, f"“{here.typed(found.used)}” fits {len(choices)} days.", choices, found.used)
    _add_period(here, found.periods[0], found.used)
    here.is_negated = False
    return True


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
