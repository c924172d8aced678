"""A rule in words: where, what, whose, and how it stands."""

from bot.core.errors import QueryError
from bot.core.model import OPERATOR, DestinationKind, Rule, RuleState
from bot.core.pauses import ARCHIVED, NOT_FOUND, NOT_IN_CHANNEL, OWNER_GONE, SHARED_OUTSIDE, TURNED_PUBLIC
from bot.core.query import parse, words
from bot.views.blocks import NAME, asked, safe

ALL = "every completed session"

_STATES = {
    RuleState.PENDING: "waiting until its introduction is posted",
    RuleState.ACTIVE: "active",
    RuleState.PAUSED: "paused",
    RuleState.ENDED: "ended",
}


_WHY = {
    NOT_IN_CHANNEL: "Spotter is not in the channel",
    ARCHIVED: "the channel is archived",
    NOT_FOUND: "the channel was deleted, or is private and Spotter is not in it",
    SHARED_OUTSIDE: "the channel is shared with another company",
    TURNED_PUBLIC: "the channel has turned public; waits for a yes",
    OWNER_GONE: "its owner is gone; waits for an admin to take it over",
}


def rule_words(rule: Rule, words: str) -> str:
    """A rule in one line of mrkdwn: number, where, what, whose, and its state. `words` is its query for people."""
    what = query_words(words, 150)
    why = f" ({why_words(rule.why)})" if rule.why and rule.state is not RuleState.ACTIVE else ""
    by = f"By {owner_words(rule.owner)}, {_STATES[rule.state]}{why}"
    return f"*Rule {rule.rule_id}* in {place_words(rule)}: {what}. {by}"


def why_words(why: str) -> str:
    """Why a rule or a destination rests, in words; what nobody has words for, as Slack said it."""
    return _WHY.get(why) or safe(why, NAME)


def query_words(words: str, limit: int = 500) -> str:
    """A rule's query in words, for mrkdwn: `completed sessions on “Opening” in Store 12`."""
    told = asked(words, limit)
    return f"completed {told}" if told.startswith("sessions") else told.replace("all sessions", ALL) or ALL


def place_words(rule: Rule) -> str:
    """A rule's destination for mrkdwn."""
    ident = safe(rule.destination.id, 40)
    return f"<#{ident}>" if rule.destination.kind is DestinationKind.CHANNEL else f"<@{ident}>"


def owner_words(owner: str) -> str:
    """Who made a rule: a mention, or the operator."""
    return "the operator" if owner == OPERATOR else f"<@{safe(owner, 40)}>"


def words_of(rule: Rule) -> str:
    """A rule's query for people; as it is stored where it can't be read any more."""
    try:
        return words(parse(rule.query))
    except QueryError:
        return rule.query
