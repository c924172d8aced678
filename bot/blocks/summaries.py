"""Summaries: sessions counted instead of posted one by one, after an outage, after a flood, and old ones."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta

from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import format_age, format_rules
from bot.blocks.elements import Block, context, header, mrkdwn, section
from bot.blocks.markup import date_token, from_seconds
from bot.domain.notifications import Delivery, DestinationKind, StoredNotification, SummaryCounts
from bot.domain.text import count

# A day of a query begins in the asker's zone, which may be this far behind UTC.
_FURTHEST_ZONE = timedelta(hours=12)

_COUNTED: Mapping[str, str] = {
    "old": "{sessions} came in late, completed more than 7 days ago{failing}.",
    "baseline": "Before Spotter began to watch, {sessions} had been completed lately{failing}.",
    "overflow": "{sessions} came in at once beside those posted here{failing}. The worst results were posted first.",
}
_OUTAGE: Mapping[str, str] = {
    "away": "{time}, {sessions} {were} completed that {are} too old to be posted now{failing}.",
    "paused": "{time}, while sending was paused, {sessions} {were} completed that {are} too old to be posted now"
    "{failing}.",
    "restored": "{time}, after the copy from which my database was restored, {sessions} {were} completed{failing}.",
}
_ONLY_NEWER = "{time}, nothing was completed that is too old to be posted now."


def summaries(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    """All summaries of a message."""
    is_personal = delivery.destination.kind is DestinationKind.PERSON
    settings = f"`{facts.command} settings` changes what you get" if is_personal else ""
    blocks: list[Block] = []
    for stored in notifications:
        values = stored.notification.facts
        code = str(values.get("code", "old"))
        counts = facts.metrics.get(stored.notification_id, SummaryCounts())
        foot = " · ".join(filter(None, (format_rules(stored.notification.rule_ids), settings, format_age(facts))))
        if code in _OUTAGE:
            blocks.append(header("While sending was paused" if code == "paused" else "While I was away"))
        blocks.append(section(mrkdwn(_sentences(code, values, counts, facts.command))))
        if foot:
            blocks.append(context(foot))
    return blocks


def _sentences(code: str, values: Mapping[str, str | int | float | None], counts: SummaryCounts, command: str) -> str:
    is_one = counts.sessions == 1
    pattern = _OUTAGE.get(code) or _COUNTED.get(code) or _COUNTED["old"]
    sentences = [
        (pattern if counts.sessions else _ONLY_NEWER).format(
            time=f"Between {_moment(values.get('from'))} and {_moment(values.get('to'))}",
            sessions=count(counts.sessions, "more session" if code == "overflow" else "session"),
            were="was" if is_one else "were",
            are="is" if is_one else "are",
            failing=failing_words(counts),
        )
    ]
    if counts.sessions:
        sentences.append(
            f"{'It is' if is_one else 'They are'} counted here, not posted; {results_commands(counts, command)}."
        )
    follow = values.get("follow")
    if isinstance(follow, int) and follow:
        sentences.append(f"{count(follow, 'newer session')} {'follows' if follow == 1 else 'follow'} as usual.")
    return " ".join(sentences)


def failing_words(counts: SummaryCounts) -> str:
    """How many of what is counted are low, to follow the count; "" if none is."""
    if not counts.failing:
        return ""
    if counts.sessions == 1:
        return ", below target or failed"
    return f", {'all' if counts.failing == counts.sessions else f'{counts.failing:,}'} of them below target or failed"


def results_commands(counts: SummaryCounts, command: str) -> str:
    """The commands that show what was counted."""
    them = "it" if counts.sessions == 1 else "them"
    if counts.since is None:
        return f"`{command} results` shows {them}"
    since = f"since:{(counts.since - _FURTHEST_ZONE).astimezone(UTC):%Y-%m-%d}"
    some_failed = 0 < counts.failing < counts.sessions
    worst = f", `{command} results outcome:failed {since}` the worst" if some_failed else ""
    return f"`{command} results {since}` shows {them}{worst}"


def _moment(seconds: str | int | float | None) -> str:
    return date_token(from_seconds(seconds)) if isinstance(seconds, (int, float)) else "?"
