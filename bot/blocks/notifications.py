"""From a delivery to the message Slack gets: one renderer per kind of notification."""

from collections.abc import Callable, Mapping, Sequence

from bot.blocks.alerts import alert_text
from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import REDACTED_TEXT, session_card
from bot.blocks.direct_messages import direct_message
from bot.blocks.elements import Block, context, message, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.grouped_cards import grouped_card
from bot.blocks.markup import date_token, from_seconds
from bot.blocks.mutes import recaps
from bot.blocks.reminders import reminder_blocks
from bot.blocks.rule_changes import offer_blocks
from bot.blocks.rule_lists import end_button
from bot.blocks.rule_notices import introduction_block, pause_blocks, resumed_block
from bot.blocks.scheduled_digests import digest_message_blocks
from bot.blocks.settings import fewer_button
from bot.blocks.setup import setup_blocks
from bot.blocks.shadow import shadow_line
from bot.blocks.sharing import shared
from bot.blocks.summaries import summaries
from bot.domain.model import SessionKey
from bot.domain.notifications import Delivery, DestinationKind, Message, NotificationKind, StoredNotification
from bot.domain.preferences import Role
from bot.domain.rules import Rule

RULE_GONE = "The rule of this message has ended."

Renderer = Callable[[Delivery, Sequence[StoredNotification], CardFacts], list[Block]]


def render(delivery: Delivery, facts: CardFacts) -> Message:
    """The message of a delivery as its sessions are now; without blocks if Slack refused them before."""
    blocks: list[Block] = []
    for kind, renderer in RENDERERS.items():
        if of_kind := [stored for stored in delivery.notifications if stored.notification.kind is kind]:
            blocks += renderer(delivery, of_kind, facts)
    if delivery.shadow is not None:
        blocks.insert(0, shadow_line(delivery.destination, facts.meant_for))
    return message(blocks, text_only=delivery.text_only)


def _sessions(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    keys = _keys(notifications)
    rule_ids = tuple(sorted(_rule_ids(notifications)))
    if delivery.destination.kind is DestinationKind.PERSON:
        return direct_message(keys, delivery.destination.id, facts, rule_ids)
    if len(keys) == 1:
        return session_card(keys[0], facts, rule_ids)
    return grouped_card(keys, facts, rule_ids)


def _shared(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    return shared(_keys(notifications), notifications[0], facts)


def _introductions(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    words = {number: facts.queries.get(one.notification_id, "") for one in notifications for number in _rule_ids([one])}
    rules = _rules(notifications, facts)
    return [
        introduction_block(rule, words[rule.rule_id], facts.command, facts.coverages.get(rule.rule_id))
        for rule in rules
    ] or [section(mrkdwn(RULE_GONE))]


def _pauses(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    blocks: list[Block] = []
    for stored in notifications:
        begin, end = (stored.notification.facts.get(name) for name in ("from", "to"))
        for rule in _rules([stored], facts):
            if isinstance(begin, int) and isinstance(end, int):
                blocks.append(resumed_block(rule, from_seconds(begin), from_seconds(end)))
            else:
                blocks += pause_blocks(rule, facts.command)
    return blocks or [section(mrkdwn(RULE_GONE))]


def _offers(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    blocks: list[Block] = []
    for stored in notifications:
        by = str(stored.notification.facts.get("by", ""))
        for rule in _rules([stored], facts):
            blocks += offer_blocks(rule, facts.queries.get(stored.notification_id, ""), by)
    return blocks or [section(mrkdwn(RULE_GONE))]


def _alerts(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    age = [context(f"Data as of {date_token(facts.data_as_of)}")] if facts.data_as_of else []
    return [*(section(mrkdwn(alert_text(one.notification.facts, facts.command))) for one in notifications), *age]


def _scheduled(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    views = [facts.digests[one.notification_id] for one in notifications if one.notification_id in facts.digests]
    blocks = [block for view in views for block in digest_message_blocks(view)] or [section(mrkdwn(REDACTED_TEXT))]
    if delivery.destination.kind is not DestinationKind.PERSON:
        return blocks
    ends = [end_button(number) for number in sorted(_rule_ids(notifications))]
    return [*blocks, buttons([fewer_button(",".join(Role)), *ends])]


def _reminders(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    views = [facts.reminders[one.notification_id] for one in notifications if one.notification_id in facts.reminders]
    return [block for view in views for block in reminder_blocks(view)] or [section(mrkdwn(REDACTED_TEXT))]


def _setups(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    return setup_blocks(facts.setup, facts.command)


# In the order of their blocks in a message.
RENDERERS: Mapping[NotificationKind, Renderer] = {
    NotificationKind.INTRO: _introductions,
    NotificationKind.RECAP: recaps,
    NotificationKind.SESSION: _sessions,
    NotificationKind.COUNTED: summaries,
    NotificationKind.OUTAGE: summaries,
    NotificationKind.RULE_PAUSED: _pauses,
    NotificationKind.RULE_OFFERED: _offers,
    NotificationKind.OPS: _alerts,
    NotificationKind.SETUP: _setups,
    NotificationKind.DIGEST: _scheduled,
    NotificationKind.REMINDER: _reminders,
    NotificationKind.SHARED: _shared,
}


def _keys(notifications: Sequence[StoredNotification]) -> list[SessionKey]:
    keys = (stored.notification.session for stored in notifications)
    return list(dict.fromkeys(key for key in keys if key is not None))


def _rule_ids(notifications: Sequence[StoredNotification]) -> set[int]:
    return {rule_id for stored in notifications for rule_id in stored.notification.rule_ids}


def _rules(notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Rule]:
    rule_ids = _rule_ids(notifications)
    return [rule for rule in facts.rules if rule.rule_id in rule_ids]
