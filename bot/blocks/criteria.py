"""What one criterion cost, beside the time before."""

from collections.abc import Sequence

from bot.blocks.elements import mrkdwn, section
from bot.blocks.markup import format_query_text, safe
from bot.blocks.reports import Asked, costly_lines, line_sections, report_answer, time_of
from bot.domain.notifications import Message
from bot.domain.report_periods import Window
from bot.domain.reports import CriterionCost

MOST_TITLES = 20


def criterion(
    named: str,
    now: Sequence[CriterionCost],
    before: Sequence[CriterionCost],
    sessions: int,
    window: Window,
    asked: Asked,
) -> Message:
    """The criteria whose titles hold some words: in how many sessions each lost points now and in the time before."""
    heading = f"*Criterion “{safe(named, 200)}”: {format_query_text(asked.words, 800)}*\n{time_of(window, asked)}"
    if not now:
        return report_answer(
            asked,
            [
                f"{heading}\nIt was graded in none of these sessions, or their criteria were not read yet."
                f" `{asked.command} trend by:criterion` lists those that lost most."
            ],
        )
    lines = []
    then = {one.title: one for one in before}
    for one, line in zip(now[:MOST_TITLES], costly_lines(now[:MOST_TITLES]), strict=True):
        earlier = then.get(one.title)
        compared = (
            f"; in the time before in {earlier.failed:,} of {earlier.graded:,}" if earlier else "; not graded before"
        )
        lines.append(f"{line}{compared}")
    more = [f"and {len(now) - MOST_TITLES} more"] if len(now) > MOST_TITLES else []
    return report_answer(
        asked,
        [
            section(mrkdwn(f"{heading}; of the newest {sessions:,} sessions with criteria")),
            *line_sections([*lines, *more]),
        ],
    )
