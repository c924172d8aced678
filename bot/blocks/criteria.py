"""What one criterion cost, and whether it costs less than before."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.costly_criteria import costly_lines, line_sections
from bot.blocks.elements import mrkdwn, section
from bot.blocks.markup import format_query_text, safe
from bot.blocks.reports import Asked, report_answer, time_of
from bot.domain.notifications import Message
from bot.domain.report_periods import Window
from bot.domain.reports import CriterionCost

MOST_TITLES = 20


@dataclass(frozen=True, slots=True)
class Halves:
    """What criteria cost in the newer and the older half of a time."""

    newer: Sequence[CriterionCost]
    older: Sequence[CriterionCost]


def criterion(
    named: str,
    costs: Sequence[CriterionCost],
    halves: Halves,
    sessions: int,
    window: Window,
    asked: Asked,
) -> Message:
    """The criteria whose titles hold some words: in how many sessions each lost points, also by halves of the time."""
    heading = f"*Criterion “{safe(named, 200)}”: {format_query_text(asked.words, 800)}*\n{time_of(window, asked)}"
    if not costs:
        return report_answer(
            asked,
            [
                f"{heading}\nIt was graded in none of these sessions, or their criteria were not read yet."
                f" `{asked.command} trend by:criterion` lists those that lost most."
            ],
        )
    newer, older = ({one.title: one for one in half} for half in (halves.newer, halves.older))
    shown = costs[:MOST_TITLES]
    lines = [
        f"{line}; {_lost(newer.get(one.title))} in the newer half of this time,"
        f" {_lost(older.get(one.title))} in the older"
        for one, line in zip(shown, costly_lines(shown), strict=True)
    ]
    more = [f"and {len(costs) - MOST_TITLES} more"] if len(costs) > MOST_TITLES else []
    return report_answer(
        asked,
        [
            section(mrkdwn(f"{heading}; of the newest {sessions:,} sessions with criteria")),
            *line_sections([*lines, *more]),
        ],
    )


def _lost(cost: CriterionCost | None) -> str:
    return "not graded" if cost is None else f"{cost.failed:,} of {cost.graded:,}"
