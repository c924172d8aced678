"""How many of the sessions that a summary counts its readers may see, as they are now."""

from collections.abc import Callable, Container, Mapping
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.notifications import Destination, DestinationKind, StoredNotification, SummaryCounts
from bot.domain.outbox import CountedSession
from bot.domain.permissions import may_see
from bot.domain.routing import may_yet_see
from bot.domain.viewers import Preferences, Viewer
from bot.jobs.message_rights import is_awaited, unwanted_reason
from bot.store.database import Tx


def summary_counts_of(
    tx: Tx,
    destination: Destination,
    stored: StoredNotification,
    owners: Mapping[int, Viewer],
    recipient: Viewer | None,
    directory: Directory,
    now: datetime,
) -> SummaryCounts:
    """Counts as cards are shown: on behalf of the owners of the rules still wanted (by rule number), or of the person
    it is for, as they wish by now."""
    is_wanted: Callable[[CountedSession], bool] = _matched_by_all
    if destination.kind is DestinationKind.PERSON:
        user = tx.people.linked_user(destination.id)
        wishes = Preferences() if user is None else tx.people.preferences(user)
        rules = {rule.rule_id for rule in tx.rules.at(destination)}
        is_wanted = _matched_by_person(destination.id, wishes, rules)
    counted = total = failing = 0
    since: datetime | None = None
    waits = ""
    for one in tx.summaries.counted(stored.notification_id):
        counted += 1
        asked = [recipient] if recipient is not None else [owners[rule] for rule in one.rule_ids if rule in owners]
        verdicts = [may_see(viewer, one.session.facts, directory) for viewer in asked]
        if is_awaited(stored, now):
            shown = one.session.facts
            verdicts = [
                may_yet_see(verdict, who, shown, directory) for verdict, who in zip(verdicts, asked, strict=True)
            ]
        if not is_wanted(one) or not any(verdict.allowed for verdict in verdicts):
            waits = waits or next((verdict.reason for verdict in verdicts if verdict.waits), "")
            continue
        total += 1
        failing += outcome_of(one.session).is_failing
        finished = one.session.facts.finished.at
        if finished is not None and (since is None or finished < since):
            since = finished
    number_only = stored.notification.facts.get("count")  # queued by a version that did not store the sessions
    if not counted and isinstance(number_only, int):
        return SummaryCounts(number_only)
    return SummaryCounts(total, failing, since, waits)


def _matched_by_all(_: CountedSession) -> bool:
    return True


def _matched_by_person(person_id: str, wishes: Preferences, rules: Container[int]) -> Callable[[CountedSession], bool]:
    """Wanted by a rule of theirs that goes on, else as they wish without one."""

    def is_wanted(one: CountedSession) -> bool:
        if one.rule_ids:
            return any(rule in rules for rule in one.rule_ids)
        return not unwanted_reason(wishes, person_id, one.session)

    return is_wanted
