"""Reads the spooled listing of sessions in batches of whole rows, so that its length does not matter."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import msgspec
from msgspec import Raw

from bot import VERSION
from bot.domain.errors import TrainingUnreadable
from bot.domain.model import SessionFacts
from bot.domain.ports import DateEvidence
from bot.ispring.body import clean_json, page_of, unreadable, without_mark
from bot.ispring.dates import Dates
from bot.ispring.tolerant import BLANK_ID, UNREADABLE, LeftOut, read_row
from bot.ispring.wire import SessionRow

PIECE = 1 << 20  # bytes of JSON decoded at a time
MOST_SET_ASIDE = 200_000  # rows; one line about each is kept until the listing ends
LONGEST_ROW = 16 << 20  # bytes; a row has about 500
WHAT = "the list of sessions"
FINGERPRINT_SIZE = 8

# Not strict: a number may come as a text.
ROWS = msgspec.json.Decoder(list[SessionRow], strict=False)
RAWS = msgspec.json.Decoder(list[Raw])
CANONICAL = msgspec.json.Encoder()

# A text, a bracket, or the lone quotation mark of a text without an end. No backtracking, so no input is slow.
TEXT_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
COMMA_NEXT = re.compile(rb"\s*,")


@dataclass(slots=True)
class RowSlice:
    """Some consecutive rows of a listing, decoded; see `domain.ports.Slice`."""

    decoded: Sequence[SessionRow]
    rows: Sequence[tuple[str, str, bytes]]
    rejected: Sequence[str]
    without_parts: int
    spelled: Mapping[str, str]
    dates: Dates
    requested_at: datetime

    def labels(self, index: int) -> tuple[str, str]:
        row = self.decoded[index]
        return row.status, row.checklist_id or ""

    def facts(self, index: int) -> SessionFacts:
        facts = self.decoded[index].facts(self.dates)
        self.dates.compare(facts.started, facts.finished, self.requested_at)
        return facts


class SpooledListing:
    """A listing in an open file, which the caller closes; see `domain.ports.Listing`."""

    def __init__(
        self,
        spool: IO[bytes],
        body_digest: bytes,
        size: int,
        requested_at: datetime,
        dates: Dates,
        version: str = VERSION,
        *,
        wire_size: int = 0,
    ) -> None:
        """`version` is Spotter's own. It is part of the digest, because a later version may decode rows that this one
        rejects and must read an unchanged listing again."""
        self.requested_at = requested_at
        self.size = size
        self.wire_size = wire_size
        self.digest = hashlib.sha256(f"{version}|".encode() + dates.settings + body_digest).digest()
        self._spool = spool
        self._dates = dates

    @property
    def date_evidence(self) -> DateEvidence:
        return self._dates.evidence()

    def slices(self) -> Iterator[RowSlice]:
        """Yields the rows, those of about one MiB at a time. Raises TrainingUnreadable if the file is no listing, if no
        row can be decoded, or if more than MOST_SET_ASIDE can't be."""
        seen = understood = 0
        first_reason = ""
        self._spool.seek(0)
        for rows, raws in row_batches(self._spool):
            found, rejected, left_out = one_by_one(raws, seen) if raws else (*with_ids(rows, seen), LeftOut())
            seen += len(found) + len(rejected)
            understood += len(found)
            first_reason = first_reason or "".join(rejected[:1])
            if seen - understood > MOST_SET_ASIDE:
                raise TrainingUnreadable(
                    f"More than {MOST_SET_ASIDE} rows of {WHAT} could not be understood; {first_reason}."
                )
            spelled = fold_all_ids(found)
            compared = self._compared(found)
            yield RowSlice(found, compared, rejected, left_out.parts, spelled, self._dates, self.requested_at)
        if first_reason and not understood:
            raise TrainingUnreadable(f"Not one row of {WHAT} could be understood; {first_reason}.")

    def _compared(self, rows: Sequence[SessionRow]) -> list[tuple[str, str, bytes]]:
        """Returns (session id, employee id, fingerprint) of each row. The fingerprint does not depend on the order of
        keys, on white space or on the spelling of ids, which are folded."""
        salted = hashlib.blake2b(self._dates.settings, digest_size=FINGERPRINT_SIZE)
        compared = []
        for row, text in zip(rows, CANONICAL.encode_lines(rows).split(b"\n"), strict=False):
            fingerprint = salted.copy()
            fingerprint.update(text)
            compared.append((row.session_id, row.employee_id, fingerprint.digest()))
        return compared


def fold_all_ids(rows: Sequence[SessionRow]) -> dict[str, str]:
    """Folds the ids of rows; returns those of sessions and checklists that iSpring does not spell in lower case, as it
    spells them."""
    spelled = {}
    for row in rows:
        session_id, checklist_id = row.session_id.strip(), row.checklist_id and row.checklist_id.strip()
        row.fold_ids()
        if row.session_id != session_id:
            spelled[row.session_id] = session_id
        if checklist_id and row.checklist_id and row.checklist_id != checklist_id:
            spelled[row.checklist_id] = checklist_id
    return spelled


def row_batches(spool: IO[bytes]) -> Iterator[tuple[Sequence[SessionRow], Sequence[Raw]]]:
    """Yields the rows of a spooled JSON array in batches of about PIECE bytes; a lone object counts as one row.

    Each batch is decoded, or raw if one of its rows is mistyped or has a broken character. Raises TrainingUnreadable
    if the file is neither an array nor an object. Memory stays that of one batch: decoding the whole file as
    `list[Raw]` is shorter, but takes 535 MB at a million rows, and half as much CPU time again.
    """
    text = without_mark(spool.read(PIECE))
    if text[:1] == b"{":
        yield (), page_of(text + spool.read(LONGEST_ROW), WHAT).items
        return
    if text[:1] != b"[":
        raise unreadable(text, WHAT)
    is_continued = False
    # As long as no row ends in the text, the text doubles.
    while chunk := spool.read(max(PIECE, len(text))):
        text += chunk
        if found := _first_rows(text):
            batch, end = found
            yield batch
            text = b"[" + text[end + 1 :]
            is_continued = True
        elif len(text) > LONGEST_ROW:
            raise TrainingUnreadable(f"iSpring's answer to {WHAT} has no end of a row within {LONGEST_ROW} bytes.")
    last = _decoded(text)
    if is_continued and not any(last):
        raise unreadable(text, WHAT)  # no row follows the last comma
    yield last


def _first_rows(text: bytes) -> tuple[tuple[Sequence[SessionRow], Sequence[Raw]], int] | None:
    """Returns the rows at the start of an unfinished array and the place of the comma behind them; None if there is no
    whole row.

    The last `},` usually ends a row. If it lies inside a text or a nested object, the array cut there is not valid
    JSON, and a walk over the brackets finds the comma.
    """
    end = text.rfind(b"},") + 1
    try:
        return _decode(text[:end] + b"]"), end
    except UNREADABLE:
        end = _last_comma(text)
    return (_decoded(text[:end] + b"]"), end) if end else None


def _last_comma(text: bytes) -> int:
    """Returns the place of the last comma between two rows of an unfinished array; 0 if there is none."""
    depth = end = 0
    for match in TEXT_OR_BRACKET.finditer(text):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == 1 and (comma := COMMA_NEXT.match(text, match.end())):
                end = comma.end() - 1
        elif token == b'"':
            break
    return end


def _decoded(array: bytes) -> tuple[Sequence[SessionRow], Sequence[Raw]]:
    """Returns what `_decode` returns. Raises TrainingUnreadable."""
    try:
        return _decode(array)
    except UNREADABLE as error:
        raise unreadable(array, WHAT, error) from None


def _decode(array: bytes) -> tuple[Sequence[SessionRow], Sequence[Raw]]:
    """Returns the rows of an array, decoded or else raw and with their broken characters replaced. Raises one of
    UNREADABLE if it is no JSON array."""
    try:
        return ROWS.decode(array), ()
    except UNREADABLE:
        return (), RAWS.decode(clean_json(array))


def with_ids(rows: Sequence[SessionRow], seen: int) -> tuple[Sequence[SessionRow], list[str]]:
    """Returns the rows that have ids, and for each other row one line with its number and the reason."""
    rejected = [f"row {number}: {BLANK_ID}" for number, row in enumerate(rows, seen + 1) if row.has_blank_id]
    return [row for row in rows if not row.has_blank_id] if rejected else rows, rejected


def one_by_one(raws: Sequence[Raw], seen: int) -> tuple[list[SessionRow], list[str], LeftOut]:
    """Returns the rows that can be identified; for each other row one line with its number and the reason; and how many
    rows lack a part that can't be read. `seen` is the number of rows before these."""
    found: list[SessionRow] = []
    rejected: list[str] = []
    left_out = LeftOut()
    for number, raw in enumerate(raws, seen + 1):
        try:
            row = read_row(SessionRow, bytes(raw), left_out)
            row.drop_broken_ids(left_out)
        except UNREADABLE as error:
            rejected.append(f"row {number}: {error}")
        else:
            found.append(row)
    return found, rejected, left_out
