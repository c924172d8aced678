"""Messages that count sessions instead of showing each: after an outage, after a flood, and of what is old."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.blocks.cards import CardFacts, Part, format_age, format_rules
from bot.blocks.elements import Block, context, count, date_token, header, instant, mrkdwn, section
from bot.domain.model import Delivery, DestinationKind, DigestCounts, StoredNotification

# A day of a query begins in the asker's zone, which may be this far behind ours.
_FURTHEST_ZONE = timedelta(hours=12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COUNTED: Mapping[str, str] = {
    "old": "{sessions} came in late, completed more than 7 days ago{bad}.",
    "baseline": "Before Spotter began to watch, {sessions} had been completed lately{bad}.",
    "overflow": "{sessions} came in at once beside those posted here{bad}. The worst results were posted first.",
}
_OUTAGE: Mapping[str, str] = {
    "away": "While I was away ({time}), {sessions} {were} completed that {are} too old to be posted now{bad}.",
    "restored": "While I was away ({time}; my memory was restored from a copy), {sessions} {were} completed{bad}.",
}
_ONLY_NEWER = "While I was away ({time}), nothing was completed that is too old to be posted now."


def summaries(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    """One part for each summary of a message."""
    is_personal = delivery.destination.kind is DestinationKind.PERSON
    parts = [_summary(stored, facts, is_personal=is_personal) for stored in notifications]
    return Part("\n".join(part.text for part in parts), tuple(block for part in parts for block in part.blocks))


def _summary(stored: StoredNotification, facts: CardFacts, *, is_personal: bool) -> Part:
    text = stored.notification.facts
    digest_counts = facts.metrics.get(stored.notification_id, DigestCounts())
    code = str(text.get("code", "old"))
    is_outage = code in _OUTAGE
    settings = f"`{facts.command} settings` changes what you get" if is_personal else ""
    foot = " · ".join(filter(None, (format_rules(stored.notification.rule_ids), settings, format_age(facts))))
    blocks: list[Block] = [
        *([header("While I was away")] if is_outage else []),
        section(mrkdwn(_text(code, text, digest_counts, facts, date_token))),
        *([context(foot)] if foot else []),
    ]
    return Part(_text(code, text, digest_counts, facts, instant), tuple(blocks))


def _text(
    code: str,
    text: Mapping[str, str | int | float | None],
    digest_counts: DigestCounts,
    facts: CardFacts,
    at: Callable[[datetime], str],
) -> str:
    sentence = _OUTAGE.get(code) or _COUNTED.get(code) or _COUNTED["old"]
    if not digest_counts.sessions:
        sentence = _ONLY_NEWER
    sentences = [
        sentence.format(
            time=f"{_moment(text.get('from'), at)} – {_moment(text.get('to'), at)}",
            sessions=count(digest_counts.sessions, "more session" if code == "overflow" else "session"),
            were="was" if digest_counts.sessions == 1 else "were",
            are="is" if digest_counts.sessions == 1 else "are",
            bad=_bad(digest_counts),
        )
    ]
    if digest_counts.sessions:
        it = "It is" if digest_counts.sessions == 1 else "They are"
        sentences.append(f"{it} counted here, not posted; {_asking(digest_counts, facts)}.")
    follow = text.get("follow")
    if isinstance(follow, int) and follow:
        sentences.append(f"{count(follow, 'newer session')} {'follows' if follow == 1 else 'follow'} as usual.")
    return " ".join(sentences)


def _bad(digest_counts: DigestCounts) -> str:
    if not digest_counts.bad:
        return ""
    part = (
        ""
        if digest_counts.sessions == 1
        else "all of them "
        if digest_counts.bad == digest_counts.sessions
        else f"{digest_counts.bad:,} of them "
    )
    return f", {part}below target or failed"


def _asking(digest_counts: DigestCounts, facts: CardFacts) -> str:
    """How to see what was counted."""
    them = "it" if digest_counts.sessions == 1 else "them"
    if digest_counts.since is None:
        return f"`{facts.command} results` shows {them}"
    since = f"since:{(digest_counts.since - _FURTHEST_ZONE).astimezone(UTC):%Y-%m-%d}"
    worst = (
        f", `{facts.command} results outcome:failed {since}` the worst"
        if 0 < digest_counts.bad < digest_counts.sessions
        else ""
    )
    return f"`{facts.command} results {since}` shows {them}{worst}"


def _moment(seconds: str | int | float | None, at: Callable[[datetime], str]) -> str:
    return at(_EPOCH + timedelta(seconds=seconds)) if isinstance(seconds, (int, float)) else "?"
