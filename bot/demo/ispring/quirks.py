"""The oddities the stand-in can be told to show. All are off by default: a fresh `Quirks()` is the documented API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

DateStyle: TypeAlias = Literal["dmy", "mdy", "iso", "iso_naive", "mixed", "unreadable"]

HalfCharacters: TypeAlias = Literal["", "escaped", "bytes"]

# For a countdown that is not meant to end.
ALWAYS = 1_000_000_000


@dataclass
class Quirks:
    """Switches. Those that say "the next N" count down to 0 with each request they spoil; `ALWAYS` never runs out.

    Whole-answer oddities meet every request but the one for a token; with `only`, those whose path contains one of its
    texts (and then `"token"` may be among them); with `only_asking`, those whose body contains one of its texts.
    """

    only: tuple[str, ...] = ()
    only_asking: tuple[str, ...] = ()

    # --- how values are written
    date_style: DateStyle = "dmy"
    """`dmy` 14-08-2024, 09:00:00; `mdy` month first; `iso` with offset, `iso_naive` without; `mixed`; `unreadable`."""
    nulls: bool = False
    """Optional values are null instead of absent."""
    numbers_as_strings: bool = False
    lone_item_as_object: bool = False
    """A list of one is sent as its item, the outermost list too."""
    fields_as_object: bool = False
    """A person's `fields` are an object instead of a list of name and value."""
    fields_lower_case: bool = False
    half_characters: HalfCharacters = ""
    """Titles and last names end in the first half of an emoji: as an escape, or as bytes that are no UTF-8."""
    compressed: bool = False
    """Bodies are compressed with gzip, as they may be for whoever accepts that."""
    byte_order_mark: bool = False
    """Bodies begin with the mark that some editors and proxies put before UTF-8."""
    content_encoding: str | None = None
    """What the header of that name says, though the body is plain: `utf-8`, `binary`, `none`; `x-gzip` is gzip."""
    odd_shapes: bool = False
    """Optional parts of rows are of any wrong type, and numbers are texts such as "80%" and "80,5"."""
    ids_as_numbers: bool = False
    """Ids that are all digits are numbers."""
    user_wrapped: bool = False
    """A single user comes inside `{"response": …}`. Spotter itself asks for none."""

    # --- what a listing contains
    duplicate_rows: bool = False
    """The first row comes once more at the end."""
    contradicting_rows: int = 0
    """This many completed sessions come once more, in progress, before the first row and behind the last in turn."""
    new_status: str | None = None
    """The first row of a listing carries this status."""
    zero_total_points: bool = False
    """Completed sessions come with totalPoints, points and result 0."""
    mistyped_rows: int = 0
    """This many rows, spread over a listing, hold values of the wrong type."""
    empty_listing: bool = False
    half_listing: bool = False
    """Only every second session is listed."""
    most_rows: int | None = None
    """A listing ends after this many rows, without a word of the others."""
    shuffled: bool = False
    """Rows come in another order each time."""
    criteria_lag: float = 0.0
    """Seconds after a completion during which criteria and competency areas are not there yet."""
    bad_ids: set[str] = field(default_factory=set)
    """A request that names one of these ids is answered 400 as a whole."""
    people_share: float = 1.0
    """Of the people only this part is listed, without a word of the others; 0.0: nobody."""
    departments_share: float = 1.0
    repeated_page_token: bool = False
    """Every page of people or departments names itself as the next one."""

    # --- filters of job training that lie
    ignored_filters: set[str] = field(default_factory=set)
    """Filters with these names (`sessionStatus`, `checklistId`, `sessionIds`, `checklistIds`) have no effect."""
    left_out_share: float = 0.0
    """Of an answer to a request with a filter about this part of the rows is left out at random."""
    left_out_ids_share: float = 0.0
    """Of the session ids that the checklists name about this part is left out at random."""
    most_filtered_rows: int | None = None
    """An answer to a request with a filter ends after this many rows, without a word of the others."""
    exact_ids: bool = False
    """Ids in a request are compared as they are spelled; else their case does not matter."""
    changing_case: bool = False
    """Each answer spells its ids in upper, lower or mixed case, at random."""

    # --- answers of another kind, for the next N requests
    html_answers: int = 0
    """200 with the web app's HTML page."""
    xml_answers: int = 0
    """The right answer, in XML although JSON was accepted."""
    empty_answers: int = 0
    truncated_answers: int = 0
    """The first half of the right answer, with a length that says it is whole."""
    cut_off_answers: int = 0
    """The connection ends in the middle of the body."""
    nested_answers: int = 0
    """JSON a hundred thousand lists deep."""
    endless_answers: int = 0
    """A body that begins like a listing and never ends."""
    throttled: int = 0
    """429, with `retry_after` in the header if it is set."""
    retry_after: str | None = None
    server_errors: int = 0
    """`server_error_status` with an HTML page."""
    server_error_status: int = 500
    error_message: str | None = None
    """What every error says, in JSON; the vendor's own words if it is not set."""
    redirects: int = 0
    """302 to a log-in page elsewhere on this server."""
    refused_tokens: int = 0
    """401 although the token is good."""
    hangs: int = 0
    """No answer until the client leaves."""
    slow_body: float = 0.0
    """Seconds over which every body is spread."""

    refused_paths: dict[str, int] = field(default_factory=dict)
    """Requests whose path contains this text are answered with this status, with `retry_after` if that is 429."""

    # --- the key and its tokens
    no_rights: bool = False
    """The key belongs to nobody with administrator's rights: 403 on job training."""
    tokens_die_after: int | None = None
    """After this many more good requests every token given out so far is dead; happens once."""
    token_seconds: float | None = None
    """How long a token really lives, while the answer still says 1800."""

    def touches(self, path: str, body: str = "") -> bool:
        """Whether whole-answer oddities meet a request for this path with this body."""
        if self.only_asking and not any(part in body for part in self.only_asking):
            return False
        return any(part in path for part in self.only) if self.only else not path.endswith("/token")

    def spend(self, name: str) -> bool:
        """Whether one is left of the countdown called `name`; takes it."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0
