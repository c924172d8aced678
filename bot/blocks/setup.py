"""The check-list of a first run."""

from collections.abc import Sequence

from bot.blocks.alerts import REASON
from bot.blocks.elements import Block, context, header, line_sections, message, mrkdwn, section
from bot.blocks.markup import escape, safe
from bot.domain.notifications import Message
from bot.domain.setup import SetupLine, is_finished
from bot.domain.text import count, without_stop

ANNOUNCEMENT = (
    "From today, Spotter posts results of on-the-job training here: who completed which checklist, how it went, and "
    "what was weakest. It reads iSpring Learn and grades nobody: the result is the observer's. You see your own "
    "sessions, supervisors those of their people; type `{command} results`. Observers get a direct message when a "
    "result was recorded; its buttons limit or stop them. Something is wrong, or not yours? Type `{command} link`, or "
    "ask NAME."
)


def setup_blocks(steps: Sequence[SetupLine], command: str) -> list[Block]:
    """Whether the set-up is finished, what is left, and what is done."""
    done = [_line(step) for step in steps if step.is_done]
    left = sorted((step for step in steps if not step.is_done), key=lambda step: not step.is_needed)
    head, finished = f"Set-up: {len(done)} of {len(steps)} done", "This list follows what is done."
    if is_finished(steps):
        head = "Spotter is set up"
        finished = f"`{command} status` says how Spotter is."
        if left:
            head += f"; {count(len(left), 'recommended step')} left"
            finished = f"Spotter works without what is left. {finished}"
    finished += f" `{command} setup` shows this list again."
    return [
        header(head),
        *(section(mrkdwn(_line(step))) for step in left),
        *line_sections(done),
        section(mrkdwn(finished)),
        context("Spotter can't see backups: `deploy/README.md` has a nightly line for `spotter backup`."),
    ]


def setup_answer(steps: Sequence[SetupLine], command: str) -> Message:
    """The answer to `setup`, with a text to announce Spotter."""
    # Nothing in a code block is formatted: it is copied as it stands.
    announcement = ANNOUNCEMENT.format(command=command).replace("`", "")
    ready = section(mrkdwn(f"*To post in a channel when you go live*\n```{announcement}```"))
    return message([*setup_blocks(steps, command), ready])


def _line(step: SetupLine) -> str:
    what = f"{step.what} ({without_stop(safe(step.reason, REASON))})" if step.reason else step.what
    if step.is_done:
        return f"✓ *Done:* {what}"
    return f"○ *{'To do' if step.is_needed else 'Recommended'}:* {what}. {escape(step.next_step)}"
