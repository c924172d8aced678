"""Who of the world's company is in Slack, and which channels there are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.demo.company import Department, Person
from bot.demo.names import COMPANY, MAIL_DOMAIN, plain
from bot.demo.slack.entities import Channel, User
from bot.demo.slack.workspace import Workspace
from bot.demo.world import World

RESULTS, OPERATIONS, LEARNING, RANDOM = "ojt-results", "bot-ops", "l-and-d", "random"
HOME_ZONE = "Europe/London"
ZONES = {"South region": "Europe/Paris"}


@dataclass(frozen=True)
class Role:
    """One person the page offers first: the Slack user and what they are to the company."""

    user_id: str
    name: str
    """admin, supervisor, observer, employee, guest, mailbox or outsider."""
    label: str


@dataclass(frozen=True)
class Cast:
    """What the director needs to know of the workspace it has been given."""

    roles: tuple[Role, ...]
    user_ids: dict[str, str]
    """iSpring person id → Slack user id, for those who have an account."""
    results_channel: str
    operations_channel: str
    ranks: dict[str, int]
    """Channel id → its place in the page's list."""

    def user_id(self, role: str) -> str:
        """KeyError for a role nobody plays."""
        for one in self.roles:
            if one.name == role:
                return one.user_id
        raise KeyError(role)


def assemble(world: World, workspace: Workspace) -> Cast:
    """Fills an empty workspace with the world's people and their channels.

    Most have a Slack account under their iSpring address. Two of a kitchen share one mailbox, so neither can be told
    from the other; one is a guest; the last site's newest people have no account; one Slack member is not in iSpring.
    """
    workspace.team.name = COMPANY
    cook, porter = _share_a_mailbox(world)
    absent = {cook.id, porter.id} | {one.id for one in _task_pool(world, world.sites[-1])[-2:]}
    guest = next(one for one in reversed(_task_pool(world, world.sites[0])) if one.is_active)
    learning = _titled(world, "Learning and Development Manager")
    user_ids: dict[str, str] = {}
    for number, person in enumerate(world.people.values(), start=1):
        if person.id in absent:
            continue
        user = User(
            id=f"U{1000 + number}",
            name=f"{plain(person.first_name)}.{plain(person.last_name)}",
            real_name=person.name,
            email=person.email,
            is_admin=person is learning,
            is_restricted=person is guest,
            deleted=not person.is_active,
            tz=_zone(world, person),
        )
        workspace.add_user(user)
        user_ids[person.id] = user.id
    mailbox = workspace.add_user(
        User(id="U1900", name="kitchen.s14", real_name="Kitchen Store 14", email=cook.email, tz=HOME_ZONE)
    )
    outsider = workspace.add_user(
        User(
            id="U1901",
            name="robin.castellane",
            real_name="Robin Castellane",
            email=f"robin@{MAIL_DOMAIN}",
            tz=HOME_ZONE,
        )
    )
    cast = _found_channels(world, workspace, user_ids, learning, guest, [mailbox, outsider])
    for user_id in [*user_ids.values(), mailbox.id, outsider.id]:
        workspace.direct_message(user_id, world.now())
    return cast


def _found_channels(
    world: World,
    workspace: Workspace,
    user_ids: dict[str, str],
    learning: Person,
    guest: Person,
    others: list[User],
) -> Cast:
    bot = workspace.app.bot_user_id
    admin = user_ids[learning.id]
    present = [one for one in world.people.values() if one.id in user_ids and one.is_active]
    office = [one for one in present if world.site_of(one) is None]
    leads = [one for site in world.sites for one in _leads(world, site) if one in present]
    full_members = [user_ids[one.id] for one in present if one is not guest]
    ranks: dict[str, int] = {}

    def found(name: str, people: list[str], topic: str, *, has_bot: bool, private: bool = False) -> str:
        number = len(ranks) + 1
        channel_id = f"{'G' if private else 'C'}{1000 + number}"
        workspace.add_channel(
            Channel(
                id=channel_id,
                name=name,
                is_private=private,
                members=[*dict.fromkeys(people), *([bot] if has_bot else [])],
                creator=admin,
                created=int(world.now().timestamp()),
                topic=topic,
            )
        )
        ranks[channel_id] = number
        return channel_id

    leaders = [user_ids[one.id] for one in [*office, *leads]]
    results = found(RESULTS, leaders, "Every completed observation", has_bot=True)
    for place, site in enumerate(world.sites):
        team = [user_ids[one.id] for one in present if world.site_of(one) is site]
        found(_channel_name(site), [*team, admin], f"The team of {site.name}", has_bot=place < len(world.sites) - 1)
    found(
        LEARNING,
        [user_ids[one.id] for one in office],
        "Learning and development, among ourselves",
        has_bot=False,
        private=True,
    )
    operations = found(OPERATIONS, [admin], "What Spotter tells those who run it", has_bot=True)
    found(RANDOM, [*full_members, *(one.id for one in others)], "Cake and everything else", has_bot=False)
    return Cast(_roles(world, user_ids, learning, guest, others), user_ids, results, operations, ranks)


def _roles(
    world: World, user_ids: dict[str, str], learning: Person, guest: Person, others: list[User]
) -> tuple[Role, ...]:
    site = world.sites[0]
    manager, *leads = _leads(world, site)
    observer = next(one for one in world.observers if one in leads)
    task_pool = [one for one in _task_pool(world, site) if one is not guest and one.id in user_ids and one.is_active]
    counts = {one: sum(session.employee is one for session in world.completed_sessions()) for one in task_pool}
    employee = max(task_pool, key=lambda one: counts[one])
    mailbox, outsider = others
    return (
        Role(user_ids[learning.id], "admin", "admin, learning manager"),
        Role(user_ids[manager.id], "supervisor", f"supervisor, {_short(site)}"),
        Role(user_ids[observer.id], "observer", f"observer, {observer.job_title.lower()}"),
        Role(user_ids[employee.id], "employee", f"employee, {employee.job_title.lower()}"),
        Role(user_ids[guest.id], "guest", "guest of the workspace"),
        Role(mailbox.id, "mailbox", "a mailbox two people share"),
        Role(outsider.id, "outsider", "not in iSpring"),
    )


def _share_a_mailbox(world: World) -> tuple[Person, Person]:
    """Gives two of the second site's kitchen one address, as shops do."""
    cook, porter = [
        one for one in _task_pool(world, world.sites[1]) if world.departments[one.department_id].name == "Kitchen"
    ][:2]
    cook.email = porter.email = f"kitchen.s14@{MAIL_DOMAIN}"
    return cook, porter


def _team(world: World, site: Department) -> list[Person]:
    return [one for one in world.people.values() if world.site_of(one) is site]


def _leads(world: World, site: Department) -> list[Person]:
    """The site's manager first, then its leads and trainer."""
    titles = ("Site Manager", "Kitchen Lead", "Front of House Lead", "Trainer")
    return sorted(
        (one for one in _team(world, site) if one.job_title in titles), key=lambda one: titles.index(one.job_title)
    )


def _task_pool(world: World, site: Department) -> list[Person]:
    leads = _leads(world, site)
    return [one for one in _team(world, site) if one not in leads]


def _titled(world: World, title: str) -> Person:
    return next(one for one in world.people.values() if one.job_title == title)


def _zone(world: World, person: Person) -> str:
    site = world.site_of(person)
    region = world.departments.get(site.parent_id or "") if site is not None else None
    return ZONES.get(region.name, HOME_ZONE) if region is not None else HOME_ZONE


def _channel_name(site: Department) -> str:
    return re.sub(r"[^a-z0-9]+", "-", site.name.lower()).strip("-")


def _short(site: Department) -> str:
    return " ".join(site.name.split()[:2])
