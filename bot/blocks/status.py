"""The answer to `status`: whether Spotter runs, is late, or has messages waiting. The Home tab shows the same facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import VERSION
from bot.blocks.alerts import alert_text
from bot.blocks.elements import FIELDS, Block, context, fields, header, message, mrkdwn, section
from bot.blocks.markup import date_token, safe
from bot.blocks.mutes import format_mute
from bot.blocks.rules import format_reason
from bot.blocks.sending import format_who
from bot.blocks.shadow import format_channel
from bot.domain.alerts import ALERTS, ActiveAlert
from bot.domain.mutes import Mute
from bot.domain.notifications import DestinationKind, Message
from bot.domain.outbox import BlockedDestination, CardDelay, OutboxCounts
from bot.domain.polling import PollMode, PollReport, PollState
from bot.domain.setup import SetupLine
from bot.domain.text import count, in_bytes, lasting

MAX_BLOCKED = 10
MAX_ADMINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Facts about Spotter itself. `rules`: number of active ones; `poll_interval`: in seconds. `mutes`: those that run
    and that the viewer may know of, each with its query in words. `target`: the one for all and where it is from, in
    words. `open_steps`: what is not set up yet, for admins.
    `next_digest_at`: None if no rule has a schedule. `admins`: their Slack ids."""

    poll: PollState
    outbox: OutboxCounts
    rules: int
    paused_rules: int
    poll_interval: float
    now: datetime
    is_admin: bool
    blocked: Sequence[BlockedDestination] = ()
    alerts: Sequence[ActiveAlert] = ()
    next_digest_at: datetime | None = None
    mutes: Sequence[tuple[Mute, str]] = ()
    target: str = ""
    card_delay: CardDelay | None = None
    admins: Sequence[str] = ()
    open_steps: Sequence[SetupLine] = ()
    command: str = ""


def status(known: Status) -> Message:
    """Returns the message; admins also see reasons, counts, alerts and blocked destinations."""
    verdict = format_verdict(known)
    blocks: list[Block] = [header(verdict)]
    alerts = alert_lines(known)
    if alerts:
        blocks.append(section(mrkdwn("\n".join(f"• {line}" for line in alerts))))
    blocks += _fields(known)
    if known.open_steps:
        blocks.append(section(mrkdwn(_open_steps(known))))
    created = f", its database is from {date_token(known.poll.created_at)}" if known.is_admin else ""
    blocks.append(context(f"Spotter {VERSION}{created}. {_admins(known.admins)}"))
    return message(blocks)


def _open_steps(known: Status) -> str:
    lines = [f"○ {step.what}" for step in known.open_steps]
    return "\n".join([f"*Not set up yet*; `{known.command} setup` says how", *lines])


def _admins(admins: Sequence[str]) -> str:
    if not admins:
        return "It has no admins: ADMINS is empty."
    more = f" and {len(admins) - MAX_ADMINS} more" if len(admins) > MAX_ADMINS else ""
    return f"Its admins: {', '.join(f'<@{safe(one, 40)}>' for one in admins[:MAX_ADMINS])}{more}."


def format_verdict(known: Status) -> str:
    """Returns the state in one line, for a heading."""
    if known.outbox.paused is not None:
        return "▽ All sending is paused"
    if known.outbox.app_refused:
        return "✕ Sending is paused: Slack refuses the app"
    if known.poll.last_good_at is None:
        return "◔ iSpring was not read yet" if known.poll.last is None else "✕ iSpring could not be read yet"
    if known.poll.last and known.poll.last.error:
        return "▽ iSpring can't be read at the moment"
    if (known.now - known.poll.last_good_at).total_seconds() > 3 * known.poll_interval + 60:
        return "▽ Reading iSpring is late"
    if held := _held(known):
        return f"▽ Spotter is reading; {held}"
    if known.outbox.shadow is not None:
        return "◐ Spotter is reading, and shows everything in shadow mode"
    return "✓ Spotter is reading and sending"


def _held(known: Status) -> str:
    """What is not sent by intention or necessity, "" if nothing is; numbers for admins only."""
    outbox = known.outbox
    if not known.is_admin:
        return "some messages are held" if outbox.blocked else ""
    parts = [
        f"{count(known.paused_rules, 'rule')} paused" if known.paused_rules else "",
        f"{count(len(known.blocked), 'destination')} blocked" if known.blocked else "",
        f"{count(outbox.blocked, 'message')} held" if outbox.blocked else "",
    ]
    return ", ".join(filter(None, parts))


def alert_lines(known: Status) -> list[str]:
    """Returns one line for each thing that is wrong, with its remedy; only admins see reasons."""
    lines = []
    last, outbox = known.poll.last, known.outbox
    if outbox.paused is not None:
        held = f"{count(outbox.blocked, 'message')} held; " if known.is_admin else ""
        lines.append(
            f"All sending is paused by {format_who(outbox.paused.by)} since {date_token(outbox.paused.at)}: {held}an "
            "admin lets it go on with `resume all`."
        )
    if (shadow := outbox.shadow) is not None:
        where = format_channel(shadow) if known.is_admin else "one private channel"
        lines.append(
            f"Shadow mode is on since {date_token(shadow.at)}: what Spotter sends by itself is shown in {where} "
            "only. An admin goes live with `shadow off`."
        )
    if last and last.error:
        lines.append(
            f"The last reading failed: {safe(last.error_in_full, 500)}"
            if known.is_admin
            else "The last reading failed."
        )
    if outbox.app_refused:
        reason = f" ({safe(outbox.app_refused, 300)})" if known.is_admin else ""
        lines.append(f"Slack refuses the app{reason}. Nothing is lost; an admin must check the token and the scopes.")
    lines += [f"{format_mute(mute, words)}." for mute, words in known.mutes[:MAX_BLOCKED]]
    if len(known.mutes) > MAX_BLOCKED:
        lines.append(f"and {len(known.mutes) - MAX_BLOCKED} more mutes.")
    if not known.is_admin:
        return lines
    if known.paused_rules:
        lines.append(f"{count(known.paused_rules, 'rule')} paused.")
    if outbox.blocked and outbox.paused is None:
        lines.append(
            f"{count(outbox.blocked, 'message')} held, because a destination can't be written to or is muted, or a "
            "rule is paused."
        )
    lines += [_format_blocked(blocked) for blocked in known.blocked[:MAX_BLOCKED]]
    if len(known.blocked) > MAX_BLOCKED:
        lines.append(f"and {len(known.blocked) - MAX_BLOCKED} more destinations; see `spotter outbox list`.")
    lines += [
        f"Since {date_token(one.since)}: {alert_text({'code': one.code, **one.facts})}"
        for one in known.alerts
        if one.code not in ALERTS or not ALERTS[one.code].has_own_line
    ]
    if outbox.failed:
        lines.append(f"{count(outbox.failed, 'message')} failed; see `spotter outbox list`.")
    return lines


def _format_blocked(blocked: BlockedDestination) -> str:
    ident = safe(blocked.destination.id, 40)
    destination = {
        DestinationKind.CHANNEL: f"<#{ident}>",
        DestinationKind.USER: f"Direct messages to <@{ident}>",
        DestinationKind.PERSON: f"Direct messages to iSpring's person {ident}",
    }[blocked.destination.kind]
    since = f" since {date_token(blocked.since)}" if blocked.since is not None else ""
    return (
        f"{destination}: blocked{since}, {count(blocked.waiting, 'message')} waiting ({format_reason(blocked.reason)})."
    )


def format_waiting(outbox: OutboxCounts) -> str:
    """Returns the number of messages that are not sent yet: `nothing`, `3 messages`."""
    number = outbox.pending + outbox.sending + outbox.ambiguous
    return count(number, "message") if number else "nothing"


def _fields(known: Status) -> list[Block]:
    """The labelled values, in as many blocks as they need."""
    pairs = _pairs(known)
    return [fields(pairs[start : start + FIELDS]) for start in range(0, len(pairs), FIELDS)]


def _pairs(known: Status) -> list[tuple[str, str]]:
    poll = known.poll
    pairs = [
        ("iSpring was read", _age(poll.last_good_at, known.now) if poll.last_good_at else "never"),
        ("Waiting to be sent", _waiting(known)),
    ]
    if poll.corrected_at is not None:
        pairs.insert(1, ("Corrections", f"as of {date_token(poll.corrected_at)}"))
    if not known.is_admin:
        return pairs
    digest = f"; the next digest comes {date_token(known.next_digest_at)}" if known.next_digest_at else ""
    # What is nothing, and what is not known, takes no place among what is.
    more = [
        ("Held", _held_or_quiet(known.outbox)),
        ("Messages to correct", f"{known.outbox.edits:,}" if known.outbox.edits else ""),
        ("A card comes", _card_delay(known.card_delay) if known.card_delay else ""),
        ("Sessions", f"{poll.sessions:,} stored{f'; read last: {_last_poll(poll.last)}' if poll.last else ''}"),
        ("Rules", f"{known.rules:,} active{digest}"),
        ("Target for all", known.target),
    ]
    return [*pairs, *((label, value) for label, value in more if value)]


def _age(at: datetime, now: datetime) -> str:
    return f"{date_token(at)}, {lasting(now - at)} ago"


def _last_poll(report: PollReport) -> str:
    """What a poll read: `all sessions, 9.1 MB (1.2 MB compressed)`."""
    if report.error:
        return "failed"
    what = "all sessions" if report.mode is PollMode.FULL else "what may have changed"
    on_the_wire = f" ({in_bytes(report.wire_size)} on the wire)" if report.wire_size != report.size else ""
    return f"{what}, {in_bytes(report.size)}{on_the_wire}"


def _card_delay(delay: CardDelay) -> str:
    """How soon a card is posted: `4 s after iSpring's answer, 19 of 20 within 12 s`. Half a second is one."""
    median, most = max(1, round(delay.median)), max(1, round(delay.p95))
    usual = f"{median} s after the session is read from iSpring"
    return f"{usual}; 19 of 20 within {most} s" if most > median else usual


def _held_or_quiet(outbox: OutboxCounts) -> str:
    parts = [count(outbox.blocked, "message")] if outbox.blocked else []
    parts += [f"{count(outbox.quiet, 'message')} in quiet time"] if outbox.quiet else []
    return ", ".join(parts)


def _waiting(known: Status) -> str:
    """Only admins see the number: others could infer from it how many results exist that they may not see."""
    text = format_waiting(known.outbox)
    if not known.is_admin and text != "nothing":
        text = "some messages"
    if known.outbox.oldest_at is None:
        return text
    return f"{text}, the oldest for {lasting(known.now - known.outbox.oldest_at)}"
