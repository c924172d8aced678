"""The bot comes into a channel, or back, or is out of it: rules rest and go on, and nothing they owe is lost."""

from datetime import datetime

from bot.chat.desk import Desk
from bot.core.model import OPERATOR, Destination, DestinationKind, Notice, NoticeKind, Rule, RuleState
from bot.core.ports import Tx

SPOTTER = "spotter"  # who did it, in the ledger
WHY_OUT = "not_in_channel"


async def membership(desk: Desk, channel_id: str, is_member: bool) -> None:
    """Holds back what a channel is owed while the bot is out of it, and releases it when the bot is back."""
    place = Destination(DestinationKind.CHANNEL, channel_id)
    now = desk.clock.now()
    if is_member:
        await desk.store.transact(lambda tx: _back(tx, place, now))
    else:
        await desk.store.transact(lambda tx: _out(tx, place, desk.ops_channel, now))
    desk.nudge()


def _back(tx: Tx, place: Destination, now: datetime) -> None:
    resting = _numbers(tx, place, RuleState.PAUSED)
    tx.outbox.release(place, now)  # with it, the rules rest no longer
    for number in resting & _numbers(tx, place, RuleState.ACTIVE):
        tx.ledger.write(SPOTTER, "resume", f"rule:{number}", now)


def _out(tx: Tx, place: Destination, ops_channel: str, now: datetime) -> None:
    rules = [rule for rule in tx.rules.at(place) if rule.state is RuleState.ACTIVE]
    tx.outbox.hold(place, WHY_OUT)  # with it, the rules rest
    for rule in rules:
        tx.ledger.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
        _tell_owner(tx, rule, ops_channel, now)


def _numbers(tx: Tx, place: Destination, state: RuleState) -> set[int]:
    return {rule.rule_id for rule in tx.rules.at(place) if rule.state is state}


def _tell_owner(tx: Tx, rule: Rule, ops_channel: str, now: datetime) -> None:
    if rule.owner != OPERATOR:
        owner = Destination(DestinationKind.USER, rule.owner)
    elif ops_channel:
        owner = Destination(DestinationKind.CHANNEL, ops_channel)
    else:
        return
    if owner == rule.destination:
        return
    notice = Notice(
        kind=NoticeKind.RULE_PAUSED,
        destination=owner,
        subject=f"rule_paused:{rule.rule_id}:{int(now.timestamp())}",
        reason="its channel can't be written to",
        rule_ids=(rule.rule_id,),
    )
    tx.outbox.owe(notice, now)
