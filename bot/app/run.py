"""`run` and `poll`: open the clients and the store, serve HTTP, connect Slack, run the leader's jobs, stop."""

import asyncio
import os
from contextlib import nullcontext
from functools import partial

import structlog

from bot.app.clients import open_clients
from bot.app.health import Liveness, health_app, served
from bot.app.leader import Leader
from bot.app.slack_connection import SlackConnection
from bot.app.stopping import first_error, stop_on_signals
from bot.config import Settings
from bot.domain.errors import SpotterError
from bot.domain.polling import PollReport
from bot.domain.ports import Clock
from bot.listeners.context import AppContext
from bot.listeners.events.home import publish_changed
from bot.slack.http_endpoint import PATH

HOME_TABS_EVERY = 60.0  # seconds
SEND_LIMIT = 60.0  # seconds `poll` sends and reads back for

log = structlog.get_logger(__name__)


async def run(settings: Settings, clock: Clock) -> None:
    """Polls, sends and answers until SIGTERM or SIGINT. Raises SpotterError where going on would lose something."""
    stop = stop_on_signals()
    for line in settings.warnings(os.environ):
        log.warning("settings.warned", warning=line)
    with first_error():
        async with open_clients(settings, clock) as clients:
            liveness = Liveness()
            leader = Leader(settings, clients, liveness)
            ctx = AppContext(
                store=clients.store,
                messenger=clients.messenger,
                contacts=clients.contacts,
                clock=clock,
                wake_sender=leader.jobs.sender.wake,
                settings=settings,
            )
            leader.jobs.scheduler.every(HOME_TABS_EVERY, "home tabs", partial(publish_changed, ctx))
            slack = SlackConnection(settings, clients, liveness, ctx)
            app = health_app(liveness, clients.metrics, clients.store, clock)
            app.router.add_post(PATH, slack.handle_http)
            # The first part that fails ends the others.
            async with (
                served(app, settings.port) if settings.port is not None else nullcontext(),
                asyncio.TaskGroup() as parts,
            ):
                parts.create_task(slack.run(stop), name="slack")
                parts.create_task(leader.run(stop), name="leader")
    log.info("process.stopped")


async def poll(settings: Settings, clock: Clock) -> PollReport:
    """Polls once, then sends what is due, waiting at most a minute for read-backs. Raises SpotterError if another
    process leads."""
    async with open_clients(settings, clock) as clients:
        lock = clients.leadership
        if not lock.try_acquire():
            raise SpotterError(
                f"Process {lock.leader() or 'unknown'} leads this database and polls it already. "
                "Stop it first, or leave the polling to it."
            )
        leader = Leader(settings, clients, Liveness())
        signing = asyncio.create_task(leader.keep_signing())
        try:
            await leader.prepare()
            report = await leader.jobs.poll.once(is_last=True)
            await leader.jobs.channel_checks.once()
            await leader.jobs.sender.once(limit_seconds=SEND_LIMIT)
            if await leader.jobs.poll.finish_reading():  # else a long list of people would never be read
                await leader.jobs.sender.once(limit_seconds=SEND_LIMIT)
        finally:
            signing.cancel()
            await leader.jobs.directory.stop()
        return report
