"""The sessions of a report by unit, read once: the counts of each group and of all together. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from bot.domain.model import OutcomeKind
from bot.domain.reports import Counts, OutcomeCount, parted


class UnitCounts(NamedTuple):
    """Completed sessions: the counts of each group; those of all, as one group; and `every` group by outcome and score,
    None if these are too many to be counted so."""

    counts: Sequence[Counts]
    total: Sequence[OutcomeCount]
    every: Sequence[OutcomeCount] | None = None

    def parted(self, chosen: "UnitCounts") -> "UnitCounts":
        """These sessions, of which the chosen count as if they met a target, as `reports.parted` says."""
        found = {one.group: one.completed for one in chosen.counts}
        counts = [
            Counts(one.group, one.completed, found.get(one.group, 0), one.completed - found.get(one.group, 0))
            for one in self.counts
        ]
        every = None if self.every is None or chosen.every is None else parted(self.every, chosen.every)
        return UnitCounts(counts, parted(self.total, chosen.total), every)

    @classmethod
    def of(cls, every: Iterable[OutcomeCount]) -> Self:
        """The counts of completed sessions that are counted by group, outcome and score."""
        every = [*every]
        often: dict[OutcomeKind, dict[str, int]] = {kind: {} for kind in OutcomeKind}
        total: dict[tuple[OutcomeKind, float | None], int] = {}
        for one in every:
            groups = often[one.outcome]
            groups[one.group] = groups.get(one.group, 0) + one.count
            total[one.outcome, one.score] = total.get((one.outcome, one.score), 0) + one.count
        whole = [OutcomeCount("", kind, score, count) for (kind, score), count in total.items()]
        return cls(counts_of(often), whole, every)


def counts_of(often: Mapping[OutcomeKind, Mapping[str, int]]) -> Sequence[Counts]:
    """The counts of groups, by how many completed sessions of each outcome they have."""
    completed: dict[str, int] = {}
    failing: dict[str, int] = {}
    for kind, groups in often.items():
        for group, number in groups.items():
            completed[group] = completed.get(group, 0) + number
        if kind.is_failing:
            for group, number in groups.items():
                failing[group] = failing.get(group, 0) + number
    met = often.get(OutcomeKind.MET, {})
    return [Counts(group, number, met.get(group, 0), failing.get(group, 0)) for group, number in completed.items()]
