"""What comes in the way of a rule, who is told of it once, and how the rule goes on by itself.

A *destination* is held where nobody can or may write to it: what it is owed waits, its rules pause and resume with it.
A *rule* rests alone where its owner is gone or has to say yes again; other rules of its channel go on.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from bot.core import routing
from bot.core.access import reach
from bot.core.directory import Directory
from bot.core.model import OPERATOR, Destination, DestinationKind, Notice, NoticeKind, Rule, RuleState, Viewer
from bot.core.ports import Channel, Held, Tx

SPOTTER = "spotter"  # who did it, in the ledger

# Why a destination is held; the first three are Slack's own words, and there are more of those.
NOT_IN_CHANNEL = "not_in_channel"
ARCHIVED = "is_archived"
NOT_FOUND = "channel_not_found"
SHARED_OUTSIDE = "shared_outside"
# What a look at the channel proves or disproves; of the rest (a policy, say) only another try can tell.
SEEN_BY_LOOKING = frozenset({NOT_IN_CHANNEL, ARCHIVED, "channel_is_archived", NOT_FOUND, SHARED_OUTSIDE})
_MAY_NOT_LOOK = "missing_scope"  # how the reason begins where a look itself was refused: another one can tell
TRIED_AGAIN = timedelta(hours=24)
# Why a rule rests.
TURNED_PUBLIC = "turned_public"
OWNER_GONE = routing.OWNER_GONE

PRIVATE, PUBLIC = "private", "public"  # what a rule's owner knows its channel to be


def why_shut(channel: Channel) -> str:
    """Why nothing may be posted to a channel, "" where all is well."""
    if channel.is_archived:
        return ARCHIVED
    if channel.is_shared_outside:
        return SHARED_OUTSIDE
    return "" if channel.is_member else NOT_IN_CHANNEL


def shut(tx: Tx, place: Destination, why: str, ops_channel: str, now: datetime) -> None:
    """Holds what a destination is owed; its rules pause, and the owner of each hears once what to do."""
    rules = [rule for rule in tx.rules.at(place) if rule.state is RuleState.ACTIVE]
    tx.outbox.hold(place, why, now)
    for rule in rules:
        tx.ledger.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
        # What is tried again without knowing better would be told anew each time.
        once = str(int(now.timestamp())) if _is_seen_by_looking(why) else why
        _tell(tx, rule, "its channel can't be written to", _owner(rule, ops_channel), now, once)


def reopen(tx: Tx, place: Destination, now: datetime) -> None:
    """Lets go what waited because the destination was held; the rules that paused with it go on."""
    paused = _numbers(tx, place, RuleState.PAUSED)
    tx.outbox.release(place, now)
    for number in paused & _numbers(tx, place, RuleState.ACTIVE):
        tx.ledger.write(SPOTTER, "resume", f"rule:{number}", now)


def judge(tx: Tx, channel: Channel, ops_channel: str, now: datetime, *, is_news: bool) -> None:
    """Holds or releases a channel as Slack describes it, and asks again where it has turned public.

    `is_news`: an event says that something changed, so that whatever held it may be over.
    """
    place = Destination(DestinationKind.CHANNEL, channel.channel_id)
    if why := why_shut(channel):
        shut(tx, place, why, ops_channel, now)
        return
    held = next((one for one in tx.outbox.held() if one.destination == place), None)
    if held is not None and (is_news or _is_seen_by_looking(held.why) or is_worth_a_try(held, now)):
        reopen(tx, place, now)
    for rule in tx.rules.at(place):
        agreed = tx.rules.audience(rule.rule_id)
        if channel.is_private or not agreed:
            tx.rules.note_audience(rule.rule_id, PRIVATE if channel.is_private else PUBLIC)
            if rule.why == TURNED_PUBLIC:
                resume(tx, rule, SPOTTER, now)
        elif agreed == PRIVATE and rule.state is RuleState.ACTIVE:
            _rest(tx, rule, TURNED_PUBLIC, "its channel has turned public", _owner(rule, ops_channel), now)


def _is_seen_by_looking(why: str) -> bool:
    return why in SEEN_BY_LOOKING or why.startswith(_MAY_NOT_LOOK)


def is_worth_a_try(held: Held, now: datetime) -> bool:
    """Whether a destination was held so long that whatever was in the way may be over."""
    return held.since is None or now - held.since >= TRIED_AGAIN


def agree_to_public(tx: Tx, rule: Rule, who: str, now: datetime) -> None:
    """Somebody who may say so said yes to a rule in a channel that everybody can read."""
    tx.rules.note_audience(rule.rule_id, PUBLIC)
    tx.ledger.write(who, "agree to public", f"rule:{rule.rule_id}", now)
    if rule.why == TURNED_PUBLIC:
        resume(tx, rule, who, now)


def why_gone(owner: Viewer, directory: Directory) -> str:
    """Why a rule's owner can't answer for it any more, "" where they can."""
    if not reach(owner, directory).is_empty:
        return ""
    if owner.person_id is not None and not directory.is_active(owner.person_id):
        return "their account in iSpring is not active"
    return owner.why or "they are not linked to a person in iSpring"


def judge_owner(
    tx: Tx, rule: Rule, why_owner_gone: str, admins: Collection[str], ops_channel: str, now: datetime
) -> None:
    """Lets a rule rest whose owner is gone, of which admins hear once; goes on with it when the owner is back."""
    if why_owner_gone and rule.state is RuleState.ACTIVE:
        told = _ops(ops_channel) or [Destination(DestinationKind.USER, admin) for admin in sorted(admins)]
        _rest(tx, rule, OWNER_GONE, "its owner is gone", told, now)
    elif not why_owner_gone and rule.state is RuleState.PAUSED and rule.why == OWNER_GONE:
        resume(tx, rule, SPOTTER, now)


def is_orphan(rule: Rule) -> bool:
    """Whether a rule waits for an admin to take it over."""
    return rule.state is RuleState.PAUSED and rule.why == OWNER_GONE


def resume(tx: Tx, rule: Rule, who: str, now: datetime) -> None:
    """Goes on with a rule that rested; what waited for it goes out."""
    tx.rules.resume(rule.rule_id, now)
    tx.ledger.write(who, "resume", f"rule:{rule.rule_id}", now)


def take_over(tx: Tx, rule: Rule, admin: str, now: datetime) -> None:
    """An admin answers for a rule from now on; what waited for it goes out."""
    tx.rules.take_over(rule.rule_id, admin, now)
    tx.ledger.write(admin, "take over", f"rule:{rule.rule_id}", now)


def _rest(tx: Tx, rule: Rule, why: str, reason: str, told: Collection[Destination], now: datetime) -> None:
    tx.rules.rest(rule.rule_id, why)
    tx.ledger.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
    _tell(tx, rule, reason, told, now, str(int(now.timestamp())))


def _tell(tx: Tx, rule: Rule, reason: str, told: Collection[Destination], now: datetime, once: str) -> None:
    for one in told:
        if one == rule.destination:
            continue
        notice = Notice(
            kind=NoticeKind.RULE_PAUSED,
            destination=one,
            subject=f"rule_paused:{rule.rule_id}:{once}",
            reason=reason,
            rule_ids=(rule.rule_id,),
        )
        tx.outbox.owe(notice, now)


def _owner(rule: Rule, ops_channel: str) -> list[Destination]:
    return _ops(ops_channel) if rule.owner == OPERATOR else [Destination(DestinationKind.USER, rule.owner)]


def _ops(channel: str) -> list[Destination]:
    return [Destination(DestinationKind.CHANNEL, channel)] if channel else []


def _numbers(tx: Tx, place: Destination, state: RuleState) -> set[int]:
    return {rule.rule_id for rule in tx.rules.at(place) if rule.state is state}
