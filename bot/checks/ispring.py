"""Checks that ask iSpring for a whole listing: key, region, rights, rows, statuses, dates."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bot.checks import CheckResult, fine, warning, wrong
from bot.domain.alerts import ALERTS
from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable
from bot.domain.model import OutcomeKind, SessionKey
from bot.domain.outcomes import judge
from bot.domain.polling import is_round
from bot.domain.ports import DateEvidence, Listing, Part, Slice, Training
from bot.domain.text import count, without_stop
from bot.services.listing_gaps import count_left_out

MAX_STATUSES = 5
PARTS_LIMIT = 60.0  # seconds for people, departments, criteria and areas each
MAX_STATUS = 40  # characters: the text comes from outside


@dataclass(slots=True)
class _ListingSummary:
    """A listing in figures. `rejected`: rows that could not be decoded."""

    ids: set[str] = field(default_factory=set)
    rows: int = 0
    rejected: int = 0
    without_parts: int = 0
    completed: SessionKey | None = None  # one completed session
    unknown_statuses: set[str] = field(default_factory=set)


async def check_ispring(
    training: Training, stored: int, show_progress: Callable[[str], None]
) -> AsyncIterator[CheckResult]:
    """Yields one result per check; there are no more after a listing that fails. `stored`: number of stored ones."""
    show_progress("Asking iSpring which sessions its checklists name…")
    named = await _named_ids(training)
    show_progress("Asking iSpring for its sessions…")
    try:
        async with training.list_sessions() as listing:
            read = await _summarise(listing, show_progress)
            evidence = listing.date_evidence
    except TrainingRefused as error:
        yield wrong("iSpring: refuses", error.in_full)
        return
    except TrainingUnavailable as error:
        remedy = "Check ISPRING_API_URL and the network from this machine to iSpring."
        yield wrong("iSpring: can't be reached", f"{without_stop(error.in_full)}. {remedy}")
        return
    except TrainingError as error:
        yield wrong("iSpring: no listing", error.in_full)
        return
    yield fine(f"iSpring: answers, {count(read.rows, 'session')} listed")
    if 2 * read.rows < stored:
        yield warning(
            f"iSpring: lists {count(read.rows, 'session')} although {stored:,} are stored",
            "No stored session is marked missing because of it. Check that the API key still sees all departments.",
        )
    yield named if isinstance(named, CheckResult) else await _check_completeness(training, named, read)
    listed = count(read.rows + read.rejected, "session")
    if is_round(read.rows + read.rejected):
        yield warning(
            f"iSpring: lists exactly {listed}, which may be the limit of its list",
            "It may be chance. Compare it with a report in iSpring; if that has more, ask iSpring's support.",
        )
    if read.rejected:
        yield warning(
            f"iSpring: {count(read.rejected, 'row')} can't be understood",
            "They are left out, the others are read. The log names each row's position and what is wrong with it.",
        )
    async for result in _check_parts(training, read, show_progress):
        yield result
    if read.unknown_statuses:
        statuses = ", ".join(repr(one[:MAX_STATUS]) for one in sorted(read.unknown_statuses)[:MAX_STATUSES])
        yield warning(
            f"iSpring: uses a status Spotter does not know ({statuses})",
            "Its sessions count neither as completed nor as failed. Please report it, so that it gets a meaning.",
        )
    for result in _check_dates(evidence, read.rows):
        yield result


async def _named_ids(training: Training) -> Iterable[str] | CheckResult:
    """Returns the session ids that iSpring's checklists name, or the result that says why they can't be read."""
    try:
        return await training.named_sessions()
    except TrainingError as error:
        return warning(
            "iSpring: the sessions that its checklists name can't be read",
            f"It is unknown whether the listing leaves any out. {error}",
        )


async def _check_completeness(training: Training, named: Iterable[str], read: _ListingSummary) -> CheckResult:
    """Checks that the listing holds the sessions that the checklists named before it."""
    try:
        missing = await count_left_out(training, named, read.ids, read.rejected)
    except TrainingError as error:
        return warning("iSpring: the sessions that its checklists name can't be read a second time", str(error))
    if not missing:
        return fine("iSpring: lists every session that its checklists name")
    return warning(
        f"iSpring: its checklists name {count(missing, 'session')} that its list of sessions leaves out",
        "Spotter can't read them and posts nothing about them. Ask iSpring's support what limits that list.",
    )


async def _check_parts(
    training: Training, read: _ListingSummary, show_progress: Callable[[str], None]
) -> AsyncIterator[CheckResult]:
    """Checks each part that is read on its own, and that it was read as a whole; criteria and areas of one session."""
    show_progress("Asking iSpring for its people and departments…")
    found: dict[Part, int] = {}
    slow: set[Part] = set()
    try:
        async with asyncio.timeout(PARTS_LIMIT):
            found[Part.PEOPLE] = len(await training.people())
    except (TrainingError, TimeoutError) as error:
        slow |= {Part.PEOPLE} if isinstance(error, TimeoutError) else set()
    try:
        async with asyncio.timeout(PARTS_LIMIT):
            found[Part.DEPARTMENTS] = len(await training.departments())
    except (TrainingError, TimeoutError) as error:
        slow |= {Part.DEPARTMENTS} if isinstance(error, TimeoutError) else set()
    if read.completed is not None:
        try:
            async with asyncio.timeout(PARTS_LIMIT):
                await training.details([read.completed])
        except (TrainingError, TimeoutError) as error:
            slow |= {Part.CRITERIA} if isinstance(error, TimeoutError) else set()
    health = training.health()
    for part, number in found.items():
        if number:
            yield fine(f"iSpring: {number:,} {part} can be read")
        else:
            yield warning(f"iSpring: its list of {part} is empty", "Check the rights of the API account.")
    for part in slow:
        yield warning(
            f"iSpring: its {part} take longer than {PARTS_LIMIT:.0f} s to be read",
            "A running Spotter reads them to their end beside the polls.",
        )
    for part, state in health.items():
        if state.error and part is not Part.CHECKLISTS:  # these have a line of their own
            reason = without_stop(state.error)
            yield warning(f"iSpring: its {part} can't be read ({reason})", ALERTS[f"{part}_unread"].remedy)
    left_out = {"sessions": read.without_parts} | {str(part): state.left_out for part, state in health.items()}
    for name, number in left_out.items():
        if number:
            yield warning(
                f"iSpring: {count(number, 'row')} of its {name} can't be read as a whole",
                "What could be read is used. The log names the place; please report it.",
            )


def _check_dates(evidence: DateEvidence, rows: int) -> Iterator[CheckResult]:
    if evidence.contradicts_order:
        other = "mdy" if evidence.order == "dmy" else "dmy"
        yield wrong(f"Dates: some of them need the order {other}", f"Set ISPRING_DATE_ORDER={other}.")
    elif evidence.day_first or evidence.month_first:
        proofs = evidence.day_first or evidence.month_first
        yield fine(f"Dates: {count(proofs, 'date')} can only be read with the order {evidence.order}")
    elif rows:
        yield warning(
            "Dates: nothing proves their order yet",
            "Compare one session's dates with iSpring; if day and month are swapped, change ISPRING_DATE_ORDER.",
        )
    if evidence.unreadable:
        yield warning(
            f"Dates: {evidence.unreadable} can't be read",
            "Their sessions are shown without that date. Compare one with iSpring and please report how it is written.",
        )
    if evidence.backwards or evidence.ahead:
        yield warning(
            f"Dates: {evidence.backwards} sessions end before they start, {evidence.ahead} in the future",
            "Check ISPRING_TIMEZONE and ISPRING_DATE_ORDER.",
        )


async def _summarise(listing: Listing, show_progress: Callable[[str], None]) -> _ListingSummary:
    """Reads every row, slice by slice, off the event loop."""
    read = _ListingSummary()
    slices = listing.slices()
    while await asyncio.to_thread(_add_next, slices, read):
        show_progress(f"Reading iSpring's sessions: {read.rows:,}")
    return read


def _add_next(slices: Iterator[Slice], read: _ListingSummary) -> bool:
    """Adds the next slice; returns False if there is none. Reading a row's facts also feeds the evidence of dates."""
    batch = next(slices, None)
    if batch is None:
        return False
    read.rows += len(batch.rows)
    read.ids.update(session_id for session_id, _, _ in batch.rows)
    read.rejected += len(batch.rejected)
    read.without_parts += batch.without_parts
    for index in range(len(batch.rows)):
        facts = batch.facts(index)
        if read.completed is None and judge(facts, None).is_over:
            read.completed = facts.key
        if facts.status not in read.unknown_statuses and judge(facts, None).kind is OutcomeKind.UNKNOWN:
            read.unknown_statuses.add(facts.status)
    return True
