"""`run` and `poll`: introduces everyone, waits for leadership, and ends in order when asked to."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any, NoReturn, TypeVar

import structlog
from aiohttp import web

from bot.app.database import opened_store
from bot.app.health import Liveness, health_app, served
from bot.app.leader import Leader
from bot.app.metrics import Metrics
from bot.app.parts import ispring_reader, slack_messenger
from bot.config import Settings
from bot.domain.errors import MessengerError, SpotterError
from bot.domain.polling import PollReport
from bot.domain.ports import Clock, Reply
from bot.listeners.bolt_app import build_app
from bot.listeners.context import AppContext
from bot.listeners.requests import Request
from bot.slack.client import Identity, SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.slack.http_endpoint import PATH, SlackEndpoint
from bot.slack.replies import reply_to
from bot.slack.socket_mode import SocketMode
from bot.slack.task_pool import TaskPool
from bot.store.database import Store
from bot.store.lock import Leadership

LEADERSHIP_TRY = 1.0  # seconds between two tries to lead
FIRST_RETRY = 2.0  # seconds until Slack is asked again who we are, doubling up to LAST_RETRY
LAST_RETRY = 60.0
SOCKET_GRACE = 60.0  # seconds without a socket before health turns red: reconnecting takes a few
SOCKET_ROUND = 1.0  # seconds between two looks at the socket
AUTH_CHECK_EVERY = 30.0  # seconds, while the socket is down
SEND_LIMIT = 60.0  # seconds `poll` sends and looks for
STOP_LIMIT = 9.0  # seconds: platforms send SIGKILL ten after SIGTERM

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def run(settings: Settings, clock: Clock) -> None:
    """Polls, sends and answers until SIGTERM or SIGINT. Raises SpotterError where going on would lose something."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _begin_to_stop, stop)
    for line in settings.warnings(os.environ):
        log.warning("settings.warned", warning=line)
    try:
        async with _parts(settings, clock) as parts:
            await parts.run(stop)
    except BaseExceptionGroup as group:
        _raise_first(group)
    log.info("process.stopped")


async def poll(settings: Settings, clock: Clock) -> PollReport:
    """One poll, then sends what is due, waiting at most a minute for looks. Raises SpotterError where another leads."""
    async with _parts(settings, clock) as parts:
        if not parts.leadership.try_acquire():
            raise SpotterError(
                f"Process {parts.leadership.leader() or 'unknown'} leads this database and polls it already. "
                "Stop it first, or leave the polling to it."
            )
        await parts.leader.prepare()
        report = await parts.leader.poll_once(is_last=True)
        await parts.leader.round_once()
        await parts.leader.sender.once(limit_seconds=SEND_LIMIT)
        return report


def _begin_to_stop(stop: asyncio.Event) -> None:
    """Asks every part to end, and ends the process if one does not.

    A thread in the middle of a large listing can't be interrupted. Leaving it costs nothing: what is not committed was
    not done, and deliveries that were being sent are read back at the next start, as after a power cut.
    """
    if stop.is_set():
        return
    stop.set()
    last_resort = threading.Timer(STOP_LIMIT, _leave_now)
    last_resort.daemon = True
    last_resort.start()


def _leave_now() -> None:
    log.warning("shutdown.forced", after_seconds=STOP_LIMIT)
    sys.stderr.flush()
    os._exit(0)


@asynccontextmanager
async def _parts(settings: Settings, clock: Clock) -> AsyncIterator["Parts"]:
    async with AsyncExitStack() as opened:
        leadership = Leadership(settings.database_path)
        # Last of all, once the database is closed: a claim that still waits for it must not commit while another leads.
        opened.callback(leadership.release)
        store = await opened.enter_async_context(opened_store(settings, clock))
        metrics = Metrics()
        training = await opened.enter_async_context(ispring_reader(settings, clock, failed=metrics.ispring_failed))
        messenger = await opened.enter_async_context(slack_messenger(settings, clock, metrics.slack_failed))
        contacts = SlackContacts(messenger, store, clock, settings.admins, settings.rights_valid_for)
        liveness = Liveness()
        leader = Leader(
            settings,
            store,
            training,
            messenger,
            contacts,
            clock,
            metrics,
            disconnected_for=lambda: liveness.disconnected_for(clock.monotonic()),
        )
        yield Parts(settings, leadership, store, messenger, contacts, leader, clock, liveness, metrics)


class Parts:
    """Everyone, introduced."""

    def __init__(
        self,
        settings: Settings,
        leadership: Leadership,
        store: Store,
        messenger: SlackMessenger,
        contacts: SlackContacts,
        leader: Leader,
        clock: Clock,
        liveness: Liveness,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._liveness = liveness
        self._metrics = metrics
        self._endpoint: SlackEndpoint | None = None
        self.leadership = leadership
        self.leader = leader
        self._ctx = AppContext(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            wake_sender=leader.sender.wake,
            command=settings.slack_command,
            account_url=settings.ispring_account_url or None,
            notify_employees=settings.notify_employees,
            poll_interval=settings.poll_interval,
            ops_channel=settings.ops_channel,
            admins=settings.admins,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Everything at once until `stop`; the first part that breaks ends the others."""
        app = health_app(self._liveness, self._metrics, self._store, self._clock)
        app.router.add_post(PATH, self._from_slack)
        port = self._settings.port
        async with served(app, port) if port is not None else nullcontext(), asyncio.TaskGroup() as group:
            group.create_task(self._converse(stop), name="converse")
            group.create_task(self._lead(stop), name="lead")

    # ---- answering people ----------------------------------------------------------------------------------------

    async def _converse(self, stop: asyncio.Event) -> None:
        self._liveness.disconnected_since = self._clock.monotonic()
        identity = await self._identify(stop)
        if identity is None:
            return
        async with TaskPool() as pool:
            bolt_app = build_app(self._ctx, self._messenger.web, identity, pool, self._reply_for)
            if self._settings.uses_socket:
                socket = SocketMode(bolt_app, self._settings.slack_app_token.get_secret_value(), self._clock)
                async with asyncio.TaskGroup() as group:
                    running = group.create_task(socket.run(), name="socket")
                    watching = group.create_task(self._monitor(socket), name="socket-watch")
                    await stop.wait()
                    watching.cancel()
                    running.cancel()
            else:
                self._endpoint = SlackEndpoint(bolt_app, self._settings.slack_signing_secret.get_secret_value())
                self._liveness.disconnected_since = None
                log.info("http.listening", path=PATH, port=self._settings.port)
                await stop.wait()
                self._endpoint = None

    def _reply_for(self, request: Request) -> Reply:
        where = (request.user_id, request.channel_id, request.thread_ts, request.response_url)
        return reply_to(self._messenger, self._clock, *where)

    async def _identify(self, stop: asyncio.Event) -> Identity | None:
        """The bot's identity in Slack, asked until Slack answers; None if stopped before."""
        wait = FIRST_RETRY
        while not stop.is_set():
            try:
                identity = await _unless_stopped(stop, self._messenger.identify())
                self._liveness.is_refused = False
                return identity
            except MessengerError as error:
                self._liveness.is_refused = True
                log.error("slack.not_identified", reason=str(error), remedy=_REMEDY, next_try_in=wait)
            await _until(stop, wait)
            wait = min(wait * 2, LAST_RETRY)
        return None

    async def _monitor(self, socket: SocketMode) -> None:
        requested_at = -AUTH_CHECK_EVERY
        while True:
            now = self._clock.monotonic()
            if socket.is_connected:
                self._liveness.disconnected_since = None
            elif self._liveness.disconnected_since is None:
                self._liveness.disconnected_since = now
            if socket.disconnected_for() < SOCKET_GRACE:
                self._liveness.socket_connected = True
            elif now - requested_at >= AUTH_CHECK_EVERY:
                # A restart mends a socket that is down while Slack answers; that Slack is away it does not.
                requested_at = now
                self._liveness.socket_connected = not await self._slack_answers()
            await self._clock.sleep(SOCKET_ROUND)

    async def _slack_answers(self) -> bool:
        try:
            await self._messenger.check_token()
        except MessengerError:
            return False
        return True

    async def _from_slack(self, request: web.Request) -> web.Response:
        if self._endpoint is None:
            return web.Response(status=503)  # not ready, or configured for Socket Mode: Slack tries again
        return await self._endpoint.handle_http(request)

    # ---- leading -------------------------------------------------------------------------------------------------

    async def _lead(self, stop: asyncio.Event) -> None:
        waiting = False
        while not self.leadership.try_acquire():
            if not waiting:
                log.info("leader.waiting", leader=self.leadership.leader())
                waiting = True
            await _until(stop, LEADERSHIP_TRY)
            if stop.is_set():
                return
        try:
            log.info("leader.acquired", pid=os.getpid())
            self._liveness.is_leader = True
            await self.leader.prepare()
            async with asyncio.TaskGroup() as group:
                working = group.create_task(self.leader.run(self._note_round), name="leader")
                await stop.wait()
                working.cancel()
        finally:
            self._liveness.is_leader = False

    def _note_round(self, is_well: bool) -> None:
        self._liveness.jobs_go_on = is_well


_REMEDY = "check SLACK_BOT_TOKEN, the app's scopes and the network; it is tried again by itself"


async def _until(stop: asyncio.Event, seconds: float) -> None:
    """Waits so long, or until we are stopped."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def _unless_stopped(stop: asyncio.Event, question: Coroutine[Any, Any, T]) -> T | None:
    """The answer; None if stopped before it comes."""
    asking, stopped = asyncio.ensure_future(question), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((asking, stopped), return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        asking.cancel()
        stopped.cancel()
        await asyncio.gather(asking, stopped, return_exceptions=True)


def _raise_first(group: BaseExceptionGroup[BaseException]) -> NoReturn:
    """One clear error instead of a tree of them, where it is one of ours; else the tree, for it is a bug."""
    ours, _ = group.split(SpotterError)
    leaf: BaseException | None = ours
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    raise leaf if leaf is not None else group
