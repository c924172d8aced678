"""Questions about sessions and about Spotter itself: menu, help, results, show, todo, status."""

from collections.abc import Iterable

from bot.chat import criteria
from bot.chat.commands.registry import Asked, open_to, subcommand
from bot.chat.desk import Desk, next_step
from bot.chat.sharing import offered
from bot.chat.sight import Sight, names, record_of, refuse_unknown, sight, standing, understood
from bot.core.errors import NotAllowed, QueryError
from bot.core.model import Message, RuleState, SessionKey, SessionRecord, Viewer
from bot.core.nearest import nearest
from bot.core.ports import Tx
from bot.core.query import EXAMPLES, say, words
from bot.views import answers, sessions
from bot.views import status as status_view
from bot.views.answers import Needs

PAGE_SIZE = 10
TO_DO_READ = 200

QUERY_HELP = "Conditions, in any order: " + " · ".join(f"`{example}`" for example in EXAMPLES.values()) + "."


async def menu(desk: Desk, viewer: Viewer) -> Message:
    """What this viewer can do, with buttons."""

    def work(tx: Tx) -> Message:
        known, waiting = standing(viewer, tx.people.directory()), 0
        has = {Needs.NOTHING} | ({Needs.SIGHT} if known.sees else set())
        if viewer.person_id is not None and not known.why_not:
            has.add(Needs.PERSON)
            waiting = len(tx.sessions.to_do(viewer.person_id, TO_DO_READ))
        return answers.menu(
            [entry.topic for entry in open_to(viewer)],
            command=desk.command,
            who=known.told,
            has=has,
            what_next=next_step(desk, known.remedy, viewer.slack_user_id),
            data_as_of=tx.sessions.poll_state().last_good_at,
            to_do=waiting,
        )

    return await desk.store.read(work)


@subcommand(
    "help [topic]",
    "What can be asked, and how",
    examples=("help results", "help subscribe"),
    on_menu="Help",
    needs=Needs.NOTHING,
)
async def help_(desk: Desk, asked: Asked) -> Message:
    """Help on everything, or on one subcommand."""
    topics = {entry.verb: entry.topic for entry in open_to(asked.viewer)}
    wanted = asked.words.lower().removeprefix(desk.command).strip()
    if not wanted:
        return answers.help_page(None, list(topics.values()), command=desk.command)
    if wanted not in topics:
        like = [f"help {verb}" for verb in nearest(wanted, topics, at_least=0)]
        raise QueryError(f"There is no help on “{asked.words}”.", like)
    return answers.help_page(topics[wanted], list(topics.values()), command=desk.command)


@subcommand(
    "results [query]",
    "Sessions that match, newest first",
    examples=("results outcome:failed since:30d", "results score:<80 since:7d"),
    more=QUERY_HELP,
    on_menu="Last results",
    takes_query=True,
)
async def results(desk: Desk, asked: Asked) -> Message:
    """The first page of the sessions that match and the viewer may see."""
    return await page(desk, asked.viewer, asked.words, 0)


async def page(desk: Desk, viewer: Viewer, text: str, offset: int) -> Message:
    """One page of them. Raises QueryError or NotAllowed."""
    query = await understood(desk, text, "results")
    now = desk.clock.now()

    def work(tx: Tx) -> Message:
        seen = sight(tx, viewer)
        known = names(tx, seen, query, now)
        refuse_unknown(query, known, "results")
        found = tx.sessions.search(query, seen.reach, known.directory, now, PAGE_SIZE, offset, seen.zone)
        told = sessions.Page(
            sessions=found.sessions,
            total=found.total,
            offset=offset,
            size=PAGE_SIZE,
            query=say(query),
            words=words(query),
        )
        about = shown(desk, tx, seen, (one.key for one in found.sessions))
        return sessions.results(told, about, may_share=offered(viewer, None, tx))

    return await desk.store.read(work)


@subcommand(
    "show ID",
    "One session in full: criteria, competency areas, history",
    examples=("show 4f2a91c0",),
    more="The id is at the foot of each card; its first few characters are enough.",
)
async def show(desk: Desk, asked: Asked) -> Message:
    """One session, or those whose ids start like what was typed."""

    def work(tx: Tx) -> tuple[Message, SessionRecord | None]:
        seen = sight(tx, asked.viewer)
        meant = session_meant(desk, tx, seen, "show", asked.words)
        if isinstance(meant, Message):
            return meant, None
        about = shown(desk, tx, seen, [meant.session.key])
        may_share = offered(asked.viewer, meant.session, tx)
        return sessions.show(meant, about, with_previous=meant.previous is not None, may_share=may_share), meant

    answer, record = await desk.store.read(work)
    await criteria.promise(desk, record)
    return answer


def session_meant(desk: Desk, tx: Tx, seen: Sight, verb: str, words: str) -> SessionRecord | Message:
    """The session whose id starts like the words behind a verb; where that is none or several, the answer that says so.

    Raises QueryError where no id was typed.
    """
    prefix = words.strip("`“”\"'#<> ").removeprefix("session ").strip().lower()
    if not prefix:
        raise QueryError(f"Which session? Type {desk.command} {verb} and the id at the foot of a card.", ["results"])
    found = tx.sessions.starting_with(prefix, seen.reach)
    record = record_of(tx, seen, found[0].key) if len(found) == 1 else None
    return record or sessions.which_session(prefix, found, shown(desk, tx, seen, (one.key for one in found)))


@subcommand("todo", "What you have to conduct or finish as an observer", on_menu="My to-do", needs=Needs.PERSON)
async def todo(desk: Desk, asked: Asked) -> Message:
    """The viewer's planned and started sessions, the longest due first."""

    def work(tx: Tx) -> Message:
        seen = sight(tx, asked.viewer)
        if asked.viewer.person_id is None:
            nobody = standing(asked.viewer, seen.directory)
            raise NotAllowed(nobody.why_not, nobody.remedy)
        waiting = tx.sessions.to_do(asked.viewer.person_id, TO_DO_READ)
        about = shown(desk, tx, seen, (one.key for one in waiting))
        return sessions.to_do(waiting, about, now=desk.clock.now())

    return await desk.store.read(work)


@subcommand("status", "Whether Spotter is alive, late, or has messages waiting", on_menu="Status", needs=Needs.NOTHING)
async def status(desk: Desk, asked: Asked) -> Message:
    """How Spotter is doing."""
    return status_view.status(await desk.store.read(lambda tx: status_of(desk, tx, asked.viewer)))


def status_of(desk: Desk, tx: Tx, viewer: Viewer) -> status_view.Status:
    """What Spotter knows of itself; the view keeps counts to admins."""
    states = [rule.state for rule in tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED))]
    return status_view.Status(
        poll=tx.sessions.poll_state(),
        outbox=tx.outbox.counts(),
        rules=states.count(RuleState.ACTIVE),
        paused_rules=states.count(RuleState.PAUSED),
        poll_interval=desk.poll_interval,
        now=desk.clock.now(),
        is_admin=viewer.is_admin,
        held=tx.outbox.held() if viewer.is_admin else (),
        troubles=tx.troubles.all() if viewer.is_admin else (),
    )


def shown(desk: Desk, tx: Tx, seen: Sight, keys: Iterable[SessionKey]) -> sessions.Shown:
    """What an answer about these sessions says around them."""
    return sessions.Shown(
        directory=seen.directory,
        short_ids={key: tx.sessions.short_id(key, seen.reach) for key in keys},
        data_as_of=tx.sessions.poll_state().last_good_at,
        command=desk.command,
        account_url=desk.account_url,
    )
