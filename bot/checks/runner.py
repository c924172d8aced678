"""Runs every check: settings, database, iSpring, Slack."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app import heartbeat
from bot.app.clients import ispring_reader, slack_messenger
from bot.app.database import opened_store, require_database
from bot.checks import CheckResult, Level, fine, warning, wrong
from bot.checks.database import check_stored, read_stored
from bot.checks.ispring import check_ispring
from bot.checks.slack import check_slack
from bot.config import ENV_FILE, Settings, unknown_names
from bot.domain.errors import ConfigError, StoreError
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
            require_database(settings)
            store = await opened.enter_async_context(opened_store(settings, clock))
            now = clock.now()
            stored = await store.read(lambda tx: read_stored(tx, now))
            leadership = Leadership(settings.database_path)
            leader, signed_at = leadership.leader(), leadership.signed_at()
        except ConfigError:
            yield _check_folder(settings.database_path.absolute())
        except StoreError as error:
            yield wrong("Store: can't be used", str(error))
        else:
            for result in check_stored(stored, settings, now, leader, signed_at):
                yield result
        # A listing is spooled beside the database. If that folder can't be used, the listing is still worth a check.
        folder = settings.database_path.absolute().parent
        spool_folder = None if os.access(folder, os.W_OK | os.X_OK) else _temporary_folder()
        reader = await opened.enter_async_context(ispring_reader(settings, clock, spool_folder))
        is_read = True
        async for result in check_ispring(reader, stored.poll.sessions if stored else 0, show_progress):
            is_read = is_read and result.level is not Level.WRONG
            yield result
        if settings.heartbeat_url:
            yield await _check_heartbeat(settings, is_read=is_read)
        messenger = await opened.enter_async_context(slack_messenger(settings, clock))
        async for result in check_slack(messenger, settings, stored.rules if stored else (), clock):
            yield result


def _check_folder(database: Path) -> CheckResult:
    """Checks the folder of a database that does not exist. `check` makes none."""
    if not os.access(database.parent, os.W_OK | os.X_OK):
        return wrong(
            f"Store: no database at {database}, and its folder can't be written",
            "Give the user that runs Spotter the right to write it, or correct DATABASE_URL.",
        )
    return warning(
        f"Store: no database at {database}",
        "`spotter run` creates it. If Spotter ran before: start this in its folder, with its DATABASE_URL.",
    )


def _temporary_folder() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # no folder can be written: reading iSpring says so
        return None


async def _check_heartbeat(settings: Settings, *, is_read: bool) -> CheckResult:
    """Calls the heartbeat once, as a good poll does; not while iSpring can't be read, for its monitor should notice."""
    if not is_read:
        return fine("Heartbeat: not called, because iSpring can't be read")
    reason = await heartbeat.call(settings.heartbeat_url, settings.network)
    if reason:
        return wrong(
            f"Heartbeat: not heard ({reason})",
            "Correct HEARTBEAT_URL. It is called exactly as given, redirects are not followed, and only 2xx counts.",
        )
    return fine("Heartbeat: heard")


def _check_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    if not any(unknown_names(ENV_FILE)):
        yield fine("Settings: all understood")
    if not ENV_FILE.is_file():
        yield fine(f"Settings: from the environment only; there is no {ENV_FILE} in {Path.cwd()}")
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
