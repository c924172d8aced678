"""What the verbs that read and write rows share: they work beside a running Spotter, which acts on what they wrote."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from bot.config import load
from bot.core import query as language
from bot.core.errors import QueryError
from bot.core.ports import Clock, Store
from bot.service.clock import SystemClock
from bot.service.database import opened_store

T = TypeVar("T")


def with_store(work: Callable[[Store, Clock], Awaitable[T]]) -> T:
    """Runs something against the database the settings name and answers what it answers."""

    async def main() -> T:
        settings = load(os.environ)
        clock = SystemClock(settings.clock_offset)
        async with opened_store(settings, clock) as store:
            return await work(store, clock)

    return asyncio.run(main())


def parsed(text: str) -> language.Query:
    """A query; words that are none end the command with the nearest ones."""
    try:
        return language.parse(text)
    except QueryError as error:
        nearest = f" Did you mean: {' · '.join(error.suggestions)}" if error.suggestions else ""
        raise click.UsageError(f"{error}{nearest}") from error
