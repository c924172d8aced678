"""Why somebody was, or was not, told of a session: for the command line as lines, for Slack as a message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.changes import outcome_of
from bot.core.delivery import TOLD_AND_GONE
from bot.core.explain import Explanation, Judged
from bot.core.model import DeliveryState, Destination, DestinationKind, Message
from bot.core.ports import Attempt, Told
from bot.views.blocks import (
    SECTION_TEXT,
    Block,
    clean,
    context,
    date_token,
    instant,
    message,
    mrkdwn,
    safe,
    section,
    size,
)
from bot.views.results import verdict
from bot.views.rules import why_words

ATTEMPTS_SHOWN = 6
_STANDS = {
    DeliveryState.WAITING: "waits to be sent",
    DeliveryState.SENDING: "is being sent",
    DeliveryState.UNSURE: "may have been posted: it is looked for before it is sent again",
    DeliveryState.HELD: "is held",
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How times and places are written: Slack shows both in its own way, a terminal can't."""

    when: Callable[[datetime], str]
    place: Callable[[Destination], str]
    text: Callable[[str], str]
    with_deliveries: bool = False  # whose ids `outbox retry` and `outbox drop` take


def _mention(place: Destination) -> str:
    match place.kind:
        case DestinationKind.CHANNEL:
            return f"<#{safe(place.id, 40)}>"
        case DestinationKind.USER:
            return f"<@{safe(place.id, 40)}>"
        case DestinationKind.PERSON:
            return "the observer or employee, as a direct message"


IN_SLACK = Spelling(date_token, _mention, safe)
IN_PUSH = Spelling(instant, _mention, safe)  # the text beside the blocks: notifications show no date tokens
ON_TERMINAL = Spelling(lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC", str, clean, with_deliveries=True)


def why_lines(found: Explanation, links: Mapping[str, str], spelled: Spelling) -> list[str]:
    """The whole answer, line by line. `links` leads to messages, by delivery id."""
    return [
        f"Session {found.record.short_id}: {spelled.text(verdict(outcome_of(found.record.session)))}",
        *_seen(found, spelled),
        *(line for told in found.told for line in _told(told, found, links, spelled)),
        *([] if found.told else ["No message about it was ever due."]),
        *_today(found.judged, spelled),
    ]


def why(found: Explanation, links: Mapping[str, str], *, is_whole: bool) -> Message:
    """The answer to one person. `is_whole`: nothing was left out for their eyes."""
    told = why_lines(found, links, IN_SLACK)
    blocks: list[Block] = [section(mrkdwn(f"*{told[0]}*")), *_sections(told[1:])]
    if not is_whole:
        blocks.append(context("Listed are channels you are in and what concerns you yourself."))
    return message("\n".join(why_lines(found, links, IN_PUSH)), blocks)


def _sections(told: Sequence[str]) -> list[Block]:
    """The lines in as few sections as they need, each within Slack's limit."""
    sections: list[list[str]] = [[]]
    for line in told:
        if sum(size(one) + 1 for one in sections[-1]) + size(line) > SECTION_TEXT:
            sections.append([])
        sections[-1].append(line)
    return [section(mrkdwn("\n".join(one))) for one in sections if one]


def _seen(found: Explanation, spelled: Spelling) -> list[str]:
    session = found.record.session
    said = [f"First seen {spelled.when(session.first_seen_at)}."]
    if not found.is_over:
        said.append("It has no result yet: nobody is told of such a session.")
    elif found.completed_seen_at is not None:
        said.append(f"Seen completed {spelled.when(found.completed_seen_at)}.")
        if found.baseline_at is not None and found.completed_seen_at <= found.baseline_at:
            said.append("That was in the first listing, which is stored without telling anybody.")
    if session.missing_since is not None:
        said.append(f"iSpring does not list it any more, since {spelled.when(session.missing_since)}.")
    return [" ".join(said)]


def _told(told: Told, found: Explanation, links: Mapping[str, str], spelled: Spelling) -> list[str]:
    to = spelled.place(told.notice.destination)
    first = f"• To {to}, due since {spelled.when(told.owed_at)} ({spelled.text(told.notice.reason)}): "
    first += _counted(told) + _stands(told, found, links, spelled)
    if spelled.with_deliveries and told.delivery is not None:
        first += f" [delivery {told.delivery.delivery_id}]"
    attempts = told.attempts[-ATTEMPTS_SHOWN:]
    left_out = len(told.attempts) - len(attempts)
    return [
        first,
        *([f"    {left_out} earlier attempts"] if left_out else []),
        *(f"    {_attempt(one, spelled)}" for one in attempts),
    ]


def _counted(told: Told) -> str:
    return "counted in a summary instead of a card; the summary " if told.counted_in is not None else ""


def _stands(told: Told, found: Explanation, links: Mapping[str, str], spelled: Spelling) -> str:
    delivery = told.delivery
    if delivery is not None and delivery.state is DeliveryState.SENT:
        if told.ended:
            return f"was left out of its message: {spelled.text(told.ended)}"
        where = links.get(delivery.delivery_id) or f"message {delivery.ts} in {delivery.channel}"
        return f"was posted: {where}"
    if told.ended == TOLD_AND_GONE:
        return TOLD_AND_GONE
    if told.ended:
        return f"was not sent: {spelled.text(told.ended)}"
    held = found.held.get(told.notice.destination)
    if held is not None:
        since = f" since {spelled.when(held.since)}" if held.since is not None else ""
        return f"is held{since}: {why_words(held.why)}"
    resting = [one.rule for one in found.judged if one.rule is not None and one.rule.rule_id in told.notice.rule_ids]
    if resting and all(rule.why for rule in resting):
        return f"is held: {', '.join(why_words(rule.why) for rule in resting)}"
    state = delivery.state if delivery is not None else DeliveryState.WAITING
    because = f" ({spelled.text(delivery.why)})" if delivery is not None and delivery.why else ""
    return _STANDS.get(state, str(state)) + because


def _attempt(attempt: Attempt, spelled: Spelling) -> str:
    because = f" ({spelled.text(attempt.why)})" if attempt.why else ""
    return f"{spelled.when(attempt.started_at)} {attempt.what}: {attempt.result}{because}"


def _today(judged: Sequence[Judged], spelled: Spelling) -> list[str]:
    if not judged:
        return []
    return [
        "If it were completed now, by today's rules and settings:",
        *(_verdict(j, spelled) for j in judged),
    ]


def _verdict(judged: Judged, spelled: Spelling) -> str:
    heard = judged.heard
    where = f" for {spelled.place(judged.rule.destination)}" if judged.rule is not None else ""
    mark = "✓ told:" if heard.matched else "✕ not told:"
    return f"{mark} {heard.who}{where} ({spelled.text(heard.reason.removeprefix(f'{heard.who} '))})"
