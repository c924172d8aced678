"""From a delivery to the message Slack gets: one renderer per kind of notice."""

from collections.abc import Callable, Mapping, Sequence

from bot.blocks.alerts import alert_text
from bot.blocks.cards import CardFacts, Part, session_card
from bot.blocks.digests import summaries
from bot.blocks.direct_messages import direct_message
from bot.blocks.elements import Block, context, date_token, message, mrkdwn, section
from bot.blocks.grouped_cards import grouped_card
from bot.blocks.pauses import pause_part
from bot.blocks.rules import format_owner, format_query, text_of
from bot.blocks.sharing import shared
from bot.domain.model import Delivery, DestinationKind, Message, NotificationKind, Rule, StoredNotification

RULE_GONE = "The rule this was about has ended."

Renderer = Callable[[Delivery, Sequence[StoredNotification], CardFacts], Part]


def render(delivery: Delivery, facts: CardFacts) -> Message:
    """The message of a delivery as its sessions are now; text only where the delivery must go plain."""
    parts = [
        renderer(delivery, those, facts)
        for kind, renderer in RENDERERS.items()
        if (those := [stored for stored in delivery.notifications if stored.notification.kind is kind])
    ]
    text = "\n".join(part.text for part in parts)
    return message(text, [] if delivery.text_only else [block for part in parts for block in part.blocks])


def _sessions(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    keys = list(
        dict.fromkeys(
            stored.notification.session for stored in notifications if stored.notification.session is not None
        )
    )
    if delivery.destination.kind is DestinationKind.PERSON:
        return direct_message(keys, delivery.destination.id, facts)
    rule_ids = tuple(sorted({rule_id for stored in notifications for rule_id in stored.notification.rule_ids}))
    if len(keys) == 1:
        return session_card(keys[0], facts, rule_ids)
    return grouped_card(keys, facts, rule_ids)


def _intro(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    return _together([_introduction(rule, facts) for rule in _rules_of(notifications, facts)] or [_part(RULE_GONE)])


def _introduction(rule: Rule, facts: CardFacts) -> Part:
    what = format_query(text_of(rule))
    stop = f"`{facts.command} unsubscribe {rule.rule_id}`"
    text = (
        f"Spotter will post {what} from iSpring Learn's on-the-job training here, each once, with its result; a "
        f"correction changes the message in place. Set up by {format_owner(rule.owner)} as rule {rule.rule_id}. "
        f"To stop it: {stop}."
    )
    return _part(text)


def _paused(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    return _together(
        [pause_part(rule, facts.command) for rule in _rules_of(notifications, facts)] or [_part(RULE_GONE)]
    )


def _ops(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    as_of = [context(f"Data as of {date_token(facts.data_as_of)}")] if facts.data_as_of else []
    text = _together([_part(alert_text(stored.notification.facts, facts.command)) for stored in notifications])
    return Part(text.text, (*text.blocks, *as_of))


def _shared(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    return shared(notifications, facts)


RENDERERS: Mapping[NotificationKind, Renderer] = {
    NotificationKind.INTRO: _intro,
    NotificationKind.SESSION: _sessions,
    NotificationKind.COUNTED: summaries,
    NotificationKind.OUTAGE: summaries,
    NotificationKind.RULE_PAUSED: _paused,
    NotificationKind.OPS: _ops,
    NotificationKind.SHARED: _shared,
}


def _rules_of(notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Rule]:
    wanted = {rule_id for stored in notifications for rule_id in stored.notification.rule_ids}
    return [rule for rule in facts.rules if rule.rule_id in wanted]


def _part(text: str) -> Part:
    return Part(text, (section(mrkdwn(text)),))


def _together(parts: Sequence[Part]) -> Part:
    blocks: list[Block] = [block for part in parts for block in part.blocks]
    return Part("\n".join(part.text for part in parts), tuple(blocks))
