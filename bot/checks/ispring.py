"""What a live listing tells: key, region, rights, rows, statuses, dates."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bot.blocks.elements import count
from bot.checks.results import Finding, fine, warning, wrong
from bot.domain.alerts import is_round
from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable
from bot.domain.model import OutcomeKind
from bot.domain.outcomes import judge
from bot.domain.ports import DateEvidence, Listing, Slice, Training
from bot.jobs.completeness import left_out

STATUSES_NAMED = 5
MAX_STATUSES = 40  # characters: it comes from outside


@dataclass(slots=True)
class _Read:
    """What was seen in a listing."""

    ids: set[str] = field(default_factory=set)
    rows: int = 0
    rejected: int = 0
    unknown: set[str] = field(default_factory=set)


async def findings(training: Training, known: int, report: Callable[[str], None]) -> AsyncIterator[Finding]:
    """`known`: how many sessions the database has; `tell` hears what is being done."""
    report("Asking iSpring which sessions its checklists name…")
    named, unnamed = await _named(training)
    report("Asking iSpring for its sessions…")
    try:
        async with training.list_sessions() as listing:
            read = await _read_through(listing, report)
            evidence = listing.date_evidence
    except TrainingRefused as error:
        yield wrong("iSpring: refuses", error.in_full)
        return
    except TrainingUnavailable as error:
        remedy = "Check ISPRING_API_URL and the network from this machine to iSpring."
        yield wrong("iSpring: is away", f"{error.in_full} {remedy}")
        return
    except TrainingError as error:
        yield wrong("iSpring: no listing", error.in_full)
        return
    yield fine(f"iSpring: answers, {read.rows} sessions listed")
    if 2 * read.rows < known:
        yield warning(
            f"iSpring: lists {read.rows} sessions although {known} are known",
            "Nothing is marked missing because of it. Check that the API key still sees all departments.",
        )
    yield unnamed or await _completeness(training, named, read)
    listed = count(read.rows + read.rejected, "session")
    if is_round(read.rows + read.rejected):
        yield warning(
            f"iSpring: lists exactly {listed}, which may be a limit at which its list ends",
            "It may be chance. Compare it with a report in iSpring; if that has more, ask iSpring's support.",
        )
    if read.rejected:
        yield warning(
            f"iSpring: {read.rejected} rows can't be understood",
            "They are left out, the others go on. The log names each row's place and what is wrong with it.",
        )
    if read.unknown:
        named = ", ".join(repr(one[:MAX_STATUSES]) for one in sorted(read.unknown)[:STATUSES_NAMED])
        yield warning(
            f"iSpring: uses a status Spotter does not know ({named})",
            "Its sessions count neither as completed nor as failed. Please report it, so that it gets a meaning.",
        )
    for finding in _dates(evidence, read.rows):
        yield finding


async def _named(training: Training) -> tuple[Iterable[str], Finding | None]:
    """The session ids that iSpring's checklists name; or what is to be said where they can't be asked for."""
    try:
        return await training.named_sessions(), None
    except TrainingError as error:
        return (), warning(
            "iSpring: its checklists can't be asked which sessions there are",
            f"So nothing tells whether the listing leaves any out. {error}",
        )


async def _completeness(training: Training, named: Iterable[str], read: _Read) -> Finding:
    """Whether the listing holds what the checklists named before."""
    try:
        missing = await left_out(training, named, read.ids, read.rejected)
    except TrainingError as error:
        return warning("iSpring: its checklists could not be asked again which sessions there are", str(error))
    if not missing:
        return fine("iSpring: lists every session that its checklists name")
    return warning(
        f"iSpring: its checklists name {count(missing, 'session')} that its list of sessions leaves out",
        "Spotter knows nothing of them and can't tell of them. Ask iSpring's support what limits that list.",
    )


def _dates(evidence: DateEvidence, rows: int) -> Iterator[Finding]:
    if evidence.contradicts_order:
        other = "mdy" if evidence.order == "dmy" else "dmy"
        yield wrong(f"Dates: some can only be read with the order {other}", f"Set ISPRING_DATE_ORDER={other}.")
    elif evidence.day_first or evidence.month_first:
        yield fine(
            f"Dates: the order {evidence.order} is proven by {evidence.day_first or evidence.month_first} of them"
        )
    elif rows:
        yield warning(
            "Dates: nothing proves their order yet",
            "Compare one session's dates with iSpring; where day and month are swapped, change ISPRING_DATE_ORDER.",
        )
    if evidence.unreadable:
        yield warning(
            f"Dates: {evidence.unreadable} can't be read",
            "These sessions are shown without that date. Compare one with iSpring and please report how it is written.",
        )
    if evidence.backwards or evidence.ahead:
        yield warning(
            f"Dates: {evidence.backwards} sessions end before they start, {evidence.ahead} in the future",
            "Check ISPRING_TIMEZONE and ISPRING_DATE_ORDER.",
        )


async def _read_through(listing: Listing, report: Callable[[str], None]) -> _Read:
    """Every row, slice by slice, off the event loop."""
    read = _Read()
    slices = listing.slices()
    while await asyncio.to_thread(_read_next, slices, read):
        report(f"Reading iSpring's sessions: {read.rows:,}")
    return read


def _read_next(slices: Iterator[Slice], read: _Read) -> bool:
    """Takes in the next slice, its dates read; False at the end."""
    piece = next(slices, None)
    if piece is None:
        return False
    read.rows += len(piece.rows)
    read.ids.update(session_id for session_id, _, _ in piece.rows)
    read.rejected += len(piece.rejected)
    for index in range(len(piece.rows)):
        facts = piece.facts(index)
        if facts.status not in read.unknown and judge(facts, None).kind is OutcomeKind.UNKNOWN:
            read.unknown.add(facts.status)
    return True
