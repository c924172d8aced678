"""Reports: figures of groups of sessions, compared with the time before. Pure; numbers are exact until they are shown.

The store counts equal sessions (`OutcomeCount`); everything else is computed here, so that every surface shows the same
numbers.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from bot.domain.model import OutcomeKind
from bot.domain.report_periods import ReportPeriod, Window

SMALLEST_GROUP = 5  # completed sessions: a smaller group is marked and not ranked


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many sessions of a group have the same outcome and score (percent, None if not scored)."""

    group: str
    outcome: OutcomeKind
    score: float | None
    count: int


class Counts(NamedTuple):
    """How many completed sessions a group has, and how many of them met their target or failed. A tuple, of which
    50,000 are made within an answer."""

    group: str
    completed: int
    met: int
    failing: int

    @property
    def figures(self) -> "Figures":
        """The same without a median."""
        return Figures(sessions=self.completed, completed=self.completed, met=self.met, failing=self.failing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of some sessions. `median` of the scores in percent, None if none has one. `judged`: the completed
    sessions that had a target or failed; `critical` of the failing ones failed by a critical criterion."""

    sessions: int = 0
    completed: int = 0
    met: int = 0
    failing: int = 0
    critical: int = 0
    median: Fraction | None = None

    @property
    def judged(self) -> int:
        return self.met + self.failing

    @property
    def share(self) -> Fraction | None:
        """Percent of the judged sessions that met their target; None if none was judged."""
        return Fraction(100 * self.met, self.judged) if self.judged else None

    @property
    def is_small(self) -> bool:
        """Too few sessions to rank the group."""
        return self.completed < SMALLEST_GROUP or 0 < self.judged < SMALLEST_GROUP


def parted(every: Iterable[OutcomeCount], chosen: Iterable[OutcomeCount]) -> Sequence[OutcomeCount]:
    """All completed sessions without scores, of which the chosen count as if they met a target, the others as below it.

    For sessions that were chosen by their outcome or score: the share that met the target says nothing of them, the
    share that they are of all does.
    """
    left, found = Counter[str](), Counter[str]()
    for one in every:
        left[one.group] += one.count * one.outcome.is_over
    for one in chosen:
        found[one.group] += one.count * one.outcome.is_over
    left.subtract(found)
    return [
        OutcomeCount(group, kind, None, count)
        for kind, counts in ((OutcomeKind.MET, found), (OutcomeKind.BELOW, left))
        for group, count in counts.items()
        if count
    ]


def figures(outcome_counts: Iterable[OutcomeCount]) -> Figures:
    """The numbers of all these sessions."""
    counts, scores = _counts(outcome_counts)
    return replace(counts, median=_median(scores))


def _counts(outcome_counts: Iterable[OutcomeCount]) -> tuple[Figures, Mapping[float, int]]:
    """The numbers without the median, and how many sessions have each score."""
    sessions = completed = met = failing = critical = 0
    scores: dict[float, int] = {}
    for one in outcome_counts:
        sessions += one.count
        if not one.outcome.is_over:
            continue
        completed += one.count
        met += one.count * (one.outcome is OutcomeKind.MET)
        failing += one.count * one.outcome.is_failing
        critical += one.count * (one.outcome is OutcomeKind.CRITICAL)
        if one.score is not None:
            scores[one.score] = scores.get(one.score, 0) + one.count
    numbers = Figures(sessions=sessions, completed=completed, met=met, failing=failing, critical=critical)
    return numbers, scores


def _without_median(outcome_counts: Iterable[OutcomeCount]) -> Figures:
    """The counts alone, for what is compared with or not ranked: thousands of medians take too long for an answer."""
    return _counts(outcome_counts)[0]


def _median(scores: Mapping[float, int]) -> Fraction | None:
    """The middle score, or halfway between the two middle ones; None of no scores."""
    total = sum(scores.values())
    if not total:
        return None
    ordered, middle, seen = sorted(scores), [], 0
    wanted = {(total - 1) // 2, total // 2}
    for score in ordered:
        middle += [score for at in wanted if seen <= at < seen + scores[score]]
        seen += scores[score]
    return sum((Fraction(repr(float(score))) for score in middle), Fraction(0)) / len(middle)


# ---- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One group, its figures, and those of the time before that it is compared with."""

    group: str
    now: Figures
    before: Figures

    @property
    def change(self) -> Fraction | None:
        """Points between the shares that met their target, unrounded; None if there is no share before or now."""
        if self.now.share is None or self.before.share is None:
            return None
        return self.now.share - self.before.share


def report(rows: Iterable[OutcomeCount], before: Iterable[OutcomeCount]) -> tuple[ReportRow, ...]:
    """A row for each group with a session, the lowest share first, the small groups behind and unranked. These have
    no figures before, and neither they nor the figures before have a median."""
    now, then = _by_group(rows), _by_group(before)
    groups = []
    for group, counted in now.items():
        found = _without_median(counted)
        if found.is_small:
            groups.append(ReportRow(group=group, now=found, before=Figures()))
        else:
            before_it = _without_median(then.get(group, ()))
            groups.append(ReportRow(group=group, now=figures(counted), before=before_it))
    return tuple(sorted(groups, key=_rank))


def _by_group(outcome_counts: Iterable[OutcomeCount]) -> Mapping[str, Sequence[OutcomeCount]]:
    found: dict[str, list[OutcomeCount]] = {}
    for one in outcome_counts:
        found.setdefault(one.group, []).append(one)
    return found


def _rank(row: ReportRow) -> tuple[int, Fraction, Fraction, int, str]:
    """Small groups come behind all others and among themselves in no order of results; the sessions of no group are
    between these."""
    if row.now.is_small:
        return 2, Fraction(0), Fraction(0), -row.now.completed, row.group
    share, median = row.now.share, row.now.median
    return (
        int(not row.group),
        Fraction(101) if share is None else share,
        Fraction(101) if median is None else median,
        -row.now.completed,
        row.group,
    )


def ranked(
    counts: Iterable[Counts], small: int, *, fewest_first: bool = False
) -> tuple[Sequence[Counts], Sequence[Counts], int]:
    """The groups that are not small, the lowest share first, then the larger; the first `small` of the small ones, the
    largest first or those with the fewest; and how many small ones there are."""
    large, few = list[Counts](), list[Counts]()
    for one in counts:
        judged = one.met + one.failing
        (few if one.completed < SMALLEST_GROUP or 0 < judged < SMALLEST_GROUP else large).append(one)
    sign = 1 if fewest_first else -1
    first = heapq.nsmallest(small, few, key=lambda one: (sign * one.completed, one.group))
    return sorted(large, key=_lowest_share), first, len(few)


def _lowest_share(one: Counts) -> tuple[float, int, str]:
    judged = one.met + one.failing
    return one.met / judged if judged else math.inf, -one.completed, one.group


def added_up(counts: Iterable[Counts], unit_of: Mapping[str, str]) -> Sequence[Counts]:
    """The counts of groups, each of which occurs once, as those of the units that they belong to; a group without one
    is its own."""
    if not unit_of:
        return [*counts]
    found: dict[str, Counts] = {}
    for one in counts:
        unit = unit_of.get(one.group, one.group)
        so_far = found.get(unit, Counts(unit, 0, 0, 0))
        found[unit] = Counts(unit, so_far.completed + one.completed, so_far.met + one.met, so_far.failing + one.failing)
    return [*found.values()]


def by_change(large: Sequence[Counts], before: Iterable[Counts]) -> Sequence[Counts]:
    """The groups, what lost most points first; those that were small in the time before are left out: against so few
    sessions a change says nothing."""
    then = {one.group: one.figures for one in before if not one.figures.is_small}
    changes = {
        one.group: one.figures.share - share
        for one in large
        if one.figures.share is not None and one.group in then and (share := then[one.group].share) is not None
    }
    known = [one for one in large if one.group in changes]
    return sorted(known, key=lambda one: (changes[one.group], -one.completed, one.group))


@dataclass(frozen=True, slots=True)
class TrendVerdict:
    """Whether results got better: the figures of the later periods beside those of as many earlier ones.
    `is_within`: both lie within the report, else the earlier time is the one before it."""

    now: Figures
    before: Figures
    is_within: bool

    @property
    def change(self) -> Fraction | None:
        """Points between the shares; None if either side has too few sessions to say."""
        if self.now.share is None or self.before.share is None or self.now.is_small or self.before.is_small:
            return None
        return self.now.share - self.before.share

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would seldom, once in ten times, make as large a change: 50 % instead of 46 % of 23
        sessions say nothing."""
        if self.change is None:
            return False
        share = Fraction(self.now.met + self.before.met, self.now.judged + self.before.judged)
        variance = share * (1 - share) * (Fraction(1, self.now.judged) + Fraction(1, self.before.judged))
        return abs(float(self.change)) / 100 > _SELDOM * math.sqrt(variance)


_SELDOM = 1.645  # standard deviations: 10 % of a normal distribution lie further from its middle


def verdict(every: Sequence[ReportRow]) -> TrendVerdict:
    """The newer half of a report's periods against the older half; a single period against the time before it. Of an
    odd number the middle one counts for neither. Periods before the first session and after the last do not count."""
    some = [at for at, row in enumerate(every) if row.now.completed]
    rows = every[some[0] : some[-1] + 1] if some else every
    half = len(rows) // 2
    if not half:
        return TrendVerdict(_sum(row.now for row in rows), _sum(row.before for row in rows), is_within=False)
    return TrendVerdict(_sum(row.now for row in rows[-half:]), _sum(row.now for row in rows[:half]), is_within=True)


def _sum(parts: Iterable[Figures]) -> Figures:
    """The counts of several groups, without a median."""
    found = Figures()
    for one in parts:
        found = Figures(
            sessions=found.sessions + one.sessions,
            completed=found.completed + one.completed,
            met=found.met + one.met,
            failing=found.failing + one.failing,
            critical=found.critical + one.critical,
        )
    return found


# ---- criteria ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionCost:
    """What one criterion cost: `lost` of `total` points, in `graded` sessions, of which `failed` lost any."""

    title: str
    graded: int
    failed: int
    lost: float
    total: float
    area: str = ""

    @property
    def is_small(self) -> bool:
        """Graded too seldom to be ranked."""
        return self.graded < SMALLEST_GROUP

    @property
    def share(self) -> Fraction:
        """Percent of its points that were lost."""
        return Fraction(repr(float(self.lost))) * 100 / Fraction(repr(float(self.total)))


def most_costly(costs: Iterable[CriterionCost], *, with_small: bool = False) -> Sequence[CriterionCost]:
    """The criteria that lost points, the largest part first. `with_small`: behind them, in no order of results, those
    that were graded in fewer than 5 sessions, which are left out else."""
    costly = [one for one in costs if one.lost > 0]
    ranked = sorted((one for one in costly if not one.is_small), key=lambda one: (-one.share, -one.failed, one.title))
    small = sorted((one for one in costly if one.is_small), key=lambda one: (-one.graded, one.title))
    return [*ranked, *(small if with_small else ())]


def report_by_time(
    every: Sequence[ReportPeriod],
    cuts: Sequence[datetime],
    outcome_counts: Iterable[OutcomeCount],
    name: Callable[[ReportPeriod], str],
) -> tuple[ReportRow, ...]:
    """A row for each period, of outcome_counts whose group is the number of cuts up to them."""
    by_bucket = _by_group(outcome_counts)

    def within(window: Window) -> Iterable[OutcomeCount]:
        first, last = cuts.index(window.start) + 1, cuts.index(window.end) + 1
        return (one for bucket in range(first, last) for one in by_bucket.get(str(bucket), ()))

    return tuple(
        ReportRow(group=name(one), now=figures(within(one.window)), before=figures(within(one.before))) for one in every
    )
