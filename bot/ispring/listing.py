"""The listing of sessions: spooled to a file, then read again piece by piece, however long it is.

Memory stays that of one piece. A piece ends where a decode of what lies before it succeeds as a whole: a cut inside a
text or a nested object would leave it unbalanced, so success proves that the cut lies between two rows. Where that
does not succeed within a few tries, one walk over the brackets finds the cut, so no content can make it slow.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import msgspec
from msgspec import Raw

from bot import VERSION
from bot.domain.errors import TrainingUnreadable
from bot.domain.model import SessionFacts
from bot.domain.ports import DateEvidence
from bot.ispring.dates import Dates
from bot.ispring.wire import UNREADABLE, SessionRow, mark_halves, page_of, readable, unreadable

PIECE = 1 << 20
MOST_SET_ASIDE = 200_000  # rows: each is a line to hold until the listing ends
LONGEST_ROW = 16 << 20  # bytes; a row has about 500
QUICK_CUTS = 8
WHAT = "the list of sessions"
FINGERPRINT_SIZE = 8

# Lax: numbers may come as texts.
ROWS = msgspec.json.Decoder(list[SessionRow], strict=False)
ROW = msgspec.json.Decoder(SessionRow, strict=False)
RAWS = msgspec.json.Decoder(list[Raw])
CANONICAL = msgspec.json.Encoder()
MENDED = "\ufffd".encode()

# A lone quotation mark is the beginning of a text that goes on behind the end of the piece.
TEXT_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
COMMA_NEXT = re.compile(rb"\s*,")


@dataclass(slots=True)
class RowSlice:
    """A piece of a listing, decoded; see `core.ports.Slice`."""

    decoded: Sequence[SessionRow]
    rows: Sequence[tuple[str, str, bytes]]
    rejected: Sequence[str]
    dates: Dates
    requested_at: datetime

    def facts(self, index: int) -> SessionFacts:
        facts = self.decoded[index].facts(self.dates)
        self.dates.compare(facts.started, facts.finished, self.requested_at)
        return facts


class SpooledListing:
    """One answer in an open file, which its opener closes; see `core.ports.Listing`."""

    def __init__(
        self,
        spool: IO[bytes],
        body_digest: bytes,
        size: int,
        requested_at: datetime,
        dates: Dates,
        version: str = VERSION,
    ) -> None:
        """`version` is Spotter's own: a later one may understand rows that this one sets aside, and reads them anew."""
        self.requested_at = requested_at
        self.size = size
        self.digest = hashlib.sha256(f"{version}|".encode() + dates.settings + body_digest).digest()
        self._spool = spool
        self._dates = dates

    @property
    def date_evidence(self) -> DateEvidence:
        return self._dates.evidence()

    def slices(self) -> Iterator[RowSlice]:
        """The rows, about one MiB at a time."""
        seen = understood = 0
        first_reason = ""
        self._spool.seek(0)
        for chunk in chunks(self._spool):
            found, rejected = one_by_one(chunk.raws, seen) if chunk.raws else (chunk.rows, [])
            seen += len(found) + len(rejected)
            understood += len(found)
            first_reason = first_reason or "".join(rejected[:1])
            if seen - understood > MOST_SET_ASIDE:
                raise TrainingUnreadable(
                    f"More than {MOST_SET_ASIDE} rows of {WHAT} could not be understood; {first_reason}."
                )
            yield RowSlice(found, self._compared(found), rejected, self._dates, self.requested_at)
        if first_reason and not understood:
            raise TrainingUnreadable(f"Not one row of {WHAT} could be understood; {first_reason}.")

    def _compared(self, rows: Sequence[SessionRow]) -> list[tuple[str, str, bytes]]:
        """What rows are compared by. The fingerprint knows no order of keys, no white space and no case of ids."""
        for row in rows:
            row.lower_ids()
        salted = hashlib.blake2b(self._dates.settings, digest_size=FINGERPRINT_SIZE)
        compared = []
        for row, text in zip(rows, CANONICAL.encode_lines(rows).split(b"\n"), strict=False):
            fingerprint = salted.copy()
            fingerprint.update(text)
            compared.append((row.session_id, row.employee_id, fingerprint.digest()))
        return compared


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole rows: decoded, or, where one of them is mistyped or holds a broken character, raw."""

    rows: Sequence[SessionRow] = ()
    raws: Sequence[Raw] = ()


def chunks(spool: IO[bytes]) -> Iterator[Chunk]:
    """A spooled JSON array in pieces of whole rows; a lone object is one row.

    Raises TrainingUnreadable where the file is nothing of the kind.
    """
    buffer = bytearray()
    wanted = PIECE
    is_list = False
    while chunk := spool.read(PIECE):
        buffer += chunk
        if not is_list:
            without_start(buffer)
            if not buffer:
                continue
            if buffer[:1] == b"{":
                buffer += spool.read(LONGEST_ROW)
                yield Chunk(raws=page_of(bytes(buffer), WHAT).items)
                return
            if buffer[:1] != b"[":
                raise unreadable(bytes(buffer[:512]), WHAT)
            is_list = True
        if len(buffer) < wanted:
            continue
        found = cut(buffer)
        if found is not None:
            yield found
            wanted = PIECE
        elif len(buffer) > LONGEST_ROW:
            raise TrainingUnreadable(f"iSpring's answer to {WHAT} has no end of a row within {LONGEST_ROW} bytes.")
        else:
            wanted = 2 * len(buffer)
    last = decode(buffer)
    if last is None:
        raise broken(buffer)
    yield last


def without_start(buffer: bytearray) -> None:
    """Takes away what may stand before the JSON: a byte order mark, white space."""
    if buffer.startswith(b"\xef\xbb\xbf"):
        del buffer[:3]
    del buffer[: len(buffer) - len(buffer.lstrip())]


def cut(buffer: bytearray) -> Chunk | None:
    """Takes as many whole rows as there are from the front; None where not even one has its end in the buffer.

    The buffer begins with the bracket of the array, before and after.
    """
    at = len(buffer)
    for _ in range(QUICK_CUTS):
        at = buffer.rfind(b"},", 0, at)
        if at < 0:
            break
        if (chunk := taken(buffer, at + 1)) is not None:
            return chunk
    comma = last_comma(buffer)
    if comma is None:
        return None
    chunk = taken(buffer, comma)
    if chunk is None:
        raise broken(buffer[:comma] + b"]")
    return chunk


def taken(buffer: bytearray, comma: int) -> Chunk | None:
    """Takes what lies before a comma, if that is whole rows; None, and nothing taken, if not."""
    buffer[comma] = ord("]")  # the array ends here for a moment, without a copy of it
    with memoryview(buffer) as view:
        chunk = decode(view[: comma + 1])
    if chunk is None:
        buffer[comma] = ord(",")
        return None
    del buffer[:comma]
    buffer[0] = ord("[")
    return chunk


def last_comma(buffer: bytearray) -> int | None:
    """The last comma between two rows, found by one walk over texts and brackets."""
    depth = 0
    found = None
    for match in TEXT_OR_BRACKET.finditer(buffer):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == 1 and (comma := COMMA_NEXT.match(buffer, match.end())):
                found = comma.end() - 1
        elif token == b'"':
            break
    return found


def decode(array: bytearray | memoryview) -> Chunk | None:
    """The rows of an array; None where it is no JSON array."""
    try:
        return Chunk(rows=ROWS.decode(array))
    except UNREADABLE:
        try:
            return Chunk(raws=apart(array))
        except UNREADABLE:
            return None


def apart(array: bytearray | memoryview) -> list[Raw]:
    """The rows of an array, undecoded; halves of characters in it are marked. Raises one of UNREADABLE."""
    try:
        return RAWS.decode(bytes(array))
    except UNREADABLE:
        mark_halves(array)
        return RAWS.decode(bytes(array))


def one_by_one(raws: Sequence[Raw], seen: int) -> tuple[list[SessionRow], list[str]]:
    """The rows that can be understood, and why the others can't; `seen` rows came before these."""
    found: list[SessionRow] = []
    rejected: list[str] = []
    for number, raw in enumerate(raws, seen + 1):
        try:
            found.append(readable(row_of, bytes(raw)))
        except UNREADABLE as error:
            rejected.append(f"row {number}: {error}")
    return found, rejected


def row_of(text: bytes) -> SessionRow:
    """One row. Raises one of UNREADABLE, also where what the row is known by was mended: it would be another's."""
    row = ROW.decode(text)
    if MENDED in text and row.is_known_by_broken_characters:
        raise msgspec.ValidationError("A broken character in an id or in the status")
    return row


def broken(array: bytes | bytearray) -> TrainingUnreadable:
    """What is wrong with something that should be an array."""
    try:
        RAWS.decode(array)
    except UNREADABLE as error:
        return unreadable(bytes(array[:512]), WHAT, error)
    return unreadable(bytes(array[:512]), WHAT)
