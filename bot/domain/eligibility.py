"""Whether a pending notification may be sent now: computed from its destination and its rules, never stored."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.domain.kinds import KINDS
from bot.domain.notifications import NotificationKind
from bot.domain.rules import RuleState


class WaitCode(StrEnum):
    """Why a pending notification has to wait until something changes."""

    ALL_PAUSED = "all_paused"
    DESTINATION_BLOCKED = "destination_blocked"
    SHADOW_CLOSED = "shadow_closed"
    RULE_PAUSED = "rule_paused"
    RULE_NOT_INTRODUCED = "rule_not_introduced"
    MUTED = "muted"
    GOES_WITH_RECAP = "goes_with_recap"


def wait_code(
    kind: NotificationKind,
    rule_ids: Iterable[int],
    rules: Mapping[int, RuleState],
    *,
    is_blocked: bool,
    is_all_paused: bool = False,
    is_shadow_closed: bool = False,
    is_muted: bool = False,
    is_in_recap: bool = False,
) -> WaitCode | None:
    """None if the notification may be sent as soon as it is due, else why it waits.

    `rules`: the state of every rule that is not ended. One active rule is enough; a notification whose rules have all
    ended does not wait for them. `is_all_paused`: an admin stopped all sending, alerts and notices included.
    `is_shadow_closed`: shadow mode would show it in a channel that can't be written to, or is public by now.
    `is_muted`: a mute holds it, or its recap is not queued yet. `is_in_recap`: a pending recap takes it along.
    """
    if is_all_paused:
        return WaitCode.ALL_PAUSED
    if is_blocked:
        return WaitCode.DESTINATION_BLOCKED
    if is_shadow_closed:
        return WaitCode.SHADOW_CLOSED
    spec = KINDS[kind]
    if is_muted and (spec.can_be_muted or spec.waits_for_mutes):
        return WaitCode.MUTED
    if not spec.waits_with_rule:
        return None
    if is_in_recap:
        return WaitCode.GOES_WITH_RECAP
    states = {rules[rule_id] for rule_id in rule_ids if rule_id in rules}
    if not states or RuleState.ACTIVE in states:
        return None
    return WaitCode.RULE_PAUSED if RuleState.PAUSED in states else WaitCode.RULE_NOT_INTRODUCED
