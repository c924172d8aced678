"""What happens in the company during a storm, and what is owed because of it, reckoned without the bot's own code."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.demo.company import IN_PROGRESS, NOT_STARTED, Checklist, Person, Session
from bot.demo.slack import User
from tests.app.env import BAKERY, OBSERVER, RESULTS, SHOP, Env, short

TARGET = 80
GOOD, BAD = range(TARGET, 101, 5), range(20, TARGET, 5)
SECOND_OBSERVER = "U0SECOND"
RULES = {SHOP: "outcome:failed", BAKERY: 'checklist:"Closing"'}
"""Beside the default channel's rule, which hears of everything."""
LONG_AGO = timedelta(days=9)


@dataclass(eq=False)
class Story:
    """One session: what it went through, and how many cards of it each conversation is owed by now."""

    session: Session
    was_good: bool | None = None
    """How it was completed last; None: never."""
    cards: Counter[str] = field(default_factory=Counter)

    @property
    def short_id(self) -> str:
        return short(self.session)

    @property
    def words(self) -> str:
        """What a card says of it now."""
        result = self.session.result
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
        env.slack.workspace.add_user(
            User(id=SECOND_OBSERVER, name="ippolita", real_name="Ippolita Vance", email="ippolita@bakery.example")
        )
        second = env.world.add_person(
            "Ippolita Vance", email="ippolita@bakery.example", department=next(iter(env.world.departments.values()))
        )
        self._observers = {env.observer: OBSERVER, second: SECOND_OBSERVER}
        self._checklists = [env.opening, env.closing]

    def settle_in(self, baseline: int) -> None:
        """Sessions from before the first start, which nobody is to hear of."""
        for number in range(baseline):
            percent = self.random01.choice(GOOD if number % 2 else BAD)
            session = self._add(status="PASSED", percent=percent)
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

    def hearing(self, session: Session) -> set[str]:
        """The conversations that hear of the session as it is now."""
        assert session.result is not None
        heard = {RESULTS, self.direct_message(self._observers[session.observer])}
        if session.result < TARGET:
            heard.add(SHOP)
        if session.checklist is self.env.closing:
            heard.add(BAKERY)
        return heard

    # ---- what happens --------------------------------------------------------------------------------------------

    def plan(self) -> Story:
        """A session nobody hears of until it is completed."""
        story = Story(self._add(status=self.random01.choice([NOT_STARTED, IN_PROGRESS])))
        self.stories.append(story)
        return story

    def complete(self, story: Story | None = None, percent: int | None = None) -> Story:
        """Completes a session that is open or, without one, a new one."""
        story = story or self.plan()
        session = self.env.world.complete(story.session, percent=percent or self._percent(good=None))
        assert session.result is not None
        is_good = session.result >= TARGET
        self._enqueue(story, is_new_card=story.was_good is True and not is_good, is_first=True)
        story.was_good = is_good
        return story

    def correct(self, story: Story, *, good: bool) -> None:
        """Changes a completed session's result; a turn to below target is owed a card of its own."""
        before = story.session.result
        while story.session.result == before:
            self.env.world.correct(story.session, self._percent(good=good))
        self._enqueue(story, is_new_card=story.was_good is True and not good, is_first=False)
        story.was_good = good

    def hand_in_late(self) -> None:
        """A session that iSpring first lists long after its completion: counted, not posted."""
        session = self._add(
            status="PASSED", percent=self._percent(good=None), completed_at=datetime.now(UTC) - LONG_AGO
        )
        self.stories.append(Story(session, was_good=None))
        for place in self.hearing(session):
            if not place.startswith("D"):
                self.counted[place] += 1

    def happen(self, most: int) -> None:
        """A burst of completions and a few changes of what was there; each only where its outcome is certain."""
        for _ in range(self.random01.randint(1, most)):
            waiting = [one for one in self.stories if one.was_good is None and one.session.is_open]
            self.complete(self.random01.choice(waiting) if waiting and self.random01.random() < 0.5 else None)
        if self.random01.random() < 0.3:
            self.plan()
        if self.random01.random() < 0.15:
            self.hand_in_late()
        done = [one for one in self.stories if one.was_good is not None and not one.session.is_open and one.cards]
        if done and self.random01.random() < 0.6:  # corrected whether told or not: nobody may be told the old result
            story = self.random01.choice(done)
            self.correct(story, good=story.was_good is True)
        self._turn()

    def _turn(self) -> None:
        """Lets one session take a turn, once all it is owed has arrived: else two cards may be told as one."""
        seen = self.seen()
        wait_until = [
            one
            for one in self.stories[-40:]
            if one.was_good is not None and seen.get(one.session.id) == _state(one.session) and self.is_sent(one)
        ]
        if not wait_until or self.random01.random() < 0.3:
            return
        story = self.random01.choice(wait_until)
        if story.session.is_open:
            self.complete(story)
        elif self.random01.random() < 0.4:
            self.env.world.reopen(story.session)
        else:
            self.correct(story, good=self.random01.random() < 0.4)

    # ---- what the bot knows, what people were told ---------------------------------------------------------------

    def seen(self) -> dict[str, tuple[str, float | None]]:
        """Status and result of each session as the bot's database has them."""
        with closing(read_only(self.env.folder)) as database:
            rows = database.execute("SELECT session_id, status, result FROM sessions").fetchall()
        return {session_id: (status, result) for session_id, status, result in rows}

    def all_is_seen(self) -> bool:
        seen = self.seen()
        return all(seen.get(one.session.id) == _state(one.session) for one in self.stories)

    def is_sent(self, story: Story) -> bool:
        return all(len(self.env.cards(story.session, place)) >= number for place, number in story.cards.items())

    # ---- pieces --------------------------------------------------------------------------------------------------

    def _add(self, *, status: str, percent: float = TARGET, completed_at: datetime | None = None) -> Session:
        observer: Person = self.random01.choice(list(self._observers))
        checklist: Checklist = self.random01.choice(self._checklists)
        return self.env.world.add_session(
            checklist=checklist,
            employee=self.env.employee,
            observer=observer,
            status=status,
            percent=percent,
            completed_at=completed_at,
        )

    def _percent(self, good: bool | None) -> int:
        is_good = self.random01.random() < 0.6 if good is None else good
        return self.random01.choice(GOOD if is_good else BAD)

    def _enqueue(self, story: Story, *, is_new_card: bool, is_first: bool) -> None:
        for place in self.hearing(story.session):
            if is_new_card or (is_first and not story.cards[place]):
                story.cards[place] += 1


def _state(session: Session) -> tuple[str, float | None]:
    return session.status, session.result


def read_only(folder: Path) -> sqlite3.Connection:
    """The house's database, to look at while a bot writes it."""
    return sqlite3.connect(f"file:{folder / 'spotter.db'}?mode=ro", uri=True, timeout=10)


__all__ = ["RULES", "Company", "Story", "read_only"]
