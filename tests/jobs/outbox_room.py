"""From an owed notice to Slack: a real store file, the real SDK, the Slack stand-in, and virtual time."""

import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.blocks.notifications import render
from bot.demo.slack import Message as Posted
from bot.demo.slack import SlackStandIn
from bot.domain.changes import decide, remember
from bot.domain.model import Change, ChangeKind, Moment, News, Session, SessionFacts, SessionKey, Targets
from bot.domain.notifications import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
)
from bot.domain.outbox import NotificationState, NotificationStatus, OutboxCounts
from bot.domain.routing import subject_of
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.renderer import Render
from bot.jobs.send import SendJob
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.clock import FakeClock
from tests.demo.slack_room import SHOP, stand_in
from tests.domain.build import DIRECTORY, NOW
from tests.environment import database, messenger_of, sender
from tests.settings import settings_of

SHOP_CHANNEL = Destination(DestinationKind.CHANNEL, SHOP)


@dataclass
class Room:
    """One workspace, one database, and the bot's sending half, which can die and start again."""

    slack: SlackStandIn
    clock: FakeClock
    store: Store
    messenger: SlackMessenger
    rule: Rule
    limiter: RateLimiter = field(default_factory=RateLimiter)
    admins: frozenset[str] = frozenset()
    rights_max_age: timedelta = timedelta(hours=72)
    _made: int = 0

    def deliver(self, words: Render = render) -> SendJob:
        """A fresh sender, as after a start."""
        contacts = SlackContacts(self.messenger, self.store, self.clock, self.admins)
        return sender(
            self.store,
            self.messenger,
            contacts,
            self.clock,
            settings=settings_of(admins=self.admins, rights_max_age=self.rights_max_age / timedelta(hours=1)),
            limiter=self.limiter,
            words=words,
            random01=random.Random(1).random,
        )

    async def send(self, limit_seconds: float = 200.0) -> None:
        """Sends until nothing is due any more."""
        await self.deliver().once(limit_seconds=limit_seconds)

    async def complete(
        self, result: float = 72.0, *, to: Destination = SHOP_CHANNEL, rules: tuple[int, ...] | None = None
    ) -> SessionKey:
        """A session is completed and owed to a destination."""
        (key,) = await self.complete_all([result], to=to, rules=rules)
        return key

    async def complete_all(
        self,
        results: Iterable[float],
        *,
        to: Destination = SHOP_CHANNEL,
        rules: tuple[int, ...] | None = None,
        ago: timedelta = timedelta(0),
        observer: str = "ana",
    ) -> list[SessionKey]:
        """Sessions are completed, or were some time ago, and owed to a destination, all at once."""
        now = self.clock.now() - ago
        carried = ((self.rule.rule_id,) if to == SHOP_CHANNEL else ()) if rules is None else rules
        completed = [self._completed(result, to, carried, now, observer) for result in results]

        def store(tx: Tx) -> None:
            for change, notification in completed:
                tx.sessions.save(change, bytes(8))
                tx.notifications.enqueue(notification, now)

        await self.store.transact(store)
        return [change.after.key for change, _ in completed]

    def _completed(
        self, result: float, to: Destination, rules: tuple[int, ...], now: datetime, observer: str
    ) -> tuple[Change, Notification]:
        self._made += 1
        key = SessionKey(f"{self._made:08x}", "joe")
        facts = SessionFacts(
            key=key,
            checklist_id="open",
            checklist_title="Opening",
            observer_id=observer,
            status="PASSED",
            finished=Moment("just now", now),
            result=result,
        )
        after = remember(facts, now=now, targets=Targets(default=80.0))
        change = Change(kind=ChangeKind.COMPLETED, news=News.POST, reason="completed", before=None, after=after)
        notification = Notification(
            kind=NotificationKind.SESSION,
            destination=to,
            subject=subject_of(key),
            reason="completed",
            session=key,
            rule_ids=rules,
            facts={"version": after.version},
        )
        return change, notification

    async def correct(self, key: SessionKey, result: float) -> None:
        """iSpring now says another result."""
        now = self.clock.now()
        before = await self.session(key)
        facts = before.facts._replace(result=result)
        after = replace(before, facts=facts, version=before.version + 1, changed_at=now)
        change = Change(kind=ChangeKind.CORRECTED, news=News.EDIT, reason="corrected", before=before, after=after)
        await self.store.transact(lambda tx: tx.sessions.save(change, bytes(8)))

    async def rename(self, keys: Iterable[SessionKey], title: str) -> None:
        """iSpring now calls the checklist of these sessions otherwise."""
        now = self.clock.now()

        def store(tx: Tx) -> None:
            for key in keys:
                before = tx.sessions.get(key)
                assert before is not None
                facts = before.facts._replace(checklist_title=title)
                change = decide(before, facts, now=now, targets=Targets(default=80.0))
                assert change is not None
                tx.sessions.save(change, bytes(8))

        await self.store.transact(store)

    async def turn(self, key: SessionKey, result: float) -> None:
        """iSpring now says a result below target, which is news."""
        await self.correct(key, result)
        version = (await self.session(key)).version
        queued = Notification(
            kind=NotificationKind.SESSION,
            destination=SHOP_CHANNEL,
            subject=subject_of(key, version),
            reason="it turned",
            session=key,
            rule_ids=(self.rule.rule_id,),
            facts={"version": version},
        )
        now = self.clock.now()
        await self.store.transact(lambda tx: tx.notifications.enqueue(queued, now))

    async def lists(self, key: SessionKey, status: str, result: float | None = None) -> None:
        """iSpring now says this of a session; the channel is owed what is news of it."""
        now = self.clock.now()
        finished = Moment() if result is None else Moment("just now", now)

        def store(tx: Tx) -> None:
            before = tx.sessions.get(key)
            assert before is not None
            facts = before.facts._replace(status=status, result=result, finished=finished)
            change = decide(before, facts, now=now, targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, bytes(8))
            if change.news in (News.POST, News.EDIT_AND_POST):
                version = change.after.version
                notification = Notification(
                    kind=NotificationKind.SESSION,
                    destination=SHOP_CHANNEL,
                    subject=subject_of(key, version if change.became_failing else None),
                    reason=change.reason,
                    session=key,
                    rule_ids=(self.rule.rule_id,),
                    facts={"version": version},
                )
                tx.notifications.enqueue(notification, now)

        await self.store.transact(store)

    async def session(self, key: SessionKey) -> Session:
        found = await self.store.read(lambda tx: tx.sessions.get(key))
        assert found is not None
        return found

    def posted(self, channel: str = SHOP) -> list[Posted]:
        """What stands in a channel, oldest first."""
        return self.slack.messages(channel)

    def texts(self, channel: str = SHOP) -> list[str]:
        return [message.text for message in self.posted(channel)]

    async def notified(self, key: SessionKey) -> NotificationStatus:
        """What became of the first notice about a session."""
        return (await self.store.read(lambda tx: tx.deliveries.of_session(key)))[0]

    async def delivery(self, key: SessionKey) -> Delivery:
        delivery = (await self.notified(key)).delivery
        assert delivery is not None
        return delivery

    async def state(self, key: SessionKey) -> DeliveryState:
        return (await self.delivery(key)).state

    async def stands(self, key: SessionKey) -> NotificationState:
        """The state of a session's only notification."""
        [status] = await self.store.read(lambda tx: tx.deliveries.of_session(key))
        return status.state

    async def counts(self) -> OutboxCounts:
        return await self.store.read(lambda tx: tx.deliveries.counts())

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)


@asynccontextmanager
async def room(
    folder: Path,
    timeout: float = 24.0,
    busy_seconds: float = 5.0,
    ours: FakeClock | None = None,
    has_answered: bool = True,
) -> AsyncIterator[Room]:
    """`timeout`: the seconds that an answer of Slack's may take; `busy_seconds`: those that the store waits for a lock;
    `ours`: our own clock, where it differs from Slack's; `has_answered`: Slack has answered this process before."""
    slacks = FakeClock(NOW)
    clock = ours or slacks
    slack = stand_in(slacks)
    async with database(folder, clock, busy_seconds) as store, messenger_of(slack, clock, timeout) as messenger:
        if has_answered:
            await messenger.identify()
        people, departments = list(DIRECTORY.people.values()), list(DIRECTORY.departments.values())
        people = [replace(one, email="ana@bakery.example") if one.person_id == "ana" else one for one in people]
        await store.transact(lambda tx: tx.people.replace_directory(people, departments, clock.now()))
        rule = await store.transact(lambda tx: tx.rules.add(SHOP_CHANNEL, OPERATOR, "", RuleState.ACTIVE, clock.now()))
        yield Room(slack, clock, store, messenger, rule)
