"""The Home tab of one person, made of what they may see."""

from bot.chat.commands.asking import PAGE_SIZE, TO_DO_READ, shown, status_of
from bot.chat.commands.rules import LIVING, readable, visible
from bot.chat.commands.settling import settings_of
from bot.chat.desk import Desk
from bot.chat.sight import Sight, sight
from bot.core.access import NOTHING
from bot.core.errors import NotAllowed
from bot.core.model import Viewer
from bot.core.ports import Tx
from bot.core.query import parse
from bot.views import home as home_view


async def publish(desk: Desk, user_id: str) -> None:
    """Publishes somebody's Home tab. Raises MessengerError and StoreError."""
    viewer = await desk.contacts.viewer(user_id)
    view = await desk.store.read(lambda tx: home_view.home(_gathered(desk, tx, viewer)))
    await desk.messenger.publish_home(user_id, view)


def _gathered(desk: Desk, tx: Tx, viewer: Viewer) -> home_view.Home:
    status = status_of(desk, tx, viewer) if viewer.is_admin else None
    settings, now = settings_of(desk, tx, viewer), desk.clock.now()
    try:
        seen = sight(tx, viewer)
    except NotAllowed:
        nobody = Sight(viewer, NOTHING, tx.people.directory())
        return home_view.Home(shown=shown(desk, tx, nobody, ()), settings=settings, now=now, sees=False, status=status)
    to_do = tx.sessions.to_do(viewer.person_id, TO_DO_READ) if viewer.person_id else ()
    completed = parse("outcome:completed")
    results = tx.sessions.search(completed, seen.reach, seen.directory, now, PAGE_SIZE).sessions
    rules = tx.rules.all(LIVING) if viewer.is_admin else visible(tx, viewer, None)
    return home_view.Home(
        shown=shown(desk, tx, seen, (one.key for one in (*to_do, *results))),
        settings=settings,
        now=now,
        to_do=to_do,
        results=results,
        rules=rules,
        rule_words={rule.rule_id: readable(desk, tx, seen, rule) for rule in rules[: home_view.RULES_SHOWN]},
        status=status,
    )
