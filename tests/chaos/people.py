"""Who is in the company of a storm, who has which account in Slack, and who may be told."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.demo.company import Person
from bot.demo.slack import Channel, User
from tests.app.env import ADMIN, BOT, EMPLOYEE, OBSERVER, Env

SITE, TEAM, BACK, MUTED = "C0SITE", "C0TEAM", "C0BACK", "C0MUTED"
"""Private channels: the admin's rule by department, the supervisor's rule, the one that is opened to others, and one
that is muted in the beginning."""
SECOND_OBSERVER, SUPERVISOR, GUEST, STRANGER, LEAVER = "U0SECOND", "U0SUPER", "U0GUEST", "U0STRANGER", "U0LEAVER"
OWN_RULES = ((TEAM, SUPERVISOR, "subscribe"), (SITE, ADMIN, 'subscribe dept:"Store 12"'))
"""Made by people in Slack: the channel, who makes the rule, and what they type."""
ALL_DIGITS = "700123450001"
"""An id that an account with other ids than UUIDs may have; it can come as a number."""


class People:
    """`accounts`: the Slack users of those who get direct messages; a guest and somebody of another company get none,
    though their addresses are those of people who observe."""

    def __init__(self, env: Env) -> None:
        self._env = env
        world = env.world
        self.shop = next(iter(world.departments.values()))
        elsewhere = world.add_department("Store 30", is_site=True)
        self.supervisor = SUPERVISOR
        boss = self._person("Sabina Holloway", SUPERVISOR)
        # Where it is noon: reminders come from the morning on.
        hour = datetime.now(UTC).hour
        env.slack.workspace.users[SUPERVISOR].tz = f"Etc/GMT{hour - 12:+d}"
        env.employee.subordination, env.employee.supervisor_id = "manual", boss.id
        self._boss = boss
        second = self._person("Ippolita Vance", SECOND_OBSERVER, person_id=ALL_DIGITS)
        guest = self._person("Gwendolen Ashcombe", GUEST, is_restricted=True)
        stranger = self._person("Thaddeus Birtwhistle", STRANGER, is_stranger=True, team_id="T0ELSEWHERE")
        self.leaver = self._person("Philomena Cruddace", LEAVER)
        other = world.add_person("Barnaby Wexcombe", email="barnaby@bakery.example", department=elsewhere)
        self.guest = guest
        self.observers = [env.observer, env.observer, second, second, guest, stranger, self.leaver]
        self.employees = [env.employee, env.employee, other]
        self.accounts = {
            env.observer: OBSERVER,
            second: SECOND_OBSERVER,
            self.leaver: LEAVER,
            boss: SUPERVISOR,
            env.employee: EMPLOYEE,
        }
        for channel, name in ((SITE, "site"), (TEAM, "team"), (BACK, "back-office"), (MUTED, "muted")):
            members = [ADMIN, SUPERVISOR, BOT]
            env.slack.workspace.add_channel(Channel(id=channel, name=name, is_private=True, members=members))

    def is_supervised(self, employee: Person) -> bool:
        """Whether the supervisor leads this person."""
        return employee.supervisor_id == self._boss.id

    def works_in_shop(self, employee: Person) -> bool:
        """Whether this person works in the shop that the admin's rule names, or in a part of it."""
        department = self._env.world.departments[employee.department_id]
        return self.shop.id in (department.id, department.parent_id)

    def hire(self) -> tuple[Person, Person]:
        """An observer with an account in Slack and an employee, both in a new part of the shop."""
        world = self._env.world
        number = len(world.people)
        part = world.add_department(f"Counter {number}", parent=self.shop)
        observer = self._person(f"Hieronymus{number} Vandersloot{number}", f"U0HIRE{number}")
        observer.department_id = part.id
        self.accounts[observer] = f"U0HIRE{number}"
        employee = world.add_person(
            f"Ermintrude{number} Oglethorpe{number}", email=f"ermintrude{number}@bakery.example", department=part
        )
        self.observers.append(observer)
        self.employees.append(employee)
        return observer, employee

    def _person(
        self,
        name: str,
        user_id: str,
        *,
        person_id: str | None = None,
        is_restricted: bool = False,
        is_stranger: bool = False,
        team_id: str = "T0SPOTTER",
    ) -> Person:
        handle = name.partition(" ")[0].lower()
        email = f"{handle}@bakery.example"
        user = User(id=user_id, name=handle, real_name=name, email=email, team_id=team_id)
        user.is_restricted, user.is_stranger = is_restricted, is_stranger
        self._env.slack.workspace.add_user(user)
        return self._env.world.add_person(name, email=email, department=self.shop, person_id=person_id)


__all__ = ["BACK", "MUTED", "OWN_RULES", "SITE", "TEAM", "People"]
