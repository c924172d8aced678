"""Messages that count sessions instead of showing each: after an outage, after a flood, and of what is old."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.core.model import Delivery, DestinationKind, OwedNotice, Tally
from bot.views.blocks import Block, context, count, date_token, header, instant, mrkdwn, section
from bot.views.cards import CardFacts, Part, age_words, rules_words

# A day of a query begins in the asker's zone, which may be this far behind ours.
_FURTHEST_ZONE = timedelta(hours=12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COUNTED: Mapping[str, str] = {
    "old": "{sessions} came in late, completed more than 7 days ago{bad}.",
    "baseline": "Before Spotter began to watch, {sessions} had been completed lately{bad}.",
    "overflow": "{sessions} came in at once beside those posted here{bad}. The worst results were posted first.",
}
_AWAY: Mapping[str, str] = {
    "away": "While I was away ({time}), {sessions} {were} completed that {are} too old to be posted now{bad}.",
    "restored": "While I was away ({time}; my memory was restored from a copy), {sessions} {were} completed{bad}.",
}
_ONLY_NEWER = "While I was away ({time}), nothing was completed that is too old to be posted now."


def summaries(delivery: Delivery, notices: Sequence[OwedNotice], facts: CardFacts) -> Part:
    """One part for each summary of a message."""
    is_personal = delivery.destination.kind is DestinationKind.PERSON
    parts = [_summary(owed, facts, is_personal=is_personal) for owed in notices]
    return Part("\n".join(part.text for part in parts), tuple(block for part in parts for block in part.blocks))


def _summary(owed: OwedNotice, facts: CardFacts, *, is_personal: bool) -> Part:
    told = owed.notice.facts
    tally = facts.tallies.get(owed.notice_id, Tally())
    code = str(told.get("code", "old"))
    is_away = code in _AWAY
    settings = f"`{facts.command} settings` changes what you get" if is_personal else ""
    foot = " · ".join(filter(None, (rules_words(owed.notice.rule_ids), settings, age_words(facts))))
    blocks: list[Block] = [
        *([header("While I was away")] if is_away else []),
        section(mrkdwn(_words(code, told, tally, facts, date_token))),
        *([context(foot)] if foot else []),
    ]
    return Part(_words(code, told, tally, facts, instant), tuple(blocks))


def _words(
    code: str,
    told: Mapping[str, str | int | float | None],
    tally: Tally,
    facts: CardFacts,
    at: Callable[[datetime], str],
) -> str:
    sentence = _AWAY.get(code) or _COUNTED.get(code) or _COUNTED["old"]
    if not tally.sessions:
        sentence = _ONLY_NEWER
    sentences = [
        sentence.format(
            time=f"{_moment(told.get('from'), at)} – {_moment(told.get('to'), at)}",
            sessions=count(tally.sessions, "more session" if code == "overflow" else "session"),
            were="was" if tally.sessions == 1 else "were",
            are="is" if tally.sessions == 1 else "are",
            bad=_bad(tally),
        )
    ]
    if tally.sessions:
        it = "It is" if tally.sessions == 1 else "They are"
        sentences.append(f"{it} counted here, not posted; {_asking(tally, facts)}.")
    follow = told.get("follow")
    if isinstance(follow, int) and follow:
        sentences.append(f"{count(follow, 'newer session')} {'follows' if follow == 1 else 'follow'} as usual.")
    return " ".join(sentences)


def _bad(tally: Tally) -> str:
    if not tally.bad:
        return ""
    part = "" if tally.sessions == 1 else "all of them " if tally.bad == tally.sessions else f"{tally.bad:,} of them "
    return f", {part}below target or failed"


def _asking(tally: Tally, facts: CardFacts) -> str:
    """How to see what was counted."""
    them = "it" if tally.sessions == 1 else "them"
    if tally.since is None:
        return f"`{facts.command} results` shows {them}"
    since = f"since:{(tally.since - _FURTHEST_ZONE).astimezone(UTC):%Y-%m-%d}"
    worst = f", `{facts.command} results outcome:failed {since}` the worst" if 0 < tally.bad < tally.sessions else ""
    return f"`{facts.command} results {since}` shows {them}{worst}"


def _moment(seconds: str | int | float | None, at: Callable[[datetime], str]) -> str:
    return at(_EPOCH + timedelta(seconds=seconds)) if isinstance(seconds, (int, float)) else "?"
