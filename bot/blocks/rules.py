"""A rule in words: where, what, whose, and how it stands."""

from bot.blocks.elements import NAME, format_query_text, safe
from bot.domain.errors import QueryError
from bot.domain.model import OPERATOR, DestinationKind, Rule, RuleState
from bot.domain.pause_reasons import ARCHIVED, NOT_FOUND, NOT_IN_CHANNEL, SHARED_OUTSIDE
from bot.domain.reasons import ReasonCode
from bot.query.parser import parse, words

ALL = "every completed session"

_STATES = {
    RuleState.PENDING: "waiting until its introduction is posted",
    RuleState.ACTIVE: "active",
    RuleState.PAUSED: "paused",
    RuleState.ENDED: "ended",
}


_REASONS = {
    NOT_IN_CHANNEL: "Spotter is not in the channel",
    ARCHIVED: "the channel is archived",
    NOT_FOUND: "the channel was deleted, or is private and Spotter is not in it",
    SHARED_OUTSIDE: "the channel is shared with another company",
    ReasonCode.BECAME_PUBLIC: "the channel has turned public; waits for a yes",
    ReasonCode.OWNER_GONE: "its owner is gone; waits for an admin to take it over",
}


def format_rule(rule: Rule, words: str) -> str:
    """A rule in one line of mrkdwn: number, where, what, whose, and its state. `words` is its query for people."""
    what = format_query(words, 150)
    reason = f" ({format_reason(rule.reason)})" if rule.reason and rule.state is not RuleState.ACTIVE else ""
    by = f"By {format_owner(rule.owner)}, {_STATES[rule.state]}{reason}"
    return f"*Rule {rule.rule_id}* in {format_destination(rule)}: {what}. {by}"


def format_reason(reason: str) -> str:
    """Why a rule or a destination rests, in words; what nobody has words for, as Slack said it."""
    return _REASONS.get(reason) or safe(reason, NAME)


def format_query(words: str, limit: int = 500) -> str:
    """A rule's query in words, for mrkdwn: `completed sessions on “Opening” in Store 12`."""
    text = format_query_text(words, limit)
    return f"completed {text}" if text.startswith("sessions") else text.replace("all sessions", ALL) or ALL


def format_destination(rule: Rule) -> str:
    """A rule's destination for mrkdwn."""
    ident = safe(rule.destination.id, 40)
    return f"<#{ident}>" if rule.destination.kind is DestinationKind.CHANNEL else f"<@{ident}>"


def format_owner(owner: str) -> str:
    """Who made a rule: a mention, or the operator."""
    return "the operator" if owner == OPERATOR else f"<@{safe(owner, 40)}>"


def text_of(rule: Rule) -> str:
    """A rule's query for people; as it is stored where it can't be read any more."""
    try:
        return words(parse(rule.query))
    except QueryError:
        return rule.query
