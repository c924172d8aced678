"""Routes the changes that waited for people, departments or a rule's owner, as far as these are known by now."""

from collections.abc import Sequence
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.errors import StoreBusy
from bot.domain.outage import outage_of
from bot.domain.ports import Clock
from bot.jobs.plan_notifications import NotificationPlanner, PollTiming
from bot.jobs.store_changes import store_notifications
from bot.store.database import Store, Tx
from bot.store.outbox.unrouted import UnroutedChange

AT_ONCE = 400  # changes in one transaction: about a tenth of a second

log = structlog.get_logger(__name__)


async def route_waiting(store: Store, clock: Clock, settings: Settings) -> bool:
    """Routes them in transactions short enough for other writers; whether there were any. A database that is busy is
    logged: the next poll tries again."""
    last = 0
    try:
        if not await store.read(lambda tx: _due(tx, 0, 1)):
            return False
        while (number := await store.transact(partial(_route_some, settings, clock, last))) is not None:
            last = number
    except StoreBusy as error:
        log.warning("routing.postponed", reason=str(error))
    return bool(last)


def _route_some(settings: Settings, clock: Clock, after: int, tx: Tx) -> int | None:
    """Routes some of the changes that wait; the number of the last one, None if there are no more."""
    found = _due(tx, after, AT_ONCE)
    if not found:
        return None
    now = clock.now()
    outage = outage_of(None, now, settings.poll_interval, tx.polls.restored_from())
    planner = NotificationPlanner(tx, settings, PollTiming(now, now, outage), {})
    for waiting in found:
        planner.again(waiting)
    store_notifications(tx, planner.plan(()), now)
    return found[-1].number


def _due(tx: Tx, after: int, limit: int) -> Sequence[UnroutedChange]:
    return tx.unrouted.due(tx.people.directory_version(), after, limit)
