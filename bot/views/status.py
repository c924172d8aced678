"""Is it alive, is it late, what is waiting: the answer to `status`, and the same facts for the Home tab."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.model import DestinationKind, Message
from bot.core.ports import Held, OpenTrouble, OutboxCounts, PollState
from bot.views.blocks import Block, count, date_token, fields, header, instant, lasting, message, mrkdwn, safe, section
from bot.views.ops import ops_sentence
from bot.views.rules import why_words

HELD_SHOWN = 10
SAID_ABOVE = frozenset({"poll_failing", "training_refused", "app_refused"})  # troubles with a line of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What Spotter knows of itself. `rules` counts the active ones; `poll_interval` is in seconds."""

    poll: PollState
    outbox: OutboxCounts
    rules: int
    paused_rules: int
    poll_interval: float
    now: datetime
    is_admin: bool
    held: Sequence[Held] = ()
    troubles: Sequence[OpenTrouble] = ()


def status(known: Status) -> Message:
    """Whether Spotter reads and sends as it should; admins also see reasons and counts of what is stuck."""
    verdict = verdict_words(known)
    pairs = _pairs(known)
    blocks: list[Block] = [header(verdict), fields(pairs)]
    troubles = trouble_lines(known)
    if troubles:
        blocks.append(section(mrkdwn("\n".join(f"• {line}" for line in troubles))))
    created = f"The database was created {date_token(known.poll.created_at)}."
    if known.is_admin:
        blocks.append(section(mrkdwn(created)))
    text = [f"{verdict}.", *(f"{label}: {value}." for label, value in _texts(known)), *troubles]
    return message(" ".join(text), blocks)


def verdict_words(known: Status) -> str:
    """In one line, for a heading."""
    if known.outbox.app_refused:
        return "✕ Sending is paused: Slack refuses the app"
    if known.poll.last_good_at is None:
        return "◔ iSpring was not read yet" if known.poll.last is None else "✕ iSpring could not be read yet"
    if known.poll.last and known.poll.last.error:
        return "▽ iSpring can't be read at the moment"
    if (known.now - known.poll.last_good_at).total_seconds() > 3 * known.poll_interval + 60:
        return "▽ Reading iSpring is late"
    return "✓ Spotter is reading and sending"


def trouble_lines(known: Status) -> list[str]:
    """What is wrong, one line each, with what to do; reasons are for admins."""
    told = []
    last, outbox = known.poll.last, known.outbox
    if last and last.error:
        told.append(
            f"The last reading failed: {safe(last.error_in_full, 500)}"
            if known.is_admin
            else "The last reading failed."
        )
    if outbox.app_refused:
        why = f" ({safe(outbox.app_refused, 300)})" if known.is_admin else ""
        told.append(f"Slack refuses the app{why}. Nothing is lost; an admin must check the token and the scopes.")
    if not known.is_admin:
        return told
    told += [
        f"Since {date_token(one.since)}: {ops_sentence({'code': one.code, **one.facts})}"
        for one in known.troubles
        if one.code not in SAID_ABOVE
    ]
    if outbox.dead:
        told.append(f"{count(outbox.dead, 'message')} refused by Slack for ever; see `spotter outbox list`.")
    if outbox.held:
        told.append(f"{count(outbox.held, 'message')} held because a destination can't be reached or a rule rests.")
    told += [_held_words(held) for held in known.held[:HELD_SHOWN]]
    if len(known.held) > HELD_SHOWN:
        told.append(f"and {len(known.held) - HELD_SHOWN} more destinations; see `spotter outbox list`.")
    if known.paused_rules:
        told.append(f"{count(known.paused_rules, 'rule')} paused.")
    return told


def _held_words(held: Held) -> str:
    ident = safe(held.destination.id, 40)
    place = {
        DestinationKind.CHANNEL: f"<#{ident}>",
        DestinationKind.USER: f"Direct messages to <@{ident}>",
        DestinationKind.PERSON: f"Direct messages to iSpring's person {ident}",
    }[held.destination.kind]
    since = f" since {date_token(held.since)}" if held.since is not None else ""
    return f"{place}: held{since}, {count(held.waiting, 'message')} waiting ({why_words(held.why)})."


def waiting_words(outbox: OutboxCounts) -> str:
    """What is still to be sent: `nothing`, `3 messages`."""
    number = outbox.waiting + outbox.sending + outbox.unsure
    return count(number, "message") if number else "nothing"


def _pairs(known: Status) -> list[tuple[str, str]]:
    poll = known.poll
    told = [
        ("Last good reading", date_token(poll.last_good_at) if poll.last_good_at else "never"),
        ("Age of the data", lasting(known.now - poll.last_good_at) if poll.last_good_at else "no data yet"),
        ("Waiting to be sent", _waiting(known)),
    ]
    if not known.is_admin:
        return told
    return [
        *told,
        ("Sessions stored", f"{poll.sessions:,}"),
        ("Edits owed", f"{known.outbox.edits:,}"),
        ("Active rules", f"{known.rules:,}"),
    ]


def _texts(known: Status) -> list[tuple[str, str]]:
    last = known.poll.last_good_at
    return [("Last good reading", instant(last) if last else "never"), *_pairs(known)[1:]]


def _waiting(known: Status) -> str:
    """How many is for admins: from it others could tell how many results there are that they may not see."""
    words = waiting_words(known.outbox)
    if not known.is_admin and words != "nothing":
        words = "some messages"
    if known.outbox.oldest_at is None:
        return words
    return f"{words}, the oldest for {lasting(known.now - known.outbox.oldest_at)}"
