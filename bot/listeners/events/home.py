"""The Home tab of one user, with what they may see."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import structlog

from bot.blocks import home as home_view
from bot.blocks.markup import date_token
from bot.blocks.rules import format_rule
from bot.domain.errors import MessengerError, NotAllowed, NotPossibleNow, StoreError
from bot.domain.model import Session
from bot.domain.permissions import NOTHING, AccessScope
from bot.domain.preferences import Role
from bot.domain.report_periods import Window
from bot.domain.rules import Rule
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.follow_ups import follow_ups_of
from bot.listeners.commands.help_pages import own_role_pages
from bot.listeners.commands.people import unmatched_observers
from bot.listeners.commands.rules import mute_texts, readable, visible, visible_mutes
from bot.listeners.commands.sessions import TO_DO_READ, shown, what_viewer_has
from bot.listeners.commands.settings import settings_of
from bot.listeners.commands.status import status_of
from bot.listeners.context import AppContext, first_lines_of
from bot.listeners.own_rules import CURRENT, ends
from bot.listeners.requests import Event, Request, viewer_of
from bot.services.overview import overview
from bot.services.preferences import next_digest_of, role_rules
from bot.store.conditions import as_employee, as_observer
from bot.store.database import Tx

PLANNED_WITHIN = timedelta(days=30)
KEPT_FRESH = timedelta(days=1)  # after a tab was opened
CHECKED_AT_ONCE = 10  # tabs: each costs an answer

log = structlog.get_logger(__name__)


async def opened(ctx: AppContext, event: Event) -> None:
    """Publishes the Home tab when it is opened; the app's Messages tab raises the same event."""
    if event.fields.get("tab", "home") == "home":
        await publish(ctx, event)


async def publish(ctx: AppContext, request: Request) -> None:
    """Publishes a user's Home tab. Raises MessengerError and StoreError."""
    viewer = await viewer_of(ctx, request)
    content = await ctx.store.read(lambda tx: _content(ctx, tx, viewer))
    await ctx.messenger.publish_home(request.user_id, home_view.home(content))
    now, seen = ctx.clock.now(), _fingerprint(content)
    await ctx.store.transact(lambda tx: tx.home_views.note_opened(request.user_id, seen, now))


async def publish_changed(ctx: AppContext) -> None:
    """Publishes those tabs again that were opened within a day and would show something else now.

    At most ten are looked at, those checked longest ago; the next run takes the following ones.
    """
    now = ctx.clock.now()
    try:
        await ctx.store.transact(lambda tx: tx.home_views.forget(now - KEPT_FRESH))
        before = await ctx.store.read(lambda tx: tx.home_views.to_check(now - KEPT_FRESH, CHECKED_AT_ONCE))
        current = {user_id: await _published(ctx, user_id, seen) for user_id, seen in before.items()}
        await ctx.store.transact(lambda tx: tx.home_views.note_checked(current, now))
    except StoreError as error:
        log.warning("home.refresh_failed", reason=type(error).__name__)


async def _published(ctx: AppContext, user_id: str, seen: str) -> str:
    """The fingerprint of what a tab shows, after it was published if that is another than `seen`."""
    viewer = await ctx.contacts.viewer(user_id)
    content = await ctx.store.read(lambda tx: _content(ctx, tx, viewer))
    current = _fingerprint(content)
    if current != seen:
        try:
            await ctx.messenger.publish_home(user_id, home_view.home(content))
        except MessengerError as error:
            log.warning("home.publish_failed", reason=type(error).__name__)
            return seen
    return current


def _fingerprint(content: home_view.Home) -> str:
    """What a tab shows, the age of its data aside: that changes with every poll."""
    ageless = replace(content, shown=replace(content.shown, data_as_of=None))
    return hashlib.sha256(msgspec.json.encode(home_view.home(ageless))).hexdigest()


def _content(ctx: AppContext, tx: Tx, viewer: Viewer) -> home_view.Home:
    status = status_of(ctx, tx, viewer) if viewer.is_admin else None
    settings, now, first = settings_of(ctx, tx, viewer), ctx.clock.now(), first_lines_of(ctx, tx)
    try:
        access = access_view(tx, viewer)
    except (NotAllowed, NotPossibleNow):
        nothing = AccessView(viewer, NOTHING, tx.people.directory())
        return home_view.Home(
            shown=shown(ctx, tx, nothing, ()), settings=settings, now=now, sees=False, status=status, first_lines=first
        )
    own = (
        None
        if viewer.person_id is None
        else _own(tx, access.scope, viewer.person_id, Window(now, now + PLANNED_WITHIN))
    )
    team = overview(tx, access.scope, access.directory, now, access.zone)
    in_settings = {rule.rule_id for role in Role for rule, _ in role_rules(tx, viewer, role)}
    every = tx.rules.all(CURRENT) if viewer.is_admin else visible(tx, viewer, None)
    rules = [rule for rule in every if rule.rule_id not in in_settings]
    muted = visible_mutes(tx, viewer, None, now)
    said = mute_texts(tx, viewer, muted)
    follow_ups = _follow_ups(tx, access, now)
    named = [*(one.session for one in follow_ups.own), *(team.attention if team else ()), *(_every(own) if own else ())]
    return home_view.Home(
        shown=shown(ctx, tx, access, (one.key for one in named)),
        settings=replace(settings, rules=()),
        now=now,
        own=own,
        overview=team,
        rules=rules,
        rule_texts=_rule_texts(tx, access, rules[: home_view.MAX_RULES], now),
        may_end={rule.rule_id for rule in rules if ends(viewer, rule)},
        help_page=next(iter(own_role_pages(tx, viewer, what_viewer_has(tx, viewer))), None),
        status=status,
        first_lines=first,
        link=None if viewer.person_id is None else tx.people.link_of(viewer.slack_user_id),
        name="" if viewer.person_id is None else access.directory.name_of(viewer.person_id),
        reason=viewer.reason,
        unmatched=unmatched_observers(tx, now) if viewer.is_admin else (),
        mutes=[(one, said[one.mute_id]) for one in muted],
        follow_ups=follow_ups,
    )


def _rule_texts(tx: Tx, access: AccessView, rules: Sequence[Rule], now: datetime) -> Mapping[int, str]:
    """Rules in words for their reader, by number, each with when it sends next if it has a schedule."""
    said = readable(tx, access, rules)

    def text(rule: Rule) -> str:
        at = next_digest_of(tx, rule, now)
        words = format_rule(rule, said[rule.rule_id], access.viewer.slack_user_id)
        return words if at is None else f"{words}. The next one comes {date_token(at)}"

    return {rule.rule_id: text(rule) for rule in rules}


def _follow_ups(tx: Tx, access: AccessView, now: datetime) -> home_view.FollowUps:
    own, others = follow_ups_of(tx, access)
    return home_view.FollowUps(own=own, others=others, today=now.astimezone(access.zone).date())


def _own(tx: Tx, scope: AccessScope, person_id: str, soon: Window) -> home_view.Own:
    """What a person does and did themselves, as far as their scope proves it."""
    observed_in = as_employee(person_id, scope)
    to_do = tx.search.to_do(person_id, TO_DO_READ) if scope.person_id is not None else ()
    put_off = ((one.key, tx.reminders.snoozed_until(one, soon.start)) for one in to_do[: home_view.MAX_TO_DO])
    return home_view.Own(
        to_do=to_do,
        snoozed={key: until for key, until in put_off if until is not None},
        planned=tx.reports.upcoming(observed_in, soon, home_view.MAX_SESSIONS)[0],
        results=tx.reports.completed_of(observed_in, home_view.MAX_SESSIONS + 1),
        observed=tx.reports.completed_of(as_observer(person_id, scope), home_view.MAX_SESSIONS),
    )


def _every(own: home_view.Own) -> list[Session]:
    return [*own.to_do, *own.planned, *own.results, *own.observed]
