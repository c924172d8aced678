"""The criteria that cost most points, in a report: alone, or the first few beside other rows."""

from collections.abc import Sequence

from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, mrkdwn, section
from bot.blocks.markup import NAME, code, safe
from bot.domain.report_numbers import format_percent
from bot.domain.reports import SMALLEST_GROUP, CriterionCost

BESIDE = 3  # beside other rows, where few read a longer list
LINES_PER_SECTION = 10


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


def line_sections(lines: Sequence[str]) -> list[Block]:
    """Lines as sections, each within Slack's limit."""
    starts = range(0, len(lines), LINES_PER_SECTION)
    return [section(mrkdwn("\n".join(lines[at : at + LINES_PER_SECTION]))) for at in starts]
