"""A room to poll in: a small world, iSpring's stand-in over real HTTP, our client, a real database, a clock to turn."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import Settings
from bot.demo.company import Person, Session
from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from bot.domain.delivery import Sent, after_post, shown_versions
from bot.domain.model import Session as StoredSession
from bot.domain.model import SessionKey, SessionRecord
from bot.domain.notifications import Delivery, Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import NotificationState, NotificationStatus
from bot.domain.polling import PollReport
from bot.domain.ports import Training
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.domain.viewers import Preferences, SlackUser
from bot.ispring.client import Ispring
from bot.jobs.attempts import attempt_of
from bot.jobs.details import FetchDetails
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.outage import claim_next
from bot.jobs.poll import Poll
from bot.store.database import Store, Tx
from tests.clock import FakeClock
from tests.environment import database, ispring_client, ispring_simulator
from tests.settings import settings_of

CHANNEL = Destination(DestinationKind.CHANNEL, "C0123456")
OPS = "C0OPS0000"


@dataclass
class Room:
    """What a test needs, with verbs."""

    world: World
    stand_in: IspringStandIn
    clock: FakeClock
    ispring: Ispring
    store: Store
    directory: DirectoryRefresh
    details: FetchDetails
    settings: Settings
    rings: list[str]

    async def poll(self) -> PollReport:
        """A minute passes, then one look at iSpring."""
        self.clock.advance(timedelta(minutes=1))
        return await self.poller.once()

    def __post_init__(self) -> None:
        self.wake: Callable[[], None] = lambda: self.rings.append("deliver")
        self.poller = self.poller_with(self.settings)

    def ispring_in(self, zone: ZoneInfo) -> Ispring:
        """A client configured for another zone."""
        return ispring_client(self.stand_in, self.clock, self.store.path.parent, zone=zone)

    def poller_with(self, settings: Settings, ispring: Training | None = None) -> Poll:
        return Poll(
            ispring or self.ispring,
            self.store,
            self.clock,
            settings,
            refresh_directory=self.directory.on_demand,
            wake=lambda: self.wake(),
        )

    async def subscribe(self, query: str = "", owner: str = OPERATOR, destination: Destination = CHANNEL) -> Rule:
        now = self.clock.now()
        return await self.store.transact(lambda tx: tx.rules.add(destination, owner, query, RuleState.ACTIVE, now))

    async def target(self, percent: float) -> None:
        now = self.clock.now()
        await self.store.transact(lambda tx: tx.targets.set(None, percent, "U0ADMIN", now))

    async def wishes(self, person: Person, wishes: Preferences) -> None:
        """Somebody linked to a Slack user says what they want as direct messages."""
        now = self.clock.now()

        def note(tx: Tx) -> None:
            tx.people.link("U0SOME", person.id, "email", None, now)
            tx.people.set_preferences("U0SOME", wishes)

        await self.store.transact(note)

    async def queued(
        self, kind: NotificationKind | None = None, where: Destination | None = None
    ) -> list[Notification]:
        """Every notice owed so far, oldest first."""
        notified = await self.store.read(lambda tx: tx.deliveries.in_states((NotificationState.PENDING,), 10_000))
        return [
            one.notification
            for one in notified
            if kind in (None, one.notification.kind) and where in (None, one.notification.destination)
        ]

    async def posted(self) -> list[SessionKey | None]:
        """Whose cards the channel is owed, in order."""
        return [notification.session for notification in await self.queued(NotificationKind.SESSION, CHANNEL)]

    async def counted(self, kind: NotificationKind, where: Destination = CHANNEL) -> list[int]:
        """How many sessions each summary counts that waits for a destination, oldest first."""

        with closing(sqlite3.connect(self.store.path)) as file:
            rows = file.execute(
                "SELECT count(*) FROM notifications AS summary JOIN notifications AS member ON member.digest_id ="
                " summary.id"
                " WHERE summary.kind = ? AND summary.destination = ? GROUP BY summary.id ORDER BY summary.id",
                (kind, str(where)),
            )
            return [number for (number,) in rows]

    async def posts(self, where: Destination = CHANNEL) -> list[Delivery]:
        """Everything that is due at a destination goes out, showing what is stored by now."""
        posted: list[Delivery] = []

        def post(tx: Tx) -> bool:
            now = self.clock.now()
            delivery = claim_next(
                tx, where, now, now.timestamp(), f"d{len(posted)}:{now.timestamp()}:{where}", settings_of()
            )
            if delivery is None:
                return False
            versions = {
                queued.notification_id: found.version
                for queued in delivery.notifications
                if queued.notification.session and (found := tx.sessions.get(queued.notification.session))
            }
            sent = after_post(delivery, Sent(where.id, f"{len(posted)}.{now.timestamp()}"), now=now, random01=0.5)
            posted.append(shown_versions(sent, versions))
            tx.outbox.save(posted[-1], attempt_of("post", Sent(where.id, "1"), now, now))
            return True

        while await self.store.transact(post):
            pass
        return posted

    async def reason(self, session: Session, where: Destination = CHANNEL) -> list[NotificationStatus]:
        """What became of a session at a destination."""
        notified = await self.store.read(lambda tx: tx.deliveries.of_session(key_of(session)))
        return [one for one in notified if one.notification.destination == where]

    async def ops(self) -> list[str]:
        """The codes of what was queued for the admin; one that was over before it was sent is among them."""
        states = (NotificationState.PENDING, NotificationState.CANCELLED)
        notified = await self.store.read(lambda tx: tx.deliveries.in_states(states, 10_000))
        ops = [one.notification for one in notified if one.notification.kind is NotificationKind.OPS]
        return [str(notification.facts["code"]) for notification in ops]

    async def record(self, session: Session) -> SessionRecord:
        found = await self.store.read(lambda tx: tx.sessions.record(key_of(session)))
        assert found is not None
        return found

    async def stored(self, session: Session) -> StoredSession | None:
        return await self.store.read(lambda tx: tx.sessions.get(key_of(session)))


def key_of(session: Session) -> SessionKey:
    return SessionKey(session.id, session.employee.id)


async def known_in_slack(room: Room, user_id: str, person_id: str = "", not_allowed_reason: str = "") -> None:
    """Slack described a user just now, and an admin linked them: a poll asks Slack nothing."""
    is_member = not not_allowed_reason
    user = SlackUser(
        user_id=user_id, email=None, zone="UTC", is_full_member=is_member, not_allowed_reason=not_allowed_reason
    )

    def store(tx: Tx) -> None:
        tx.people.save_slack_user(user, room.clock.now())
        if person_id:
            tx.people.link(user_id, person_id, "U0ADMIN", None, room.clock.now())

    await room.store.transact(store)


@asynccontextmanager
async def open_room(folder: Path, settings: Settings | None = None) -> AsyncIterator[Room]:
    clock = FakeClock()
    world = World.empty(clock.now)
    async with (
        database(folder, clock, ops_channel=OPS) as store,
        ispring_simulator(world, clock) as stand_in,
        ispring_client(stand_in, clock, folder) as ispring,
    ):
        rings: list[str] = []
        yield Room(
            world,
            stand_in,
            clock,
            ispring,
            store,
            DirectoryRefresh(ispring, store, clock),
            FetchDetails(ispring, store, clock, settings or settings_of(), wake=lambda: rings.append("deliver")),
            settings or settings_of(),
            rings,
        )
