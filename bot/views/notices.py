"""From a delivery to the message Slack gets: one renderer per kind of notice."""

from collections.abc import Callable, Mapping, Sequence

from bot.core.model import Delivery, DestinationKind, Message, NoticeKind, OwedNotice, Rule
from bot.views.blocks import (
    Block,
    context,
    date_token,
    message,
    mrkdwn,
    section,
)
from bot.views.cards import CardFacts, Part, session_card
from bot.views.groups import grouped_card
from bot.views.ops import ops_sentence
from bot.views.pauses import pause_part
from bot.views.personal import direct_message
from bot.views.rules import owner_words, query_words, words_of
from bot.views.sharing import shared
from bot.views.summaries import summaries

RULE_GONE = "The rule this was about has ended."

Renderer = Callable[[Delivery, Sequence[OwedNotice], CardFacts], Part]


def render(delivery: Delivery, facts: CardFacts) -> Message:
    """The message of a delivery as its sessions are now; text only where the delivery must go plain."""
    parts = [
        renderer(delivery, those, facts)
        for kind, renderer in RENDERERS.items()
        if (those := [owed for owed in delivery.notices if owed.notice.kind is kind])
    ]
    text = "\n".join(part.text for part in parts)
    return message(text, [] if delivery.plain else [block for part in parts for block in part.blocks])


def _sessions(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    keys = list(dict.fromkeys(owed.notice.session for owed in notices if owed.notice.session is not None))
    if delivery.destination.kind is DestinationKind.PERSON:
        return direct_message(keys, delivery.destination.id, facts)
    rule_ids = tuple(sorted({rule_id for owed in notices for rule_id in owed.notice.rule_ids}))
    if len(keys) == 1:
        return session_card(keys[0], facts, rule_ids)
    return grouped_card(keys, facts, rule_ids)


def _intro(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    return _together([_introduction(rule, facts) for rule in _rules_of(notices, facts)] or [_said(RULE_GONE)])


def _introduction(rule: Rule, facts: CardFacts) -> Part:
    what = query_words(words_of(rule))
    stop = f"`{facts.command} unsubscribe {rule.rule_id}`"
    told = (
        f"Spotter will post {what} from iSpring Learn's on-the-job training here, each once, with its result; a "
        f"correction changes the message in place. Set up by {owner_words(rule.owner)} as rule {rule.rule_id}. "
        f"To stop it: {stop}."
    )
    return _said(told)


def _paused(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    return _together([pause_part(rule, facts.command) for rule in _rules_of(notices, facts)] or [_said(RULE_GONE)])


def _ops(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    as_of = [context(f"Data as of {date_token(facts.data_as_of)}")] if facts.data_as_of else []
    told = _together([_said(ops_sentence(owed.notice.facts, facts.command)) for owed in notices])
    return Part(told.text, (*told.blocks, *as_of))


def _shared(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    return shared(notices, facts)


RENDERERS: Mapping[NoticeKind, Renderer] = {
    NoticeKind.INTRO: _intro,
    NoticeKind.SESSION: _sessions,
    NoticeKind.COUNTED: summaries,
    NoticeKind.AWAY: summaries,
    NoticeKind.RULE_PAUSED: _paused,
    NoticeKind.OPS: _ops,
    NoticeKind.SHARED: _shared,
}


def _rules_of(notices: Sequence[OwedNotice], facts: CardFacts) -> list[Rule]:
    wanted = {rule_id for owed in notices for rule_id in owed.notice.rule_ids}
    return [rule for rule in facts.rules if rule.rule_id in wanted]


def _said(told: str) -> Part:
    return Part(told, (section(mrkdwn(told)),))


def _together(parts: Sequence[Part]) -> Part:
    blocks: list[Block] = [block for part in parts for block in part.blocks]
    return Part("\n".join(part.text for part in parts), tuple(blocks))
