"""`GET /healthz`, `GET /metrics` and the HTTP server. Both answers hold counts and states only, no names and no ids."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.http import HttpProcessingError
from prometheus_client import CONTENT_TYPE_LATEST

from bot.app.metrics import Metrics, render_metrics, snapshot_of
from bot.domain.alerts import DISCONNECTED, is_silent
from bot.domain.errors import SpotterError, StoreError
from bot.domain.ports import Clock
from bot.store.database import Store

KEEP_ALIVE = 75.0  # seconds without a request: longer than the 60 of routers, which must close a connection first
IDLE_TIMEOUT = 2.0  # seconds that the rest of a refused body is read for, so that its sender gets the answer
BACKLOG = 1024  # connections that may wait to be accepted: commands that come at one instant
SHUTDOWN_GRACE = 2.0  # seconds in which open requests may end


@dataclass(slots=True)
class Liveness:
    """The state of the running parts, which they write themselves."""

    is_leader: bool = False
    jobs_go_on: bool = True
    socket_connected: bool | None = None  # None in HTTP mode, and until Slack has identified the bot
    is_refused: bool = False  # Slack does not identify the bot: it can't be reached, or refuses the token
    disconnected_since: float | None = None  # monotonic; None while commands can arrive
    leader_pid: int | None = None  # of the process that leads, this one or another; None if that is not known
    leader_signed_at: datetime | None = None  # its last sign of life

    def disconnected_for(self, now: float) -> float:
        """Returns the seconds, up to the monotonic time `now`, in which no command could arrive; 0 while they can."""
        return 0.0 if self.disconnected_since is None else now - self.disconnected_since

    def complaints(self) -> tuple[str, ...]:
        """Returns a sentence for each fault that a restart can mend."""
        found = []
        if self.is_leader and not self.jobs_go_on:
            found.append("the scheduler has stopped, or a poll hangs")
        if self.socket_connected is False:
            found.append("the socket to Slack is down although Slack answers")
        return tuple(found)

    def impairments(self, now: datetime, monotonic: float) -> tuple[str, ...]:
        """Returns a sentence for each fault that a person has to mend: a restart would not help."""
        found = []
        if not self.is_leader and is_silent(self.leader_signed_at, now):
            found.append(f"process {self.leader_pid}, which polls and sends, gives no sign of life")
        if self.is_refused:
            found.append("Slack does not identify the bot")
        if self.disconnected_for(monotonic) > DISCONNECTED.total_seconds():
            found.append("no command can arrive from Slack")
        return tuple(found)


def health_app(liveness: Liveness, metrics: Metrics, store: Store, clock: Clock) -> web.Application:
    """Returns the web application with both routes; HTTP mode adds Slack's route to it."""

    async def healthz(_: web.Request) -> web.Response:
        complaints = liveness.complaints()
        now, monotonic = clock.now(), clock.monotonic()
        impairments = list(liveness.impairments(now, monotonic))
        if store.write_fault:
            impairments.append(f"the database {store.write_fault}")
        body: dict[str, object] = {
            "status": "unwell" if complaints else "ok",
            "complaints": complaints,
            "leader": liveness.is_leader,
            "seconds_deaf": round(liveness.disconnected_for(monotonic)),
        }
        if signed_at := liveness.leader_signed_at:
            body["seconds_since_leader_sign"] = max(0, round((now - signed_at).total_seconds()))
        try:
            poll, counts = await store.read(lambda tx: (tx.polls.state(), tx.deliveries.counts(now)))
        except StoreError:
            body["database"] = "can't be read now"
        else:
            good = poll.last_good_at
            body["seconds_since_good_poll"] = round((now - good).total_seconds()) if good else None
            body["waiting"] = counts.pending + counts.ambiguous + counts.sending
            body["sending_paused"] = bool(counts.app_refused or counts.paused)
            body["paused_since"] = counts.paused.at.isoformat() if counts.paused else None
            body["shadow_since"] = counts.shadow.at.isoformat() if counts.shadow else None
            body["last_poll_failed"] = bool(poll.last and poll.last.error)
            if counts.app_refused:
                impairments.append("Slack refuses the app, so sending is paused")
            if counts.paused:
                impairments.append("an admin has paused sending")
            if body["last_poll_failed"]:
                impairments.append("the last poll failed")
        body["impairments"] = impairments
        if not complaints and impairments:
            body["status"] = "impaired"
        return web.json_response(body, status=503 if complaints else 200)

    async def metrics_text(_: web.Request) -> web.Response:
        now = clock.now()
        try:
            snapshot = await store.read(lambda tx: snapshot_of(tx, now))
        except StoreError:
            return web.Response(status=503, text="The database can't be read now.")
        body = render_metrics(
            metrics, snapshot, now, is_leader=liveness.is_leader, leader_signed_at=liveness.leader_signed_at
        )
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(client_max_size=1 << 20)
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics_text)])
    return app


@asynccontextmanager
async def served(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serves the application on all addresses until the context is left. Its value is the port, chosen by the system if
    `port` is 0. Raises SpotterError if the port can't be listened on.

    A router or reverse proxy in front has to limit connections: aiohttp has no limit.
    """
    logging.getLogger("aiohttp.server").addFilter(_is_our_error)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # Slack compresses nothing; a small compressed body could become a large one
        keepalive_timeout=KEEP_ALIVE,
        lingering_time=IDLE_TIMEOUT,
        shutdown_timeout=SHUTDOWN_GRACE,
    )
    await runner.setup()
    try:
        # All addresses, because a platform's router connects from another machine.
        await web.TCPSite(runner, "0.0.0.0", port, backlog=BACKLOG).start()  # noqa: S104
    except OSError as error:
        await runner.cleanup()
        raise SpotterError(
            f"PORT {port} can't be listened on ({error.strerror}): another program may use it. Choose another."
        ) from error
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _is_our_error(record: logging.LogRecord) -> bool:
    """Returns False for a request that is not HTTP: aiohttp answers it with 400, but logs it as a server error."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)
