"""Two companies that differ only in what a viewer may not see give byte-identical answers, whatever is asked.

People, departments, sessions and checklists out of a viewer's sight are drawn anew for the second company; their names
come from the same few words as those in sight, so that what is hidden would change what is ambiguous, nearest or
counted. Who may see whom is computed here from the ties as drawn, not with the bot's code.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from bot.domain.changes import decide
from bot.domain.model import SessionFacts, SessionKey, Targets
from bot.domain.polling import PollReport
from bot.domain.staff import Department, Person, PersonStatus, Subordination
from bot.store.database import Tx
from tests.clock import NOON
from tests.listeners.office import DANA, EMMA, SAM, UNLINKED, Office, everything_in, facts, open_office
from tests.virtual_time import VirtualTimeLoop

VIEWERS = {EMMA: "emma", SAM: "sam", DANA: "dana", UNLINKED: ""}
FIRST, LAST = ("Maya", "Omar", "Zoe", "Ana"), ("Okafor", "Brandt", "Lee")
TITLES = ("Till check", "Opening", "Vault audit", "Food safety")
PLACES = (
    Department(department_id="root", name="Bakery", subordination=Subordination.NONE),
    Department(department_id="north", name="North", parent_id="root"),
    Department(
        department_id="kiosk7",
        name="Kiosk 7",
        parent_id="north",
        subordination=Subordination.MANUAL,
        supervisor_id="sam",
    ),
    Department(department_id="south", name="South", parent_id="root"),
)

# What is asked beside what is drawn: every subcommand that reads, and words that mean names, in sight or not.
ASKED = (
    "", "help", "help manager", "help observer", "status", "todo", "target", "link", "settings", "rules",
    "results", *(f"results {name.lower()}" for name in (*FIRST, *LAST)),
    "results maya okafor", "results mya okfor", "results vault",
    "results vualt audit", "results kiosk 9", "results south", "results who failed opening this week",
    "results observed by omar", "results -employee:maya", "results checklist:vault", "results dept:kiosk",
    "results employee:omar sort:score limit:3", "results score:<80 since:30d", "results outcome:failed",
    "results 10aa0000", "results <@U0DANA>", "results employee:<@U0SAM>",
    "show 1", "show 10aa0000", "why 1", "why 10aa0000",
    "history", "history me", "history maya", "history zoe lee", "history mya", "history employee:omar",
    "trend", "trend by:month since:180d", "trend by:checklist", "trend by:dept", "trend by:observer",
    "trend by:employee", "trend maya by:checklist", "trend vault",
    "silent", "silent 7d", "silent 90d south", "overdue", "overdue maya", "overdue dept:kiosk", "upcoming 30d",
    "upcoming 30d okafor", "upcoming mine 30d", "show last", "show last maya", "why did maya fail", "my last failed",
    "acknowledge maya", "nudge omar", "follow up with zoe by friday", "too many messages", "what went wrong in till",
    'trend criterion "till"', "till drawer", "export", "export maya criteria:yes", "maya", "waht failed",
    "reslts vault", "is maya better than zoe", "who has not done vault audit", "compare kiosk 9 with north",
    "which stores have the most failures", "is omar ready for vault", "who acknowledged maya's result",
    "why no card for zoe yesterday", "most mistakes at kiosk 9", "when is omar next planned",
)  # fmt: skip
WORDS = (
    *(word.lower() for word in (*FIRST, *LAST)), "till", "opening", "vault", "audit", "food", "kiosk", "south", "north",
    "failed", "passed", "me", "my", "this", "week", "last", "month", "by", "observer", "in", "and", "or", "not", "who",
    "employee:maya", "observer:lee", "checklist:food", "dept:north", "since:7d", "score:<70", "limit:2", "okfor",
    "vualt", "mya", "soth", "openning",
    "why", "most", "compare", "better", "than", "mistakes", "never", "best", "did", "done", "which", "how many", "with",
)  # fmt: skip
DRAWN = st.tuples(
    st.sampled_from(["results", "history", "trend", "overdue", "upcoming", "silent", "export", ""]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
).map(lambda parts: " ".join([parts[0], *parts[1]]).strip())


@dataclass(frozen=True)
class Company:
    """What iSpring says."""

    people: tuple[Person, ...]
    places: tuple[Department, ...]
    rows: tuple[SessionFacts, ...]

    def fill(self, tx: Tx) -> None:
        tx.people.replace_directory(self.people, self.places, NOON)
        for row in self.rows:
            change = decide(None, row, now=NOON, targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, b"12345678")
        tx.polls.record(PollReport(started_at=NOON, ended_at=NOON, listed=len(self.rows)))

    def supervisor_of(self, person: Person) -> str | None:
        """As drawn here: one's own, else that of the nearest department which has one and is not headed by oneself."""
        if person.subordination is not Subordination.INHERIT:
            return person.supervisor_id
        place = self._place(person.department_id)
        while (place is not None and place.subordination is Subordination.INHERIT) or _is_head(place, person):
            assert place is not None
            place = self._place(place.parent_id)
        return place.supervisor_id if place is not None else None

    def in_sight_of(self, me: str) -> set[str]:
        """The employees whose sessions a person may see."""
        by_id = {one.person_id: one for one in self.people}
        found = {me}
        for person in self.people:
            seen, current = set[str](), self.supervisor_of(person)
            while current is not None and current not in seen:
                seen.add(current)
                current = self.supervisor_of(by_id[current]) if current in by_id else None
            place, above = self._place(person.department_id), set[str]()
            while place is not None:
                above.add(place.department_id)
                place = self._place(place.parent_id)
            if me in seen or above & set(by_id[me].manages_departments if me in by_id else ()):
                found.add(person.person_id)
        return found

    def _place(self, department_id: str | None) -> Department | None:
        return next((one for one in self.places if one.department_id == department_id), None)


def _is_head(place: Department | None, person: Person) -> bool:
    return place is not None and place.supervisor_id == person.person_id


def person(ident: str, name: str, place: str, **more: object) -> Person:
    return Person(
        person_id=ident,
        name=name,
        email=f"{ident}@shop.example",
        department_id=place,
        **more,  # type: ignore[arg-type] # any field of Person
    )


names = st.tuples(st.sampled_from(FIRST), st.sampled_from(LAST)).map(" ".join)
statuses = st.sampled_from([PersonStatus.ACTIVE, PersonStatus.ACTIVE, PersonStatus.LEFT])


@st.composite
def rows(
    draw: st.DrawFn, ids: Sequence[str], employees: Sequence[str], observers: Sequence[str]
) -> tuple[SessionFacts, ...]:
    if not employees or not observers:
        return ()
    made = []
    for ident in ids:
        status = draw(st.sampled_from(["PASSED", "PASSED", "PASSED", "NOT_STARTED", "IN_PROGRESS"]))
        made.append(
            facts(
                SessionKey(ident, draw(st.sampled_from(employees))),
                draw(st.sampled_from(observers)),
                status=status,
                result=float(draw(st.integers(30, 100))) if status == "PASSED" else None,
                days_ago=draw(st.integers(-20, 60)) if status != "PASSED" else draw(st.integers(0, 60)),
                checklist=draw(st.sampled_from(TITLES)),
            )
        )
    return tuple(made)


@st.composite
def companies(draw: st.DrawFn, me: str) -> Company:
    """A company in which the viewers work, with chains, circles and people who have left, and the sessions in sight of
    one of them."""
    extra = [f"e{number}" for number in range(draw(st.integers(2, 6)))]
    known = ["emma", "sam", "dana", *extra]
    people = [
        person("emma", "Emma Employee", "kiosk7"),
        person("sam", "Sam Supervisor", "north", subordination=Subordination.NONE),
        person("dana", "Dana Manager", "root", subordination=Subordination.NONE, manages_departments=("north",)),
    ]
    for ident in extra:
        boss = draw(st.sampled_from([None, None, "nobody", *known]))
        people.append(
            person(
                ident,
                draw(names),
                draw(st.sampled_from(["kiosk7", "south", "north", "root"])),
                status=draw(statuses),
                subordination=Subordination.MANUAL if boss else Subordination.INHERIT,
                supervisor_id=boss,
            )
        )
    ids = [f"{number}0aa0000-0000-4000-8000-00000000000{number}" for number in range(1, draw(st.integers(3, 8)))]
    company = Company(tuple(people), PLACES, ())
    if not me:
        return company
    observed = draw(st.integers(0, 2))
    in_sight = draw(rows(ids[observed:], sorted(company.in_sight_of(me)), known))
    return replace(company, rows=(*draw(rows(ids[:observed], known, [me])), *in_sight))


@st.composite
def with_hidden(draw: st.DrawFn, base: Company, me: str) -> Company:
    """The company with more that the viewer may not see: its people, departments, sessions and checklists."""
    place = Department(
        department_id="south2", name=draw(st.sampled_from(["Kiosk 9", "Vault", "Maya"])), parent_id="south"
    )
    company = replace(base, places=(*base.places, place)) if draw(st.booleans()) else base
    hidden: list[Person] = []
    for number in range(draw(st.integers(0, 4))):
        boss = draw(st.sampled_from([None, *(one.person_id for one in hidden)]))
        one = person(
            f"h{number}",
            draw(names),
            draw(st.sampled_from(["south", company.places[-1].department_id])),
            status=draw(statuses),
            subordination=Subordination.MANUAL if boss else Subordination.INHERIT,
            supervisor_id=boss,
        )
        hidden.append(one)
    company = replace(company, people=(*company.people, *hidden))
    sight = company.in_sight_of(me)
    assert not sight & {one.person_id for one in hidden}
    everybody = [one.person_id for one in company.people]
    ids = [
        f"{draw(st.sampled_from(['10aa0000', '20aa0000', 'ffff0000']))}-0000-4000-8000-0000000ff{n:03}"
        for n in range(6)
    ]
    more = draw(rows(ids, [one for one in everybody if one not in sight], [one for one in everybody if one != me]))
    split = draw(st.integers(0, len(more)))
    return replace(company, rows=(*more[:split], *base.rows, *more[split:]))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Company, Company, list[str]]:
    viewer = draw(st.sampled_from(sorted(VIEWERS)))
    me = VIEWERS[viewer]
    base = draw(companies(me))
    pair = draw(with_hidden(base, me)), draw(with_hidden(base, me))
    return viewer, *pair, draw(st.lists(DRAWN, min_size=6, max_size=6))


def observer_out_of_sight() -> tuple[str, Company, Company, list[str]]:
    """Emma knows Maya as her observer; that Maya is an employee too is out of her sight."""
    people = (
        person("emma", "Emma Employee", "kiosk7"),
        person("sam", "Sam Supervisor", "north", subordination=Subordination.NONE),
        person("e0", "Maya Okafor", "south"),
    )
    seen = SessionKey("10aa0000-0000-4000-8000-000000000001", "emma")
    unseen = SessionKey("10aa0000-0000-4000-8000-000000000ff1", "e0")
    rows_seen = (facts(seen, "e0", result=50.0, days_ago=2, checklist="Opening"),)
    more = facts(unseen, "sam", result=40.0, days_ago=2, checklist="Vault audit")
    return EMMA, Company(people, PLACES, rows_seen), Company(people, PLACES, (more, *rows_seen)), []


async def answers(office: Office, viewer: str, asked: Sequence[str]) -> dict[str, str]:
    found = {text: everything_in(await office.ask(viewer, text)) for text in asked}
    found["Home"] = everything_in(await office.home(viewer))
    found["files"] = "\n".join((one.content or b"").decode() for one in office.slack.workspace.uploads.values())
    return found


async def both(viewer: str, pair: Sequence[Company], asked: Sequence[str]) -> list[dict[str, str]]:
    found = []
    for company in pair:
        with tempfile.TemporaryDirectory() as folder:
            async with open_office(Path(folder), company=company.fill) as office:
                found.append(await answers(office, viewer, asked))
    return found


@pytest.mark.promise("wrong_eyes")
@given(cases())
@example(observer_out_of_sight())
@settings(max_examples=30, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
def test_what_is_hidden_changes_no_byte_of_any_answer(case: tuple[str, Company, Company, list[str]]) -> None:
    viewer, one, other, drawn = case
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        first, second = runner.run(both(viewer, (one, other), (*ASKED, *drawn)))
    for text, answer in first.items():
        assert answer == second[text], f"{viewer} asked {text!r}"
