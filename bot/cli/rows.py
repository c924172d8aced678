"""What the verbs that read and write rows share: they work beside a running Spotter, which acts on what they wrote."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from bot.app.clock import SystemClock
from bot.app.database import opened_store
from bot.blocks.elements import clean
from bot.cli.terminal import echo
from bot.config import load
from bot.domain.errors import QueryError, SpotterError
from bot.domain.permissions import OPERATOR_VIEWER
from bot.domain.ports import Clock
from bot.listeners.access_scope import access_view, names, refuse_unknown
from bot.query import parser as language
from bot.store.database import Store, Tx

T = TypeVar("T")


def with_store(work: Callable[[Store, Clock], Awaitable[T]]) -> T:
    """Runs something against the database the settings name and answers what it answers."""

    async def main() -> T:
        settings = load(os.environ)
        clock = SystemClock(settings.clock_offset)
        async with opened_store(settings, clock) as store:
            return await work(store, clock)

    return asyncio.run(main())


def parsed(text: str, read: Callable[[str], language.Query] = language.parse) -> language.Query:
    """A query; words that are none end the command with the nearest ones."""
    try:
        return read(text)
    except QueryError as error:
        raise click.UsageError(_with_nearest(error)) from error


def refuse_unknown_names(tx: Tx, asked: language.Query, clock: Clock) -> None:
    """Ends the command, with the nearest names, where a query names nobody and nothing.

    Before iSpring was read nothing can be known: then it is said that the names were not checked.
    """
    try:
        refuse_unknown(asked, names(tx, access_view(tx, OPERATOR_VIEWER), asked, clock.now()))
    except QueryError as error:
        if tx.people.directory_at() is not None and tx.polls.state().baseline_at is not None:
            raise SpotterError(_with_nearest(error)) from error
        echo("iSpring has not been read yet, so the names in this query are taken as they are.", err=True)


def _with_nearest(error: QueryError) -> str:
    nearest = " · ".join(clean(one) for one in error.suggestions)
    return f"{error} Did you mean: {nearest}" if nearest else str(error)
