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
        await desk.store.transact(lambda tx: _out(tx, place, desk.ops, now))
    desk.nudge()


def _back(tx: Tx, place: Destination, now: datetime) -> None:
    tx.outbox.release(place, now)
    for rule in tx.rules.at(place):
        if rule.state is RuleState.PAUSED:
            tx.rules.set_state(rule.rule_id, RuleState.ACTIVE, "", now)
            tx.ledger.write(SPOTTER, "resume", f"rule:{rule.rule_id}", now)


def _out(tx: Tx, place: Destination, ops: tuple[Destination, ...], now: datetime) -> None:
    tx.outbox.hold(place, WHY_OUT)
    for rule in tx.rules.at(place):
        if rule.state is RuleState.ACTIVE:
            tx.rules.set_state(rule.rule_id, RuleState.PAUSED, WHY_OUT, now)
            tx.ledger.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
            _tell_owner(tx, rule, ops, now)


def _tell_owner(tx: Tx, rule: Rule, ops: tuple[Destination, ...], now: datetime) -> None:
    owner = () if rule.owner == OPERATOR else (Destination(DestinationKind.USER, rule.owner),)
    for destination in owner or ops:
        if destination == rule.destination:
            continue
        notice = Notice(
            kind=NoticeKind.RULE_PAUSED,
            destination=destination,
            subject=f"rule_paused:{rule.rule_id}:{int(now.timestamp())}",
            reason="its channel can't be written to",
            rule_ids=(rule.rule_id,),
        )
        tx.outbox.owe(notice, now)
