"""What is said while all sending is paused or iSpring can't be read: the first line of every answer, and the switch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.elements import Block, message, mrkdwn, notice, section
from bot.blocks.markup import TEXT_LIMIT, date_token, plain_text, safe
from bot.domain.alerts import poll_overdue_after
from bot.domain.notifications import Message
from bot.domain.outbox import OutboxCounts, SendingPause
from bot.domain.polling import PollReport
from bot.domain.rules import OPERATOR
from bot.domain.text import clip, count, lasting


def first_lines(
    last_poll: PollReport | None,
    read_at: datetime | None,
    pause: SendingPause | None,
    now: datetime,
    poll_interval: float,
) -> list[str]:
    """What a reader of any answer has to know before it, for mrkdwn; nothing while all is well. `read_at`: when the
    last good poll ended; `poll_interval`: in seconds."""
    lines = []
    if pause is not None:
        lines.append(f"*All sending is paused* by {format_who(pause.by)} since {date_token(pause.at)}.")
    if read_at is not None and now - read_at > poll_overdue_after(timedelta(seconds=poll_interval)):
        what = "can't be read" if last_poll is not None and last_poll.error else "has not been read"
        lines.append(f"*iSpring {what} since {date_token(read_at)}*: this is what was known then.")
    return lines


def with_first_lines(answer: Message, lines: Sequence[str]) -> Message:
    """An answer that begins with these lines."""
    if not lines:
        return answer
    block = first_block(lines)
    if answer.blocks:
        made = message([block, *answer.blocks])
        return replace(made, rich=(block, *answer.rich) if answer.rich else ())
    return Message(clip(f"{plain_text([block])}\n{answer.text}", TEXT_LIMIT))


def first_block(lines: Sequence[str]) -> Block:
    return section(mrkdwn("\n".join(lines)))


def format_who(by: str) -> str:
    """Who did something, for mrkdwn."""
    return "the command line" if by == OPERATOR else f"<@{safe(by, 40)}>"


def ask_to_pause() -> Message:
    """Asks before all sending is paused."""
    text = (
        "Pause all sending? Nothing is posted or edited in any channel or direct message until an admin lets it go on, "
        "also after a restart. Nothing is lost, iSpring is still read, and commands are answered."
    )
    return question(text, actions.PAUSE, "Yes, pause all sending", "all", is_grave=True)


def paused(*, is_new: bool, command: str) -> Message:
    """All sending is paused now, or was before; the first line of the answer says by whom and since when."""
    text = "Nothing is posted or edited in Slack any more, and nothing is lost." if is_new else "It was paused before."
    return notice(text, f"`{command} resume all` lets it go on. iSpring is still read, and commands are answered.")


def resumed(pause: SendingPause | None, counts: OutboxCounts) -> Message:
    """Sending goes on; `pause`: the pause that has ended, None if there was none."""
    if pause is None:
        return notice("Sending was not paused.")
    waiting = counts.pending + counts.ambiguous + counts.sending
    after = lasting(pause.until - pause.at) if pause.until is not None else ""
    return notice(
        f"Sending goes on after {after}: {count(waiting, 'message')} waiting, {counts.edits:,} edits to make."
    )
