"""The check-list of a first run: read from the store, and sent once to each admin."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from bot.config import Settings
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.rules import RuleState
from bot.domain.setup import SetupFacts, SetupLine, is_finished, setup_lines
from bot.services.dm_availability import observers
from bot.store.database import Tx

SUBJECT = "setup"
FIRST_CHECK_WITHIN = timedelta(hours=1)


def setup_of(tx: Tx, settings: Settings, now: datetime) -> Sequence[SetupLine]:
    """The check-list as the store is now."""
    poll, reached = tx.polls.state(), observers(tx, now)
    facts = SetupFacts(
        app_refused=tx.outbox.app_refused(),
        missing_scopes=tx.setup.missing_scopes(),
        is_baseline_stored=poll.baseline_at is not None,
        sessions=poll.sessions,
        reading_error=poll.last.error if poll.last is not None else "",
        people=len(tx.people.directory().people),
        observers=len(reached),
        matched=sum(one.slack_user_id is not None for one in reached),
        unmatched=sum(one.is_unmatched for one in reached),
        rules=len(tx.rules.all((RuleState.PENDING, RuleState.ACTIVE))),
        is_target_set=tx.targets.is_set_for_all() or tx.targets.current().default is not None,
        ops_channel=settings.ops_channel or "",
        shadow_channel=mode.channel if (mode := tx.shadow.mode()) is not None else "",
    )
    return setup_lines(facts, settings.slack_command)


def queue_setup(tx: Tx, settings: Settings, now: datetime) -> bool:
    """Queues the check-list for each admin who never got it, and edits of those sent, if it changed. True if something
    is to be sent.

    An installation that was in use before there were check-lists gets none, nor does one whose set-up is finished
    before the first message; once all lines are done, nothing is compared any more.
    """
    before = tx.setup.shown()
    if before == tx.setup.OVER:
        return False
    lines = setup_of(tx, settings, now)
    if before is None and (is_finished(lines) or _was_in_use(tx, now)):
        tx.setup.note_shown(tx.setup.OVER)
        return False
    seen = hashlib.sha256(msgspec.json.encode(lines)).hexdigest()
    is_changed = before != seen
    is_queued = False
    for admin in sorted(settings.admins):
        destination = Destination(DestinationKind.USER, admin)
        if is_changed:
            tx.outbox.request_edit(destination, SUBJECT, now)
        notification = Notification(
            kind=NotificationKind.SETUP, destination=destination, subject=SUBJECT, reason="the first run"
        )
        is_queued |= not is_finished(lines) and tx.notifications.enqueue(notification, now)
    if is_changed:
        # What waits is rendered when it is sent; what is being sent now is compared again by the next call.
        tx.setup.note_shown(tx.setup.OVER if all(line.is_done for line in lines) else seen)
    return is_queued or is_changed


def _was_in_use(tx: Tx, now: datetime) -> bool:
    """Whether it had rules before this version: a new database is looked at within a minute of its creation."""
    return tx.polls.state().created_at < now - FIRST_CHECK_WITHIN and bool(tx.rules.all())
