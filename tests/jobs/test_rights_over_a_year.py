"""A year of a company's changes: nobody gets what they may not see, as far as anything told the bot, and nobody loses
what is theirs.

The oracle knows what was told and when: events that were delivered, Slack's answers from the log of its calls, and its
own notes of iSpring's readings. It reads nothing of the bot's.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.slack import Message as Posted
from bot.demo.slack import User
from bot.demo.slack.wire import user_json
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.outbox import NotificationState
from bot.domain.rules import Rule, RuleState
from bot.jobs.channel_checks import ChannelChecks
from bot.jobs.identities import Identities
from bot.slack.contacts import SlackContacts
from tests.demo.slack_room import ANA, BEN, OFFICE, SHOP
from tests.domain.build import DIRECTORY
from tests.jobs.outbox_room import Room, room
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

JOE = "U0JOE"
STEPS = 60
NAMED = "J. Doe"  # in each card
MAILS = {"ana": "ana@bakery.example", "boss": "ben@bakery.example", "joe": "joe@bakery.example"}
OFFICE_CHANNEL = Destination(DestinationKind.CHANNEL, OFFICE)


@dataclass
class Oracle:
    """Who may get what, from what was told."""

    guest: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)  # by user: what events said
    closed: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)  # by channel: what is true
    doubted: dict[str, list[float]] = field(default_factory=dict)  # by channel: events that it was shared
    read: list[tuple[float, str]] = field(default_factory=list)  # iSpring's readings: Joe's department

    def is_identified(self, world: Room, user_id: str, at: float) -> bool:
        told = [(when, guest, False) for when, guest in self.guest.get(user_id, [])]
        for call in world.slack.calls:
            answer = (call.answer or {}).get("user")
            if not isinstance(answer, dict) or answer.get("id") != user_id:
                continue
            if call.method in ("users.info", "users.lookupByEmail"):
                told.append((call.at.timestamp(), bool(answer.get("is_restricted") or answer["deleted"]), True))
        told = sorted(one for one in told if one[0] <= at)
        proofs = [when for when, guest, is_proof in told if is_proof and not guest]
        return bool(proofs) and not told[-1][1] and at - proofs[-1] <= 24 * 3600 + 60

    def is_open(self, channel: str, at: float) -> bool:
        states = [one for one in self.closed.get(channel, []) if one[0] <= at]
        if not states or not states[-1][1]:
            return True
        heard = [when for when in self.doubted.get(channel, []) if states[-1][0] <= when <= at]
        return not heard and at - states[-1][0] <= 330  # the five minutes of a look, and its sending

    def department(self, at: float) -> str | None:
        """Joe's, None if iSpring's last reading proves nothing any more."""
        readings = [one for one in self.read if one[0] <= at]
        return readings[-1][1] if readings and at - readings[-1][0] <= 72 * 3600 + 60 else None

    def violations(self, world: Room, message: Posted, reader: str) -> list[str]:
        at = float(message.edited.ts if message.edited is not None else message.ts)
        wrong = []
        if reader in (SHOP, OFFICE) and not self.is_open(reader, at):
            wrong.append(f"{reader} was closed")
        if reader == OFFICE:
            if not self.is_identified(world, BEN, at):
                wrong.append("its owner is not identified")
            if self.department(at) != "bakery":
                wrong.append("its owner does not manage the department")
        if reader in (ANA, JOE) and not self.is_identified(world, reader, at):
            wrong.append("its reader is not identified")
        if reader == ANA and self.department(at) is None:
            wrong.append("nobody knows whether the observer is still there")
        return wrong


@dataclass
class Year:
    """The company, the bot's jobs, and the dice."""

    world: Room
    rule: Rule
    dice: random.Random
    hears_events: bool = True
    oracle: Oracle = field(default_factory=Oracle)
    department: str = "bakery"
    ispring_down_until: datetime | None = None
    joes: list[SessionKey] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        self.contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset(), world.rights_max_age)
        self.identities = Identities(world.store, self.contacts, world.clock, admins=frozenset(), wake=lambda: None)
        self.checks = ChannelChecks(
            store=world.store,
            messenger=world.messenger,
            contacts=self.contacts,
            clock=world.clock,
            settings=settings_of(),
            wake=lambda: None,
        )

    @property
    def now(self) -> float:
        return self.world.clock.now().timestamp()

    async def read_ispring(self) -> None:
        down = self.ispring_down_until
        if down is not None and self.world.clock.now() < down:
            return
        people = [
            replace(
                one,
                email=MAILS.get(one.person_id),
                department_id=self.department if one.person_id == "joe" else one.department_id,
            )
            for one in DIRECTORY.people.values()
        ]
        departments = list(DIRECTORY.departments.values())
        now = self.world.clock.now()
        await self.world.store.transact(lambda tx: tx.people.replace_directory(people, departments, now))
        self.oracle.read.append((self.now, self.department))

    async def change_user(self, user_id: str, *, is_guest: bool, is_lost: bool) -> None:
        user = self.world.slack.workspace.users[user_id]
        user.is_restricted = is_guest
        if not is_lost:
            self.oracle.guest.setdefault(user_id, []).append((self.now, is_guest))
            if self.hears_events:
                await self.contacts.doubt(user_json(user, self.world.clock.now(), with_email=True))

    async def change_channel(self, channel_id: str, *, is_closed: bool, is_lost: bool) -> None:
        """Shared with another company, or turned public; back again."""
        channel = self.world.slack.workspace.channels[channel_id]
        channel.is_ext_shared = is_closed and (channel_id == SHOP or self.dice.random() < 0.5)
        if channel_id == OFFICE:
            channel.is_private = not (is_closed and not channel.is_ext_shared)
        self.oracle.closed.setdefault(channel_id, []).append((self.now, is_closed))
        if channel.is_ext_shared and not is_lost:
            self.oracle.doubted.setdefault(channel_id, []).append(self.now)
            place = Destination(DestinationKind.CHANNEL, channel_id)
            await self.world.store.transact(lambda tx: tx.destinations.doubt(place))

    async def complete(self) -> None:
        self.joes.append(await self.world.complete(to=Destination(DestinationKind.PERSON, "joe")))
        await self.world.complete(to=Destination(DestinationKind.PERSON, "ana"))
        await self.world.complete(rules=(self.world.rule.rule_id,))
        await self.world.complete(to=OFFICE_CHANNEL, rules=(self.rule.rule_id,))

    async def work(self) -> None:
        """The bot's jobs, and what they sent under the oracle's eyes."""
        await self.identities.once()
        await self.checks.once()
        await self.world.deliver().once(limit_seconds=180)
        places = {SHOP: SHOP, OFFICE: OFFICE}
        places |= {user: self.world.slack.direct_message(user).id for user in (ANA, JOE)}
        for reader, place in places.items():
            for message in self.world.posted(place):
                shown = (message.ts, message.edited.ts if message.edited is not None else "")
                if shown not in self.seen and NAMED in message.text:
                    self.found += [f"{reader}: {one}" for one in self.oracle.violations(self.world, message, reader)]
                self.seen.add(shown)

    async def step(self) -> None:
        dice, faults = self.dice, self.world.slack.faults
        gap = dice.choice((600, 3_600, 20_000, 40_000, 700_000, 5_000_000)) * dice.random()
        self.world.clock.advance(timedelta(seconds=gap))
        faults.clear()
        match dice.randrange(8):
            case 0 | 1:
                user = dice.choice((ANA, BEN))
                await self.change_user(user, is_guest=dice.random() < 0.5, is_lost=dice.random() < 0.3)
            case 2 | 3:
                channel = dice.choice((SHOP, OFFICE))
                await self.change_channel(channel, is_closed=dice.random() < 0.5, is_lost=dice.random() < 0.5)
            case 4:
                self.department = dice.choice(("bakery", "store-7"))
            case 5:
                self.ispring_down_until = self.world.clock.now() + timedelta(days=10)
            case 6:
                method = dice.choice(("users.info", "conversations.info", "users.conversations", "*"))
                faults.order(method, dice.choice(("error_before", "rate_limited", "some_new_word")), times=12)
        await self.read_ispring()
        await self.complete()
        await self.work()

    async def settle(self) -> None:
        """Everything is well again."""
        self.world.slack.faults.clear()
        self.department, self.ispring_down_until = "bakery", None
        for user in (ANA, BEN):
            await self.change_user(user, is_guest=False, is_lost=False)
        for channel in (SHOP, OFFICE):
            await self.change_channel(channel, is_closed=False, is_lost=False)
        await self.read_ispring()
        for _ in range(3):
            self.world.clock.advance(timedelta(seconds=4_000))
            await self.work()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        opened.slack.workspace.add_user(User(id=JOE, name="joe", real_name="J. Doe", email=MAILS["joe"]))
        yield opened


async def a_year(world: Room, seed: int, steps: int = STEPS, *, hears_events: bool = True) -> Year:
    now = world.clock.now()
    rule = await world.store.transact(lambda tx: tx.rules.add(OFFICE_CHANNEL, BEN, "", RuleState.ACTIVE, now))
    year = Year(world, rule, random.Random(seed), hears_events)
    await year.read_ispring()
    for _ in range(steps):
        await year.step()
    return year


@pytest.mark.promise("rights_unproved")
@pytest.mark.parametrize("seed", [1, 2])
async def test_in_a_year_of_changes_nobody_gets_what_they_may_not_see_and_nobody_loses_theirs(
    world: Room, seed: int
) -> None:
    year = await a_year(world, seed)
    await year.settle()
    assert year.found == []
    lost = []
    for key in year.joes:
        [status] = await world.store.read(lambda tx, key=key: tx.deliveries.of_session(key))  # type: ignore[misc]
        if status.state is not NotificationState.SENT:
            lost.append((key, status.state, status.cancelled))
    assert lost == []


async def test_the_oracle_catches_a_bot_that_hears_no_events(world: Room) -> None:
    assert (await a_year(world, 2, hears_events=False)).found != []


async def test_the_oracle_catches_a_bot_that_believes_an_old_reading(world: Room) -> None:
    world.rights_max_age = timedelta(days=365)
    assert (await a_year(world, 1)).found != []
