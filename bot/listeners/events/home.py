"""The Home tab of one user, with what they may see."""

from bot.blocks import home as home_view
from bot.domain.errors import NotAllowed, NotPossibleNow
from bot.domain.model import Viewer
from bot.domain.permissions import NOTHING
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.rules import CURRENT, mute_texts, readable, visible, visible_mutes
from bot.listeners.commands.sessions import PAGE_SIZE, TO_DO_READ, shown, status_of
from bot.listeners.commands.settings import settings_of
from bot.listeners.context import AppContext, first_lines_of
from bot.listeners.requests import Event, Request, viewer_of
from bot.query.parser import Names, parse
from bot.store.database import Tx


async def opened(ctx: AppContext, event: Event) -> None:
    """Publishes the Home tab when it is opened; the app's Messages tab raises the same event."""
    if event.fields.get("tab", "home") == "home":
        await publish(ctx, event)


async def publish(ctx: AppContext, request: Request) -> None:
    """Publishes a user's Home tab. Raises MessengerError and StoreError."""
    viewer = await viewer_of(ctx, request)
    view = await ctx.store.read(lambda tx: home_view.home(_data(ctx, tx, viewer)))
    await ctx.messenger.publish_home(request.user_id, view)


def _data(ctx: AppContext, tx: Tx, viewer: Viewer) -> home_view.Home:
    status = status_of(ctx, tx, viewer) if viewer.is_admin else None
    settings, now, first = settings_of(ctx, tx, viewer), ctx.clock.now(), first_lines_of(ctx, tx)
    try:
        access = access_view(tx, viewer)
    except (NotAllowed, NotPossibleNow):
        nothing = AccessView(viewer, NOTHING, tx.people.directory())
        return home_view.Home(
            shown=shown(ctx, tx, nothing, ()), settings=settings, now=now, sees=False, status=status, first_lines=first
        )
    to_do = tx.search.to_do(viewer.person_id, TO_DO_READ) if viewer.person_id else ()
    completed = parse("outcome:completed")
    results = tx.search.find(completed, access.scope, Names(access.directory), now, PAGE_SIZE).sessions
    rules = tx.rules.all(CURRENT) if viewer.is_admin else visible(tx, viewer, None)
    muted = visible_mutes(tx, viewer, None, now)
    said = mute_texts(tx, viewer, muted)
    return home_view.Home(
        shown=shown(ctx, tx, access, (one.key for one in (*to_do, *results))),
        settings=settings,
        now=now,
        to_do=to_do,
        results=results,
        rules=rules,
        rule_texts=readable(tx, access, rules[: home_view.MAX_RULES]),
        status=status,
        first_lines=first,
        mutes=[(one, said[one.mute_id]) for one in muted],
    )
