"""Runs every check: settings, database, iSpring, Slack."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app.clients import ispring_reader, slack_messenger
from bot.app.database import opened_store
from bot.checks import CheckResult, fine, warning, wrong
from bot.checks.database import check_stored, read_stored
from bot.checks.ispring import check_ispring
from bot.checks.slack import check_slack
from bot.config import Settings
from bot.domain.errors import StoreError
from bot.domain.ports import Clock
from bot.store.lock import Leadership


async def run_checks(
    settings: Settings, environ: Mapping[str, str], clock: Clock, show_progress: Callable[[str], None]
) -> AsyncIterator[CheckResult]:
    """Yields each result as soon as it is known. A failed check does not stop the ones after it.

    `show_progress` gets a sentence about the current step: reading a large listing takes minutes.
    """
    for result in _check_settings(settings, environ):
        yield result
    async with AsyncExitStack() as opened:
        stored = None
        try:
            store = await opened.enter_async_context(opened_store(settings, clock))
            now = clock.now()
            stored = await store.read(lambda tx: read_stored(tx, now))
            leader = Leadership(settings.database_path).leader()
        except StoreError as error:
            yield wrong("Store: can't be used", str(error))
        else:
            for result in check_stored(stored, settings, now, leader):
                yield result
        # A listing is spooled beside the database. If that folder can't be used, the listing is still worth a check.
        spool_folder = Path(tempfile.gettempdir()) if stored is None else None
        reader = await opened.enter_async_context(ispring_reader(settings, clock, spool_folder))
        async for result in check_ispring(reader, stored.poll.sessions if stored else 0, show_progress):
            yield result
        messenger = await opened.enter_async_context(slack_messenger(settings, clock))
        async for result in check_slack(messenger, settings, stored.rules if stored else (), clock):
            yield result


def _check_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    yield fine("Settings: all understood")
    for sentence in settings.warnings(environ):
        what, _, remedy = sentence.partition(": " if ": " in sentence else ". ")
        yield warning(what, remedy)
    if not settings.ops_channel:
        yield warning(
            "OPS_CHANNEL is not set",
            "Set it to a channel's id: an alert is posted there when it begins and when it ends.",
        )
    if not settings.admins:
        yield warning(
            "ADMINS is not set", "Set it to Slack user ids: only admins may link accounts and take over rules."
        )
    if settings.clock_offset:
        yield warning("CLOCK_OFFSET is set", "Remove it: it is for the demo, and it shifts every time that is shown.")
