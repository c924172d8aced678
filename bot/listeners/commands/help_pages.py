"""Help: what this user can ask for, and a page for each role, each subcommand and each key of the query language."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.blocks import help_pages as view
from bot.blocks import role_pages
from bot.blocks.answers import Needs, Topic
from bot.blocks.role_pages import RolePage
from bot.domain.directory import Directory
from bot.domain.errors import NotAllowed, NotPossibleNow, QueryError
from bot.domain.notifications import Message
from bot.domain.permissions import scope_of
from bot.domain.schedules import EXAMPLES
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.sessions import what_viewer_has
from bot.listeners.context import AppContext
from bot.query.keys import KEYS, Key
from bot.query.keywords import key_named, other_names
from bot.query.names import Kind
from bot.query.nearest import alike
from bot.query.tokens import quote
from bot.services.visible_names import all_visible_names
from bot.store.conditions import as_observer
from bot.store.database import Tx

NAMES_SHOWN = 8
PEOPLE_READ = 2_000  # whose sites are counted
_TAKES_QUERY = "[query]"
_KEYS_OF_ANSWERS = {Key.BY: "trend", Key.CRITERIA: "export"}  # elsewhere they say nothing
_TOPICS_OF_KEYS = {
    **dict.fromkeys(("date", "dates", "time", "times", "day", "days", "period", "periods", "zone"), Key.SINCE),
    **dict.fromkeys(("result", "percent", "percentage", "target"), Key.SCORE),
    **dict.fromkeys(("order", "sorting"), Key.SORT),
}
_ALL = frozenset({"query", "queries", "keys", "conditions", "language", "words", "all", "everything"})


@dataclass(frozen=True, slots=True)
class _Names:
    """Names that a viewer may ask for, the most frequent sites first; none if they may see nothing."""

    checklists: Sequence[str] = ()
    sites: Sequence[str] = ()
    employees: Sequence[str] = ()
    observers: Sequence[str] = ()

    def of(self, key: Key) -> Sequence[str]:
        match KEYS[key].kind:
            case Kind.CHECKLIST:
                return self.checklists
            case Kind.DEPARTMENT:
                return self.sites
            case Kind.PERSON:
                return self.observers if key is Key.OBSERVER else self.employees
            case None:
                return ()


@subcommand(
    "help [topic]",
    "What can be asked, and how",
    examples=("help manager", "help results", "help score", "help dates"),
    more="Each role has a page: " + ", ".join(f"`{page.command}`" for page in role_pages.ROLE_PAGES) + ".",
    on_menu="Help",
    needs=Needs.NOTHING,
    only_reads=True,
)
async def help_(ctx: AppContext, request: CommandRequest) -> Message:
    """Help on everything, a role, a subcommand, or a key: `observer` is the role, `observer:` the key."""

    def work(tx: Tx) -> tuple[frozenset[Needs], _Names, Sequence[RolePage]]:
        has = what_viewer_has(tx, request.viewer)
        return has, _names(tx, request.viewer), own_role_pages(tx, request.viewer, has)

    has, names, own = await ctx.store.read(work)
    topics = {topic.verb: topic for topic in request.topics if topic.needs in has}
    typed = _TOPIC.sub("", request.words.lower().removeprefix(ctx.command).strip(" `?!."))
    wanted = typed.strip(":")
    if not wanted or wanted in _ALL:
        keys = list(Key) if Needs.SESSIONS in has else []
        of_roles = [role_pages.asks_for(one, names.checklists, names.sites, topics, is_own=True) for one in own]
        most = role_pages.most_asked(of_roles)
        if wanted or not most:
            return view.everything(list(topics.values()), keys, own, command=ctx.command)
        return view.overview(list(topics.values()), keys, most, own, command=ctx.command)
    if not typed.endswith(":") and (page := role_pages.role_page_named(wanted)) is not None:
        asks = role_pages.asks_for(page, names.checklists, names.sites, topics, is_own=page in own)
        notified = ctx.settings.notify_employees
        return role_pages.role_page(page, asks, own, employees_notified=notified, command=ctx.command)
    if (topic := _topic_named(wanted, request.topics)) is not None:
        return view.topic_page(topic, _examples_of(topic, names), command=ctx.command)
    key = _TOPICS_OF_KEYS.get(wanted) or key_named(wanted) or _key_of_value(wanted)
    if key is not None:
        return view.key_page(_key_topic(key, names, topics), command=ctx.command)
    roles = [page.name.lower() for page in role_pages.ROLE_PAGES]
    like = alike(wanted, (*topics, *Key, *roles))
    raise QueryError(f"There is no help on “{request.words}”.", [f"help {one}" for one in like] or ["help"])


def _topic_named(wanted: str, topics: Sequence[Topic]) -> Topic | None:
    """The subcommand of a name, in the plural too: `help targets`; None if there is none."""
    by_verb = {one.verb: one for one in topics}
    return by_verb.get(wanted) or by_verb.get(wanted.removesuffix("s"))


_TOPIC = re.compile(r"^(?:(?:me|us|please|pls) )*(?:(?:with|on|about|for|to|the) )*|,?(?: (?:please|pls|thanks|thx))+$")


def own_role_pages(tx: Tx, viewer: Viewer, has: Collection[Needs]) -> Sequence[RolePage]:
    """The pages of a viewer's roles; none for those who may see no session. Who conducted one, or has to, observes."""
    person_id, observes = viewer.person_id, False
    if person_id is not None and Needs.PERSON in has:
        scope = scope_of(viewer, tx.people.directory())
        observes = bool(tx.search.to_do(person_id, 1) or tx.reports.completed_of(as_observer(person_id, scope), 1))
    return role_pages.own_pages(
        is_admin=viewer.is_admin, has_team=Needs.TEAM in has, observes=observes, is_employee=Needs.PERSON in has
    )


def _key_of_value(word: str) -> Key | None:
    """ "help failed" is help on outcomes."""
    return next((key for key, spec in KEYS.items() if word in spec.choices), None)


def _names(tx: Tx, viewer: Viewer) -> _Names:
    try:
        access = access_view(tx, viewer)
    except (NotAllowed, NotPossibleNow):
        return _Names()
    known = all_visible_names(tx, access.scope, access.directory, (), viewer.person_id)
    directory = known.directory
    me = viewer.person_id
    mine = [me] if me is not None and me in directory.people else []
    everybody = [*mine, *islice(directory.people, PEOPLE_READ)]
    observed = everybody if access.scope.everything else [*mine, *sorted(access.scope.employees)]
    often = Counter(department.name for department in directory.departments.values())
    sites: Counter[str] = Counter()
    for one in everybody:
        path = directory.department_path(directory.people[one].department_id)
        sites.update([department.name for department in path if often[department.name] == 1][:1])
    return _Names(
        checklists=sorted(set(known.checklists.values()))[:NAMES_SHOWN],
        sites=sorted(sites, key=lambda site: (-sites[site], site))[:NAMES_SHOWN],
        employees=_people(directory, observed),
        observers=_people(directory, everybody),
    )


def _people(directory: Directory, people: Sequence[str]) -> Sequence[str]:
    active = {directory.people[one].name for one in people if one in directory.people and directory.is_active(one)}
    return sorted(active)[:NAMES_SHOWN]


def _examples_of(topic: Topic, names: _Names) -> list[str]:
    """A subcommand's examples, after those with the reader's own checklists and sites."""
    own = []
    first, found, _ = topic.usage.partition(_TAKES_QUERY)
    command = " ".join(word for word in first.replace("SCHEDULE", EXAMPLES[1]).split() if not word.startswith("["))
    if found and not any(word.isupper() for word in command.split()):  # "edit N" needs a number that is not known here
        own += [f"{command} checklist:{quote(one)}" for one in names.checklists[:1]]
        own += [f"{command} dept:{quote(one)}" for one in names.sites[:1]]
    return [*own, *topic.examples]


def _key_topic(key: Key, names: _Names, topics: dict[str, Topic]) -> view.KeyTopic:
    spec = KEYS[key]
    values = [*(quote(one) for one in names.of(key)), *spec.spellings, *spec.choices]
    if spec.kind is Kind.PERSON:
        values = [*spec.spellings, *values]
    verb = _KEYS_OF_ANSWERS.get(key, "results")
    example = spec.example.partition(":")[2]
    usable = [*dict.fromkeys(values)] or [example]
    return view.KeyTopic(
        key=f"{key}:",
        about=spec.about,
        others=other_names(key),
        spellings=[f"{key}:{value}" for value in (*spec.spellings, *spec.choices)],
        in_words=spec.in_words,
        names=names.of(key),
        examples=[f"{verb} {key}:{value}" for value in usable[: view.EXAMPLES_SHOWN]] if verb in topics else [],
    )
