"""What criteria cost: one criterion and whether it costs less than before, and those that cost most as a part of other
reports."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, line_sections, mrkdwn, section
from bot.blocks.markup import NAME, code, format_query_text, safe
from bot.blocks.reports import Asked, report_answer, time_of
from bot.domain.notifications import Message
from bot.domain.report_numbers import format_percent
from bot.domain.report_periods import Window
from bot.domain.reports import SMALLEST_GROUP, CriterionCost

MOST_TITLES = 20
BESIDE = 3  # beside other rows, where few read a longer list


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


# ---- in other reports ------------------------------------------------------------------------------------------------


def costly_blocks(costs: Sequence[CriterionCost], criteria_from: int) -> list[Block]:
    """The criteria under their heading; nothing if there are none."""
    if not costs:
        return []
    of = f"the newest {criteria_from:,} sessions" if criteria_from > 1 else "1 session"
    heading = f"*Criteria that lost the largest part of their points, in {of} with criteria*"
    if all(one.is_small for one in costs):
        heading = f"*Criteria that lost points, in {of} with criteria; too few to rank them*"
    return line_sections([heading, *costly_lines(costs)])


def costly_beside(costs: Sequence[CriterionCost], criteria_from: int, command: str) -> list[Block]:
    """The first of the criteria beside other rows, and the command that lists all; nothing if none can be ranked."""
    shown = [one for one in costs if not one.is_small][:BESIDE]
    if not shown:
        return []
    left = len(costs) - len(shown)
    more = [section(mrkdwn(f"{left:,} more: {code(command, 1_500)}"))] if left else []
    return [*costly_blocks(shown, criteria_from), *more]


def costly_lines(costs: Sequence[CriterionCost]) -> list[str]:
    """A line for each criterion: which part of its points it lost, and in how many sessions."""
    not_ranked = "" if all(one.is_small for one in costs) else f" · fewer than {SMALLEST_GROUP}, not ranked"
    return [
        f"• {safe(one.title, NAME) or UNTITLED}: {format_percent(one.share)} of its points,"
        f" in {one.failed:,} of {one.graded:,}{not_ranked if one.is_small else ''}"
        for one in costs
    ]
