"""`check`: everything that can be wrong with an installation, each with its remedy. It changes nothing."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app.database import opened_store
from bot.app.parts import ispring_reader, slack_messenger
from bot.checks import database, ispring, slack
from bot.checks.results import Finding, Level, fine, warning, wrong
from bot.config import Settings
from bot.domain.errors import StoreError
from bot.domain.ports import Clock
from bot.store.lock import Leadership

__all__ = ["Finding", "Level", "examine"]


async def examine(
    settings: Settings, environ: Mapping[str, str], clock: Clock, report: Callable[[str], None]
) -> AsyncIterator[Finding]:
    """Looks at one thing after the other and answers as it goes; a thing that is wrong does not hide the next.

    `tell` hears, now and then, what is being done: reading a large listing takes minutes.
    """
    for finding in _settings(settings, environ):
        yield finding
    async with AsyncExitStack() as opened:
        known = None
        try:
            store = await opened.enter_async_context(opened_store(settings, clock))
            now = clock.now()
            known = await store.read(lambda tx: database.remembered(tx, now))
            leader = Leadership(settings.database_path).leader()
        except StoreError as error:
            yield wrong("Store: can't be used", str(error))
        else:
            for finding in database.findings(known, settings, now, leader):
                yield finding
        # Where the database's folder is the trouble, a listing can still be read, and is worth reading.
        elsewhere = Path(tempfile.gettempdir()) if known is None else None
        reader = await opened.enter_async_context(ispring_reader(settings, clock, elsewhere))
        async for finding in ispring.findings(reader, known.poll.sessions if known else 0, report):
            yield finding
        messenger = await opened.enter_async_context(slack_messenger(settings, clock))
        async for finding in slack.findings(messenger, settings, known.rules if known else (), clock):
            yield finding


def _settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield fine("Settings: all understood")
    for said in settings.warnings(environ):
        what, _, remedy = said.partition(": " if ": " in said else ". ")
        yield warning(what, remedy)
    if not settings.ops_channel:
        yield warning(
            "OPS_CHANNEL is not set", "Set it to a channel's id: trouble is told there once, and once when it is over."
        )
    if not settings.admins:
        yield warning(
            "ADMINS is not set", "Set it to Slack user ids: nobody else may link accounts or take over rules."
        )
    if settings.clock_offset:
        yield warning("CLOCK_OFFSET is set", "Remove it: it is for the demo, and every time told is shifted by it.")
