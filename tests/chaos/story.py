"""What happens in the company during a storm, and what is owed because of it, reckoned without the bot's own code."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.demo.company import IN_PROGRESS, NOT_STARTED, Checklist, Person, Session
from tests.app.env import BAKERY, RESULTS, SHOP, Env, short
from tests.chaos.eyes import Eyes, is_admin
from tests.chaos.people import BACK, MUTED, SITE, TEAM, People

TARGET = 80
GOOD, BAD = range(TARGET, 101, 5), range(20, TARGET, 5)
EITHER_SIDE = (TARGET + 0.01, TARGET - 0.01)
"""What a result alternates between that keeps changing."""
RULES = {SHOP: "outcome:failed", BAKERY: 'checklist:"Closing"', BACK: "outcome:failed", MUTED: "outcome:failed"}
"""Those of the operator, beside the default channel's rule, which hears of everything."""
LONG_AGO = timedelta(days=9)
_DIGEST = re.compile(r"rule (\d+) · daily \d\d:\d\d UTC, due [A-Z][a-z]{2} (\d{1,2} [A-Z][a-z]{2} \d{4})")
FOLLOW_UPS = re.compile(r"\d+ follow-ups? of yours")
MOST_CHANGES = 3
"""Of one result within a day that its cards show at once; after more, they are edited minutes later."""


@dataclass(eq=False)
class Story:
    """One session: what it went through, and how many cards of it each conversation is owed by now."""

    session: Session
    was_good: bool | None = None
    """How it was completed last; None: never."""
    cards: Counter[str] = field(default_factory=Counter)
    """The most cards; the least too, unless `is_flapping`."""
    turned: set[str] = field(default_factory=set)
    """The conversations that are owed a card because the result turned, one within a day."""
    changes: int = 0
    is_flapping: bool = False

    @property
    def short_id(self) -> str:
        return short(self.session)

    @property
    def words(self) -> tuple[str, ...]:
        """What a card may say of it now."""
        if self.is_flapping:
            return tuple(_words(result) for result in EITHER_SIDE)
        return (_words(self.session.result),)

    def least(self, place: str) -> int:
        """How many cards a conversation is owed. Of a result that turns at each reading, the bot may see either side
        first, and a card that waits shows the next turn: the only thing certain is one card where both are heard of."""
        if not self.is_flapping:
            return self.cards[place]
        is_bad = self.session.result is not None and self.session.result < TARGET
        return min(self.cards[place], 1) if is_bad or place not in (SHOP, BACK, MUTED) else 0


def _words(result: float | None) -> str:
    if result is None:
        return "in progress"
    return f"{result:g} %, {'met' if result >= TARGET else 'below'} target {TARGET} %"


class Company:
    """The house's sessions, the rules that hear of them, and the people who observe."""

    def __init__(self, env: Env, random01: Random) -> None:
        self.env = env
        self.random01 = random01
        self.stories: list[Story] = []
        self.counted: Counter[str] = Counter()
        """Per channel: sessions completed too long ago to be posted one by one."""
        self.people = People(env)
        self.owners = {TEAM: self.people.supervisor}
        """The channels with a rule of somebody who sees only their own people, and who that is."""
        self.digests: dict[tuple[int, str], str] = {}
        """Rule and local date of each digest that is owed once: its channel."""
        self.reminded: set[str] = set()
        """Who is owed one list of follow-ups."""
        self.given_up: set[str] = set()
        """Conversations that were closed during the storm: what was owed there may come or not."""
        self.hires = False
        self.eyes = Eyes(self)
        self._checklists = [env.opening, env.closing]

    def settle_in(self, baseline: int) -> None:
        """Sessions from before the first start, which nobody is to hear of; the first is of the supervisor's people."""
        for number in range(baseline):
            percent = self.random01.choice(GOOD if number % 2 else BAD)
            employee = None if number else self.env.employee
            session = self._add(status="PASSED", percent=percent, employee=employee)
            self.stories.append(Story(session, was_good=percent >= TARGET))

    # ---- where people read ---------------------------------------------------------------------------------------

    @property
    def conversations(self) -> dict[str, str]:
        """All that Slack holds, by what it is called: its id."""
        found = {channel.name: channel.id for channel in self.env.slack.workspace.channels.values() if channel.name}
        people = [user for user in self.env.slack.workspace.users.values() if not user.is_bot and user.email]
        return found | {f"@{user.name}": self.direct_message(user.id) for user in people}

    def direct_message(self, user_id: str) -> str:
        return self.env.slack.workspace.direct_message(user_id, datetime.now(UTC)).id

    def hearing(self, session: Session, *, is_below: bool | None = None) -> set[str]:
        """The conversations that hear of the session as it is now, or as it would be."""
        assert session.result is not None
        heard = {RESULTS}
        if (user := self.people.accounts.get(session.observer)) is not None:
            heard.add(self.direct_message(user))
        if session.result < TARGET if is_below is None else is_below:
            heard |= {SHOP, BACK, MUTED}
        if session.checklist is self.env.closing:
            heard.add(BAKERY)
        if self.people.is_supervised(session.employee):
            heard.add(TEAM)
        if self.people.works_in_shop(session.employee):
            heard.add(SITE)
        return heard

    def may_see(self, user_id: str, session: Session) -> bool:
        """Whether somebody may be shown a session: admins all, others what they observed, were observed in, or what
        their own people were."""
        if is_admin(user_id):
            return True
        mine = user_id in (self.people.accounts.get(session.observer), self.people.accounts.get(session.employee))
        return mine or (user_id == self.people.supervisor and self.people.is_supervised(session.employee))

    # ---- what happens --------------------------------------------------------------------------------------------

    def plan(self, observer: Person | None = None, employee: Person | None = None) -> Story:
        """A session nobody hears of until it is completed."""
        status = self.random01.choice([NOT_STARTED, IN_PROGRESS])
        story = Story(self._add(status=status, observer=observer, employee=employee))
        self.stories.append(story)
        return story

    def complete(self, story: Story | None = None, percent: int | None = None) -> Story:
        """Completes a session that is open or, without one, a new one. Completed again below target, it is owed a card
        that says so."""
        story = story or self.plan()
        session = self.env.world.complete(story.session, percent=percent or self._percent(good=None))
        assert session.result is not None
        is_good = session.result >= TARGET
        is_again = story.was_good is not None
        story.changes += is_again
        self._enqueue(story, is_turn=is_again and not is_good, is_first=True)
        story.was_good = is_good
        return story

    def correct(self, story: Story, *, good: bool) -> None:
        """Changes a completed session's result; a turn to below target is owed a card of its own."""
        before = story.session.result
        while story.session.result == before:
            self.env.world.correct(story.session, self._percent(good=good))
        story.changes += 1
        self._enqueue(story, is_turn=story.was_good is True and not good, is_first=False)
        story.was_good = good

    def reopen(self, story: Story) -> None:
        self.env.world.reopen(story.session)
        story.changes += 1

    def hand_in_late(self) -> None:
        """A session that iSpring first lists long after its completion: counted, not posted."""
        session = self._add(
            status="PASSED", percent=self._percent(good=None), completed_at=datetime.now(UTC) - LONG_AGO
        )
        self.stories.append(Story(session, was_good=None))
        for place in self.hearing(session):
            if not place.startswith("D"):
                self.counted[place] += 1

    def hire(self) -> Story:
        """Somebody new observes somebody new, in a department that is new: the next reading of people names them."""
        observer, employee = self.people.hire()
        return self.complete(self.plan(observer, employee))

    def flap(self) -> Story:
        """Lets the result that keeps changing change; the first time there is one."""
        story = next((one for one in self.stories if one.is_flapping), None)
        if story is None:
            story = self.plan()
            self.env.world.complete(story.session, percent=TARGET)
            story.session.result = EITHER_SIDE[0]
            story.is_flapping = True
            for place in self.hearing(story.session):
                story.cards[place] = 2
            for place in self.hearing(story.session, is_below=True) - set(story.cards):
                story.cards[place] = 2
        else:
            story.session.result = EITHER_SIDE[story.session.result == EITHER_SIDE[0]]
        return story

    def happen(self, most: int) -> None:
        """A burst of completions and a few changes of what was there; each only where its outcome is certain."""
        for _ in range(self.random01.randint(1, most)):
            waiting = [one for one in self.stories if one.was_good is None and one.session.is_open]
            self.complete(self.random01.choice(waiting) if waiting and self.random01.random() < 0.5 else None)
        if self.random01.random() < 0.3:
            self.plan()
        if self.random01.random() < 0.15:
            self.hand_in_late()
        if self.hires and self.random01.random() < 0.15:
            self.hire()
        done = [one for one in self._changeable if not one.session.is_open and one.cards]
        if done and self.random01.random() < 0.6:  # corrected whether told or not: nobody may be told the old result
            story = self.random01.choice(done)
            self.correct(story, good=story.was_good is True)
        self._turn()

    @property
    def _changeable(self) -> list[Story]:
        return [
            one
            for one in self.stories
            if one.was_good is not None and not one.is_flapping and one.changes < MOST_CHANGES
        ]

    def _turn(self) -> None:
        """Lets one session take a turn, once all it is owed has arrived: else two cards may be told as one."""
        try:
            seen = self.seen(patience=1.0)
        except sqlite3.OperationalError:
            return  # a process that stands still may hold the file, and goes on only once this one does
        wait_until = [
            one
            for one in self._changeable[-40:]
            if seen.get(one.session.id) == _state(one.session) and self.is_sent(one)
        ]
        if not wait_until or self.random01.random() < 0.3:
            return
        story = self.random01.choice(wait_until)
        if story.session.is_open:
            self.complete(story)
        elif self.random01.random() < 0.4:
            self.reopen(story)
        else:
            self.correct(story, good=self.random01.random() < 0.4)

    # ---- what the bot knows, what people were told ---------------------------------------------------------------

    def seen(self, patience: float = 10.0) -> dict[str, tuple[str, float | None]]:
        """Status and result of each session as the bot's database has them. `patience`: seconds to wait for a lock."""
        with closing(read_only(self.env.folder, patience)) as database:
            rows = database.execute("SELECT session_id, status, result FROM sessions").fetchall()
        return {session_id: (status, result) for session_id, status, result in rows}

    def flaps_seen(self) -> int:
        """How often the bot stored another side of a result that keeps changing."""
        flapping = [one.session.id for one in self.stories if one.is_flapping]
        with closing(read_only(self.env.folder)) as database:
            rows = database.execute("SELECT session_id, version FROM sessions").fetchall()
        return sum(version - 1 for session_id, version in rows if session_id in flapping)

    def all_is_seen(self) -> bool:
        seen = self.seen()
        return all(seen.get(one.session.id) == _state(one.session) for one in self.stories)

    def is_sent(self, story: Story) -> bool:
        return all(
            len(self.env.cards(story.session, place)) >= number
            for place, number in story.cards.items()
            if place not in self.given_up
        )

    def digests_in(self, place: str) -> Counter[tuple[int, str]]:
        """How often each digest stands in a conversation, by rule and local date."""
        found = (_DIGEST.search(message.text) for message in self.env.slack.messages(place))
        return Counter(
            (int(one[1]), datetime.strptime(f"{one[2]} +0000", "%d %b %Y %z").date().isoformat())
            for one in found
            if one is not None
        )

    def reminders_of(self, user_id: str) -> int:
        """How many lists of follow-ups a person got."""
        messages = self.env.slack.messages(self.direct_message(user_id))
        return sum(FOLLOW_UPS.search(message.text) is not None for message in messages)

    def all_is_told_in_time(self) -> bool:
        """Whether the digests and lists that are owed at a time of day are there."""
        return all(
            place in self.given_up or self.digests_in(place)[digest] for digest, place in self.digests.items()
        ) and all(self.reminders_of(user_id) for user_id in self.reminded)

    # ---- pieces --------------------------------------------------------------------------------------------------

    def _add(
        self,
        *,
        status: str,
        percent: float = TARGET,
        completed_at: datetime | None = None,
        observer: Person | None = None,
        employee: Person | None = None,
    ) -> Session:
        checklist: Checklist = self.random01.choice(self._checklists)
        return self.env.world.add_session(
            checklist=checklist,
            employee=employee or self.random01.choice(self.people.employees),
            observer=observer or self.random01.choice(self.people.observers),
            status=status,
            percent=percent,
            completed_at=completed_at,
        )

    def _percent(self, good: bool | None) -> int:
        is_good = self.random01.random() < 0.6 if good is None else good
        return self.random01.choice(GOOD if is_good else BAD)

    def _enqueue(self, story: Story, *, is_turn: bool, is_first: bool) -> None:
        """A turn to below target is owed a card wherever it is heard of, one a day and conversation; a completion is
        owed one where there is none yet."""
        for place in self.hearing(story.session):
            if is_turn and place not in story.turned:
                story.turned.add(place)
                story.cards[place] += 1
            elif is_first and not story.cards[place]:
                story.cards[place] += 1


def _state(session: Session) -> tuple[str, float | None]:
    return session.status, session.result


def read_only(folder: Path, patience: float = 10.0) -> sqlite3.Connection:
    """The house's database, to look at while a bot writes it. `patience`: seconds to wait for a lock."""
    return sqlite3.connect(f"file:{folder / 'spotter.db'}?mode=ro", uri=True, timeout=patience)


__all__ = ["RULES", "Company", "Story", "read_only"]
