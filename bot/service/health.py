"""`GET /healthz` and `GET /metrics`: what a platform and a monitor may know, ids and counts only."""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.core.errors import StoreError
from bot.core.ports import Clock, Store
from bot.service.metrics import Tallies, stand, told


@dataclass(slots=True)
class Pulse:
    """What the running parts say of themselves; only what a restart can mend makes it unwell."""

    is_leader: bool = False
    duties_go_on: bool = True
    socket_connected: bool | None = None  # None in HTTP mode, and until Slack has told who we are
    deaf_for: float = 0.0  # seconds without a socket; 0 in HTTP mode

    def complaints(self) -> tuple[str, ...]:
        """What a restart can mend, in words; empty while all is well."""
        found = []
        if self.is_leader and not self.duties_go_on:
            found.append("the scheduler has stopped, or a poll hangs")
        if self.socket_connected is False:
            found.append("the socket to Slack is down although Slack answers")
        return tuple(found)


def health_app(pulse: Pulse, tallies: Tallies, store: Store, clock: Clock) -> web.Application:
    """The web application with both addresses; HTTP mode adds Slack's to it."""

    async def healthz(_: web.Request) -> web.Response:
        complaints = pulse.complaints()
        body: dict[str, object] = {
            "status": "unwell" if complaints else "ok",
            "complaints": complaints,
            "leader": pulse.is_leader,
        }
        try:
            poll, counts = await store.read(lambda tx: (tx.sessions.poll_state(), tx.outbox.counts()))
        except StoreError:
            body["database"] = "can't be read now"
        else:
            good = poll.last_good_at
            body["seconds_since_good_poll"] = round((clock.now() - good).total_seconds()) if good else None
            body["waiting"] = counts.waiting + counts.unsure + counts.sending
            body["sending_paused"] = bool(counts.app_refused)
            body["last_poll_failed"] = bool(poll.last and poll.last.error)
            if not complaints and (body["sending_paused"] or body["last_poll_failed"]):
                body["status"] = "impaired"  # red for whoever watches, while a restart would not help
        return web.json_response(body, status=503 if complaints else 200)

    async def metrics(_: web.Request) -> web.Response:
        now = clock.now()
        try:
            stood = await store.read(lambda tx: stand(tx, now))
        except StoreError:
            return web.Response(status=503, text="The database can't be read now.")
        body = told(tallies, stood, now, is_leader=pulse.is_leader)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(client_max_size=1 << 20)
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    return app
