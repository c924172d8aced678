"""Shared by the commands that read and write the database. A running Spotter acts on the rows that they write."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from typing import TypeVar

import click

from bot.app.clock import SystemClock
from bot.app.database import opened_store, require_database
from bot.cli.terminal import echo
from bot.config import load
from bot.domain.errors import QueryError, SpotterError
from bot.domain.permissions import OPERATOR_VIEWER
from bot.domain.ports import Clock
from bot.domain.text import clean
from bot.listeners.access_scope import access_view, names, refuse_unknown
from bot.listeners.understanding import understand
from bot.query import parser as language
from bot.store.database import Store, Tx

T = TypeVar("T")


def with_store(work: Callable[[Store, Clock], Awaitable[T]], *, may_create: bool = False) -> T:
    """Opens the database that the settings name, runs `work` and returns its result. Raises ConfigError if there is
    none, unless `may_create`."""

    async def main() -> T:
        settings = load(os.environ)
        clock = SystemClock(settings.clock_offset)
        if not may_create:
            require_database(settings)
        async with opened_store(settings, clock) as store:
            return await work(store, clock)

    return asyncio.run(main())


def parsed(text: str, read: Callable[[str], language.Query] = language.parse) -> language.Query:
    """Reads a query. Raises click.UsageError, with the nearest words, if it is none."""
    try:
        return read(text)
    except QueryError as error:
        raise click.UsageError(_with_nearest(error)) from error


def understood_by_operator(tx: Tx, text: str, now: datetime) -> tuple[language.Query, language.Names, tzinfo]:
    """The query that free words and keys mean to the operator, the names it was read among, and the zone of its days.

    Raises SpotterError for an unknown name and click.UsageError for words that can't be read. Before iSpring was read
    no name is known: then only keys are read, and this prints that names were not checked.
    """
    access = access_view(tx, OPERATOR_VIEWER)
    if tx.people.directory_at() is None or tx.polls.state().baseline_at is None:
        query = parsed(text)
        return query, known_names(tx, query), access.zone
    try:
        meant = understand(tx, access, text, "", now)
    except QueryError as error:
        kind = SpotterError if _is_query(text) else click.UsageError
        raise kind(_with_nearest(error)) from error
    return meant.query, meant.known, access.zone


def _is_query(text: str) -> bool:
    try:
        return bool(language.parse(text))
    except QueryError:
        return False


def known_names(tx: Tx, query: language.Query) -> language.Names:
    """The names that Spotter knows. Raises SpotterError, with the nearest ones, if the query contains another.

    Before iSpring was read no name is known: then this only prints that the names were not checked.
    """
    known = names(tx, access_view(tx, OPERATOR_VIEWER), query)
    try:
        refuse_unknown(query, known)
    except QueryError as error:
        if tx.people.directory_at() is not None and tx.polls.state().baseline_at is not None:
            raise SpotterError(_with_nearest(error)) from error
        echo("iSpring has not been read yet, so the names in this query were not checked.", err=True)
    return known


def _with_nearest(error: QueryError) -> str:
    nearest = " · ".join(clean(one) for one in error.suggestions)
    return f"{error} Did you mean: {nearest}" if nearest else str(error)
