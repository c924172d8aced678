"""Why a session was, or was not, sent to each destination: lines for the command line, a message for Slack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks.coverage import rule_shows
from bot.blocks.elements import SECTION_TEXT, Block, context, message, mrkdwn, section
from bot.blocks.follow_ups import format_day
from bot.blocks.markup import NAME, date_token, escape, safe
from bot.blocks.results import failed_by, unchecked, verdict
from bot.blocks.rules import format_reason
from bot.domain.changes import outcome_of
from bot.domain.explanation import Explanation, Judged
from bot.domain.kinds import KINDS
from bot.domain.model import ChangeKind, HistoryEntry
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.outbox import Attempt, NotificationState, NotificationStatus
from bot.domain.reasons import ReasonCode
from bot.domain.text import clean, size

MAX_ATTEMPTS = 6  # of one message
MAX_HAPPENED = 40
_STATES = {
    NotificationState.PENDING: "waits to be sent",
    NotificationState.SENDING: "is being sent",
    NotificationState.AMBIGUOUS: "may have been posted: the channel is read back before it is sent again",
    NotificationState.BLOCKED: "waits",
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How times, destinations, links and untrusted text are written: in Slack's markup, or for a terminal."""

    when: Callable[[datetime], str]
    destination: Callable[[Destination, str], str]  # a person's with their name
    link: Callable[[str], str]
    text: Callable[[str], str]
    with_deliveries: bool = False  # whose ids `outbox retry` and `outbox drop` take


def _mention(destination: Destination, name: str) -> str:
    match destination.kind:
        case DestinationKind.CHANNEL:
            return f"<#{safe(destination.id, 40)}>"
        case DestinationKind.USER:
            return f"<@{safe(destination.id, 40)}>"
        case DestinationKind.PERSON:
            return f"{safe(name, NAME)}, as a direct message"


def _named(destination: Destination, name: str) -> str:
    return f"{clean(name)}, as a direct message" if destination.kind is DestinationKind.PERSON else str(destination)


def _link(url: str) -> str:
    """A link that Slack shows as words; an address alone would be plain text in our blocks."""
    return f"<{escape(url).replace('|', '%7C')}|the message>" if url.startswith("https://") else safe(url)


IN_SLACK = Spelling(date_token, _mention, _link, safe)
ON_TERMINAL = Spelling(lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC", _named, clean, clean, with_deliveries=True)


def reason_lines(found: Explanation, spelled: Spelling) -> list[str]:
    """The whole answer, line by line: what happened, the newest last, how each message stands, and today's rules."""
    return [
        f"Session {found.record.short_id}: {spelled.text(verdict(outcome_of(found.record.session)))}",
        *_measured(found, spelled),
        *_timeline(found, spelled),
        *(["How it stands:"] if found.status else ["No message about it was ever due."]),
        *(_status_line(status, found, spelled) for status in found.status),
        *_today(found, spelled),
    ]


def reason(found: Explanation, *, is_whole: bool, seen_because: str = "") -> Message:
    """The answer to one user. `is_whole`: nothing was left out because they may not see it; `seen_because`: why they
    may see the session, in words."""
    first, *others = reason_lines(found, IN_SLACK)
    blocks: list[Block] = [section(mrkdwn(f"*{first}*")), *_sections(others)]
    if not is_whole:
        because = f"You may see this session: {safe(seen_because, 500)}. " if seen_because else ""
        blocks.append(context(f"{because}Listed are channels you are in and what concerns you yourself."))
    return message(blocks)


def _sections(lines: Sequence[str]) -> list[Block]:
    """The lines in as few sections as they need, each within Slack's limit."""
    sections: list[list[str]] = [[]]
    for line in lines:
        if sum(size(one) + 1 for one in sections[-1]) + size(line) > SECTION_TEXT:
            sections.append([])
        sections[-1].append(line)
    return [section(mrkdwn("\n".join(one))) for one in sections if one]


def _measured(found: Explanation, spelled: Spelling) -> list[str]:
    """What made the result fail, and what could not be judged."""
    session = found.record.session
    rule, missing = failed_by(session), unchecked(session)
    said = [f"Failed by: {spelled.text(rule)}."] if rule else []
    return [*said, f"{missing[0].upper()}{missing[1:]}."] if missing else said


# ---- what happened -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Happened:
    at: datetime
    text: str


def _timeline(found: Explanation, spelled: Spelling) -> list[str]:
    """What happened to the session and to the messages about it, the newest last."""
    happened = [*_of_session(found, spelled)]
    for status in found.status:
        happened += _of_message(status, found, spelled)
    lines = [f"• {spelled.when(one.at)} {one.text}" for one in sorted(happened, key=lambda one: one.at)]
    if len(lines) > MAX_HAPPENED:
        kept = MAX_HAPPENED // 2
        lines = [*lines[:kept], f"• … {len(lines) - 2 * kept} more …", *lines[-kept:]]
    return lines


def _of_session(found: Explanation, spelled: Spelling) -> list[_Happened]:
    record, session = found.record, found.record.session
    happened = [_Happened(session.first_seen_at, "First seen")]
    if found.is_over and found.completed_seen_at is not None:
        text = "Seen completed"
        if found.baseline_at is not None and found.completed_seen_at <= found.baseline_at:
            text += ", in the first listing, which is stored without notifications"
        if session.facts.finished.at is not None:
            text += f"; completed at {spelled.when(session.facts.finished.at)}"
        happened.append(_Happened(found.completed_seen_at, text))
    for entry in record.history:
        if entry.kind in (ChangeKind.CORRECTED, ChangeKind.REOPENED):
            happened.append(_Happened(entry.at, f"Result changed: {_change(entry, spelled)}"))
    for one in record.acknowledgements:
        user = Destination(DestinationKind.USER, one.slack_user_id)
        happened.append(_Happened(one.at, f"Acknowledged by {spelled.destination(user, one.slack_user_id)}"))
    for follow_up in record.follow_ups:
        who = spelled.destination(Destination(DestinationKind.USER, follow_up.owner), follow_up.owner)
        happened.append(_Happened(follow_up.taken_at, f"Follow-up taken by {who}, due {format_day(follow_up.due)}"))
        if follow_up.closed_at is not None:
            happened.append(_Happened(follow_up.closed_at, f"The follow-up by {who} ended by itself"))
    if session.missing_since is not None:
        happened.append(_Happened(session.missing_since, "Not listed by iSpring since"))
    if not found.is_over:
        happened.append(_Happened(session.first_seen_at, "It has no result yet, and only results are sent"))
    return happened


def _change(entry: HistoryEntry, spelled: Spelling) -> str:
    old = "" if entry.old is None else f"{spelled.text(verdict(entry.old))} → "
    return (
        f"{old}{spelled.text(verdict(entry.new))}, {'corrected' if entry.kind is ChangeKind.CORRECTED else 're-opened'}"
    )


def _of_message(status: NotificationStatus, found: Explanation, spelled: Spelling) -> list[_Happened]:
    to = _destination(status.notification.destination, found, spelled)
    rules = [found.rule_texts[one] for one in status.notification.rule_ids if one in found.rule_texts]
    because = spelled.text(status.notification.reason)
    meant = f": {'; '.join(map(spelled.text, rules))}" if rules else ""
    happened = [_Happened(status.created_at, f"Queued for {to} ({because}{meant})")]
    if status.summary is not None:
        happened[0] = _Happened(status.created_at, f"Counted in a summary for {to} ({because}{meant})")
    attempts = status.attempts[-MAX_ATTEMPTS:]
    if left_out := len(status.attempts) - len(attempts):
        happened.append(_Happened(attempts[0].started_at, f"{to}: {left_out} earlier attempts are left out"))
    link = found.links.get(status.delivery.delivery_id, "") if status.delivery is not None else ""
    shadow = " (shown in shadow mode instead)" if status.delivery is not None and status.delivery.shadow else ""
    return happened + [_Happened(one.started_at, f"{to}{shadow}: {_attempt(one, link, spelled)}") for one in attempts]


def _attempt(attempt: Attempt, link: str, spelled: Spelling) -> str:
    because = f" ({spelled.text(attempt.reason)})" if attempt.reason else ""
    done = _DONE.get((attempt.what, attempt.result))
    if done is None:
        return f"{attempt.what.replace('_', ' ')}: {attempt.result}{because}"
    return f"{done}{because}{f': {spelled.link(link)}' if link and attempt.what == 'post' else ''}"


_DONE = {("post", "sent"): "posted", ("edit", "sent"): "edited", ("read_back", "found"): "found when read back"}


# ---- how it stands -------------------------------------------------------------------------------------------------


def _status_line(status: NotificationStatus, found: Explanation, spelled: Spelling) -> str:
    to = _destination(status.notification.destination, found, spelled)
    text = f"• To {to}, due since {spelled.when(status.created_at)} ({spelled.text(status.notification.reason)}): "
    if status.summary is not None:
        text += "counted in a summary instead of a card; the summary "
    text += _state(status, found, spelled)
    if spelled.with_deliveries and status.delivery is not None:
        text += f" [delivery {status.delivery.delivery_id}]"
    return text


def _state(status: NotificationStatus, found: Explanation, spelled: Spelling) -> str:
    delivery = status.delivery
    if delivery is not None and status.state is NotificationState.SENT:
        if status.cancelled:
            return f"was left out of its message: {spelled.text(status.cancelled)}"
        link = found.links.get(delivery.delivery_id)
        if delivery.shadow is not None:
            at = f": {spelled.link(link)}" if link else ""
            return f"was shown in the channel of shadow mode instead, and is not sent{at}"
        return f"was posted: {spelled.link(link) if link else f'message {delivery.ts} in {delivery.channel}'}"
    if delivery is not None and delivery.reason_code is ReasonCode.POSTED_AND_DELETED:
        return delivery.reason
    if status.cancelled:
        return f"was not sent: {spelled.text(status.cancelled)}"
    if found.paused is not None and status.state in (NotificationState.PENDING, NotificationState.BLOCKED):
        return f"waits: all sending is paused since {spelled.when(found.paused.at)}"
    blocked = found.blocked.get(status.notification.destination)
    if blocked is not None:
        since = f" since {spelled.when(blocked.since)}" if blocked.since is not None else ""
        return f"waits{since}: {format_reason(blocked.reason)}"
    if found.shadow_closed and KINDS[status.notification.kind].is_shadowed:
        return f"waits: shadow mode can't show it in its channel ({format_reason(found.shadow_closed)})"
    if muted := [found.mutes[number] for number in status.notification.mutes if number in found.mutes]:
        return f"waits: {', '.join(_muted(mute, spelled) for mute in muted)}"
    rules = [
        one.rule for one in found.judged if one.rule is not None and one.rule.rule_id in status.notification.rule_ids
    ]
    if rules and all(rule.reason for rule in rules):
        return f"waits: {', '.join(format_reason(rule.reason) for rule in rules)}"
    end = found.quiet.get(status.notification.destination)
    if end is not None and status.state in (NotificationState.PENDING, NotificationState.BLOCKED):
        return f"waits: it is their quiet time until {spelled.when(end)}"
    because = f" ({spelled.text(delivery.reason)})" if delivery is not None and delivery.reason else ""
    return _STATES.get(status.state, str(status.state)) + because


def _muted(mute: Mute, spelled: Spelling) -> str:
    by = spelled.destination(Destination(DestinationKind.USER, mute.created_by), "") if mute.created_by else "somebody"
    why = f", because “{spelled.text(mute.reason)}”" if mute.reason else ""
    return f"muted until {spelled.when(mute.ends_at)} by {by}{why}"


def _today(found: Explanation, spelled: Spelling) -> list[str]:
    if not found.judged:
        return []
    return [
        "If it were completed now, by today's rules and settings:",
        *(_verdict(judged, found, spelled) for judged in found.judged),
    ]


def _verdict(judged: Judged, found: Explanation, spelled: Spelling) -> str:
    result, facts = judged.result, found.record.session.facts
    who = result.who
    if judged.rule is not None:
        who += f" for {_destination(judged.rule.destination, found, spelled)}"
    else:
        person_id = {"observer": facts.observer_id, "employee": facts.key.employee_id}.get(result.who, "")
        known = found.directory.people.get(person_id)
        who += f" {spelled.text(known.name)}" if known is not None else ""
    mark = "✓ notified:" if result.matched else "… waits:" if result.missing else "✕ not notified:"
    line = f"{mark} {who} ({spelled.text(result.reason.removeprefix(f'{result.who} '))})"
    if judged.rule is None or judged.coverage is None:
        return line
    owner = spelled.destination(Destination(DestinationKind.USER, judged.rule.owner), "")
    return f"{line}. {rule_shows(judged.coverage, owner)}"


def _destination(destination: Destination, found: Explanation, spelled: Spelling) -> str:
    return spelled.destination(destination, found.directory.name_of(destination.id))
