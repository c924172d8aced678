"""Everything the two stand-ins can do wrong, drawn by lot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bot.demo.ispring.quirks import Quirks
from bot.demo.ispring.server import LISTING_PATH
from bot.demo.slack import faults
from bot.demo.slack.faults import Fault
from tests.app.env import Env

POST, EDIT, HISTORY = "chat.postMessage", "chat.update", "conversations.history"
LOOKUPS = ("users.info", "users.lookupByEmail", "conversations.info", "users.conversations", "conversations.open")
LATE = 20.0
"""Seconds after the hang-up at which Slack accepts a message all the same."""
LAG = 10.0
"""Seconds until a message can be read back."""

POST_FAULTS: tuple[Callable[[], Fault], ...] = (
    faults.reply_lost,
    faults.request_lost,
    lambda: faults.error_before(503),
    lambda: faults.error_after(500),
    lambda: faults.hang(30, stored=False),
    lambda: faults.hang(30, stored=True),
    lambda: faults.text_plain(stored=False),
    lambda: faults.text_plain(stored=True, status=502),
    lambda: faults.empty(stored=False),
    lambda: faults.empty(stored=True),
    lambda: faults.html(stored=False, status=503),
    lambda: faults.html(stored=True),
    lambda: faults.rate_limited(1),
    lambda: faults.rate_limited(2),
    lambda: faults.accepted_late(LATE),
    lambda: faults.accepted_late(3),
    lambda: faults.api_error("internal_error"),
    lambda: faults.api_error("fatal_error"),
)
READING_FAULTS: tuple[Callable[[], Fault], ...] = (
    lambda: faults.error_before(502),
    lambda: faults.hang(4),
    faults.html,
    faults.empty,
    lambda: faults.rate_limited(1),
    lambda: faults.api_error("internal_error"),
)
EDIT_FAULTS: tuple[Callable[[], Fault], ...] = (
    faults.reply_lost,
    lambda: faults.error_before(503),
    lambda: faults.error_after(500),
    faults.html,
    lambda: faults.rate_limited(1),
)
QUICK_EDIT_FAULTS = (lambda: faults.rate_limited(1),)
"""Those after which an edit is tried again within seconds."""

QUICK_LOOKUP_FAULTS: tuple[Callable[[], Fault], ...] = (
    lambda: faults.hang(2),
    lambda: faults.error_before(503),
    lambda: faults.rate_limited(1),
)
LOOKUP_FAULTS: tuple[Callable[[], Fault], ...] = (
    *QUICK_LOOKUP_FAULTS,
    lambda: faults.hang(30),
    lambda: faults.hang(30),
    lambda: faults.rate_limited(20),
    lambda: faults.api_error("internal_error"),
    lambda: faults.api_error("a_new_word"),
    faults.html,
    faults.empty,
)

DIRECTORY_PATHS = {"people_share": "/users/v2", "departments_share": "/departments"}
LESS_THAN_HALF = 0.4
REFUSABLE = ("/departments", "/users/v2", "completed-session/criterion/", "criterion-group", "checklist/sessions")
"""Parts of the paths of everything but the listing itself."""
ISPRING_COUNTDOWNS = (
    "html_answers",
    "xml_answers",
    "empty_answers",
    "truncated_answers",
    "cut_off_answers",
    "nested_answers",
    "throttled",
    "server_errors",
    "redirects",
    "refused_tokens",
)
ISPRING_SWITCHES: tuple[tuple[str, object], ...] = (
    ("duplicate_rows", True),
    ("shuffled", True),
    ("empty_listing", True),
    ("half_listing", True),
    ("nulls", True),
    ("numbers_as_strings", True),
    ("mistyped_rows", 2),
    ("lone_item_as_object", True),
    ("criteria_lag", 3.0),
    ("slow_body", 1.0),
    ("no_rights", True),
    ("tokens_die_after", 2),
    ("odd_shapes", True),
    ("odd_shapes", True),
    ("ids_as_numbers", True),
    ("contradicting_rows", 40),
    ("contradicting_rows", 40),
    ("byte_order_mark", True),
    *(("content_encoding", word) for word in ("utf-8", "binary", "none", "x-gzip")),
    *((name, share) for name in DIRECTORY_PATHS for share in (0.0, LESS_THAN_HALF)),
    *(("refused_paths", {path: status}) for path in REFUSABLE for status in (403, 404, 429)),
)
ODD_SHAPES = ("odd_shapes", "ids_as_numbers", "nulls", "numbers_as_strings", "mistyped_rows", "contradicting_rows")
SHORT_DIRECTORY, REFUSED_PART, ODD_ROWS = "short directories", "refused parts", "odd shapes"
HANGING_LOOKUP, FROZEN_LEADER = "hanging look-ups", "frozen leaders"
FLAPPING, WRONG_EYES = "flapping results", "questions of wrong eyes"
KINDS = (SHORT_DIRECTORY, REFUSED_PART, ODD_ROWS, HANGING_LOOKUP, FROZEN_LEADER, FLAPPING, WRONG_EYES)
"""What a long storm has to have met at least once each."""


@dataclass(frozen=True)
class Weather:
    """What both services do wrong in one round."""

    posts: tuple[Fault, ...]
    edits: tuple[Fault, ...]
    readings: tuple[Fault, ...]
    lookups: tuple[tuple[str, Fault], ...]
    """The method, and what its next call meets."""
    history_lag: float
    history_delay: float
    history_page: int | None
    history_error: str | None
    ispring: tuple[tuple[str, object], ...]
    ispring_lasts: float
    """Seconds until iSpring is well again: the storm is about what follows from a good listing too."""
    moment: str
    """What happens once: refuse_connections, abort_socket, silence_socket, ispring_down, token_revoked, or nothing."""
    moment_lasts: float
    frozen: float
    """Seconds for which the process that leads stands still, 0.0 for not at all."""
    flaps: bool
    """Whether one result changes at each reading."""
    asks: bool
    """Whether people ask who may see little or nothing."""

    def __str__(self) -> str:
        said = [fault.name for fault in self.posts]
        said += [f"{EDIT} {fault.name}" for fault in self.edits] + [
            f"{HISTORY} {fault.name}" for fault in self.readings
        ]
        said += [f"{method} {fault.name}" for method, fault in self.lookups]
        said += [f"frozen {self.frozen:.0f} s"] * bool(self.frozen) + ["flapping"] * self.flaps
        said += [f"lag {self.history_lag:g}", f"delay {self.history_delay:g}", self.history_error or ""]
        return ", ".join(filter(None, [*said, *(_said(*one) for one in self.ispring), self.moment]))


def _said(name: str, value: object) -> str:
    return f"iSpring {name}" + ("" if value is True else f" {value}")


def draw(random01: Random, *, is_quick: bool) -> Weather:
    """A round's weather. `is_quick` leaves out what takes a minute to get over."""
    ispring: list[tuple[str, object]] = [
        (name, random01.randint(1, 2)) for name in random01.sample(ISPRING_COUNTDOWNS, random01.choice([0, 0, 1]))
    ]
    ispring += random01.sample(ISPRING_SWITCHES, random01.choice([0, 0, 1, 2]))
    moments = ["", "", "", "", "refuse_connections", "abort_socket", "silence_socket", "ispring_down"]
    return Weather(
        posts=_some(random01, POST_FAULTS, (1, 3)),
        edits=_some(random01, QUICK_EDIT_FAULTS if is_quick else EDIT_FAULTS, (0, 1)),
        readings=_some(random01, READING_FAULTS, (0, 1)),
        history_lag=random01.choice([0.0, 0.0, LAG, LAG]),
        history_delay=random01.choice([0.0, 0.0, 1.0]),
        history_page=random01.choice([None, None, 3]),
        history_error=random01.choice([None] * 5 + ["internal_error"]),
        ispring=tuple(ispring),
        ispring_lasts=random01.uniform(1.0, 3.0),
        moment=random01.choice(moments if is_quick else [*moments, "token_revoked"]),
        moment_lasts=random01.uniform(0.3, 2.0),
        lookups=tuple(
            (random01.choice(LOOKUPS), random01.choice(QUICK_LOOKUP_FAULTS if is_quick else LOOKUP_FAULTS)())
            for _ in range(random01.choice([0, 0, 1, 2]))
        ),
        frozen=random01.choice([0.0, 0.0, 0.0, random01.uniform(1.0, 4.0 if is_quick else 12.0)]),
        flaps=random01.random() < 0.25,
        asks=random01.random() < 0.3,
    )


def _some(random01: Random, kinds: tuple[Callable[[], Fault], ...], number: tuple[int, int]) -> tuple[Fault, ...]:
    return tuple(random01.choice(kinds)() for _ in range(random01.randint(*number)))


async def break_out(env: Env, weather: Weather) -> None:
    """Lets the weather of a round begin, in place of that of the round before."""
    await lift(env)
    slack = env.slack.faults
    for method, ordered in ((POST, weather.posts), (EDIT, weather.edits), (HISTORY, weather.readings)):
        for fault in ordered:
            slack.order(method, fault)
    for method, fault in weather.lookups:
        slack.order(method, fault)
    slack.history_lag, slack.history_delay = weather.history_lag, weather.history_delay
    slack.history_page, slack.history_error = weather.history_page, weather.history_error
    for name, value in weather.ispring:
        before = getattr(env.ispring.quirks, name)
        setattr(env.ispring.quirks, name, before | value if isinstance(value, dict) else value)
    env.ispring.quirks.retry_after = "2"


def keeps_from_people(weather: Weather) -> bool:
    """Whether a reading of people or departments ends badly: somebody new is not known by it."""
    told = [name if not isinstance(value, dict) else str(*value) for name, value in weather.ispring]
    return any(name in (*DIRECTORY_PATHS, *DIRECTORY_PATHS.values()) for name in told)


def met(env: Env, weather: Weather, since: int) -> list[str]:
    """What iSpring did wrong to the requests behind the first `since`."""
    asked = [request.path for request in env.ispring.requests[since:]]
    found = []
    for name, value in weather.ispring:
        paths = list(value) if isinstance(value, dict) else [DIRECTORY_PATHS.get(name, "")]
        if any(part in path for part in paths for path in asked):
            found.append(
                _said(name, value if name in {"refused_paths", "content_encoding", *DIRECTORY_PATHS} else True)
            )
    return found


def kinds_met(env: Env, weather: Weather, since: int) -> list[str]:
    """The `KINDS` among what iSpring did wrong to the requests behind the first `since`."""
    asked = [request.path for request in env.ispring.requests[since:]]
    found = []
    for name, value in weather.ispring:
        if name in DIRECTORY_PATHS and any(DIRECTORY_PATHS[name] in path for path in asked):
            found.append(SHORT_DIRECTORY)
        elif isinstance(value, dict) and any(part in path for part in value for path in asked):
            found.append(REFUSED_PART)
        elif name in ODD_SHAPES and LISTING_PATH in asked:
            found.append(ODD_ROWS)
    return found


async def strike(env: Env, moment: str) -> None:
    """What happens once in a round."""
    match moment:
        case "refuse_connections":
            await env.slack.refuse_connections()
        case "abort_socket":
            env.slack.abort_socket()
        case "silence_socket":
            env.slack.silence_socket()
        case "ispring_down":
            await env.ispring.down()
        case "token_revoked":
            env.slack.faults.token_revoked = True


async def lift_ispring(env: Env) -> None:
    env.ispring.quirks = Quirks()
    await env.ispring.up()


async def lift(env: Env) -> None:
    """All is well again; what was accepted late still comes."""
    env.slack.faults.clear()
    await env.slack.up()
    await lift_ispring(env)
