"""What results are measured against: the targets and critical criteria set from Slack, and PASS_TARGET."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from bot.domain.model import CriticalCriterion, Details, OutcomeKind, Targets
from bot.domain.report_periods import Window
from bot.domain.target_changes import JudgedCriteria, Judgement
from bot.store.columns import State, listed, table, to_ms, to_ms_up
from bot.store.conditions import COLUMNS
from bot.store.sqlite import IN_LIST

_FOR_ALL = ""  # the checklist id of the target for all
MOST_CRITERIA_READ = 20_000  # sessions whose criteria one preview reads
_HAPPENED = COLUMNS["happened"]
_OVER = listed(kind for kind in OutcomeKind if kind.is_over)
_DETAILS = msgspec.json.Decoder(Details)


class TargetRepository:
    """Targets and critical criteria."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    def current(self) -> Targets:
        """What is in force: targets in percent, and critical criteria by title."""
        percents: dict[str, float | None] = {
            row["checklist_id"]: row["percent"] for row in table(self._connection, "targets").rows
        }
        default = percents.pop(_FOR_ALL) if _FOR_ALL in percents else self._state.get("initial_target")
        critical: dict[str, tuple[CriticalCriterion, ...]] = {}
        for row in self._connection.execute(
            "SELECT * FROM critical_criteria ORDER BY checklist_id, title, criterion_id"
        ):
            one = CriticalCriterion(row["criterion_id"], row["title"])
            critical[row["checklist_id"]] = (*critical.get(row["checklist_id"], ()), one)
        own = {ident: percent for ident, percent in percents.items() if percent is not None}
        return Targets(default, own, critical)

    def is_set_for_all(self) -> bool:
        """Whether the target for all was set from Slack, so that PASS_TARGET does not count."""
        return any(True for _ in table(self._connection, "targets").rows_where("checklist_id = ?", [_FOR_ALL]))

    def set(self, checklist_id: str | None, percent: float | None, who: str, now: datetime) -> None:
        """Sets the target of a checklist, or of all if it is None; no percentage removes it."""
        targets = table(self._connection, "targets")
        if checklist_id is not None and percent is None:
            targets.delete_where("checklist_id = ?", [checklist_id])
            return
        # "None for all" stays as a row: from now on PASS_TARGET does not count.
        targets.upsert(
            {"checklist_id": checklist_id or _FOR_ALL, "percent": percent, "set_by": who, "set_at": to_ms(now)},
            pk="checklist_id",
        )

    def set_initial(self, percent: float | None) -> None:
        """Stores PASS_TARGET: it counts until a target for all is set from Slack."""
        self._state.set("initial_target", percent)

    def set_critical(self, checklist_id: str, critical: Sequence[CriticalCriterion], who: str, now: datetime) -> None:
        """Makes these the critical criteria of a checklist, and no others."""
        criteria = table(self._connection, "critical_criteria")
        criteria.delete_where("checklist_id = ?", [checklist_id])
        criteria.insert_all(
            {
                "checklist_id": checklist_id,
                "criterion_id": one.criterion_id,
                "title": one.title,
                "set_by": who,
                "set_at": to_ms(now),
            }
            for one in dict.fromkeys(critical)
        )

    def criteria_of(self, checklist_ids: Sequence[str]) -> Mapping[str, tuple[CriticalCriterion, ...]]:
        """The criteria that sessions of these checklists had, by checklist id; one whose title changed has its newest
        title."""
        rows = self._connection.execute(
            f"SELECT checklist_id, criterion_id, title FROM checklist_criteria WHERE checklist_id {IN_LIST}"
            " ORDER BY checklist_id, title, criterion_id",
            (listed(checklist_ids),),
        )
        found: dict[str, tuple[CriticalCriterion, ...]] = {}
        for row in rows:
            one = CriticalCriterion(row["criterion_id"], row["title"])
            found[row["checklist_id"]] = (*found.get(row["checklist_id"], ()), one)
        return found

    # ---- what a change would turn ----------------------------------------------------------------------------------

    def judgements(self, window: Window) -> Sequence[Judgement]:
        """The completed sessions of a window that iSpring still lists, counted by checklist, outcome and score."""
        rows = self._connection.execute(
            f"SELECT checklist_id, outcome, score, count(*) FROM sessions WHERE {_HAPPENED} >= ? AND {_HAPPENED} < ?"
            f" AND missing_since IS NULL AND outcome {IN_LIST} GROUP BY 1, 2, 3",
            (to_ms_up(window.start), to_ms_up(window.end), _OVER),
        )
        return [Judgement(row[0], OutcomeKind(row[1]), row[2], row[3]) for row in rows]

    def judged_criteria(self, checklist_id: str, window: Window) -> Sequence[JudgedCriteria]:
        """The newest completed sessions of a checklist in a window whose criteria are here."""
        rows = self._connection.execute(
            "SELECT outcome, score, target, body FROM sessions JOIN details ON details.session = sessions.id"
            f" WHERE checklist_id = ? AND {_HAPPENED} >= ? AND {_HAPPENED} < ? AND missing_since IS NULL"
            f" AND outcome {IN_LIST} ORDER BY {_HAPPENED} DESC, sessions.id DESC LIMIT ?",
            (checklist_id, to_ms_up(window.start), to_ms_up(window.end), _OVER, MOST_CRITERIA_READ),
        )
        return [JudgedCriteria(OutcomeKind(row[0]), row[1], row[2], _DETAILS.decode(row[3])) for row in rows]


def note_criteria(connection: sqlite3.Connection, checklist_id: str, details: Details) -> None:
    """Stores which criteria a checklist has, as its sessions name them: only what was seen can be made critical."""
    if not checklist_id:
        return
    rows = connection.execute(
        "SELECT criterion_id, title FROM checklist_criteria WHERE checklist_id = ?", (checklist_id,)
    )
    known = {(ident, title) for ident, title in rows}
    for ident, title in dict.fromkeys((one.criterion_id, one.title) for one in details.criteria):
        if (ident, title) in known or not (ident or title):
            continue
        if ident:  # its title changed
            connection.execute(
                "DELETE FROM checklist_criteria WHERE checklist_id = ? AND criterion_id = ?", (checklist_id, ident)
            )
        connection.execute(
            "INSERT INTO checklist_criteria (checklist_id, criterion_id, title) VALUES (?, ?, ?)"
            " ON CONFLICT (checklist_id, criterion_id, title) DO NOTHING",
            (checklist_id, ident, title),
        )
