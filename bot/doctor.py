"""`check`: everything that can be wrong with an installation, each with its remedy. It changes nothing."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.core.delivery import Unreadable
from bot.core.errors import (
    MessengerError,
    MessengerRefused,
    StoreError,
    TrainingError,
    TrainingRefused,
    TrainingUnavailable,
)
from bot.core.model import DestinationKind, Rule, RuleState
from bot.core.ports import Clock, DateEvidence, Listing, Messenger, Slice, Store, Training, Tx
from bot.service.database import opened_store
from bot.service.parts import ispring_reader, slack_messenger
from bot.slack.client import SlackMessenger
from bot.slack.manifest import SCOPES

CLOCKS_AGREE_WITHIN = 60.0  # seconds between our clock and Slack's
DISK_NEARLY_FULL = 200 * 1024 * 1024  # bytes left
SILENT_FOR = timedelta(hours=1)


class Level(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `what` says how it is, `remedy` what to do where it is not fine."""

    level: Level
    what: str
    remedy: str = ""


def _fine(what: str) -> Finding:
    return Finding(Level.FINE, what)


def _warning(what: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, what, remedy)


def _wrong(what: str, remedy: str) -> Finding:
    return Finding(Level.WRONG, what, remedy)


async def examine(
    settings: Settings, environ: Mapping[str, str], clock: Clock, tell: Callable[[str], None]
) -> AsyncIterator[Finding]:
    """Looks at one thing after the other and answers as it goes; a thing that is wrong does not hide the next.

    `tell` hears, now and then, what is being done: reading a large listing takes minutes.
    """
    yield _fine("Settings: all understood")
    for warning in settings.warnings(environ):
        what, _, remedy = warning.partition(": ")
        yield _warning(what, remedy or warning)
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(opened_store(settings, clock))
        except StoreError as error:
            yield _wrong("Database: can't be used", str(error))
            store = None
        if store is not None:
            async for finding in _database(store, settings, clock):
                yield finding
        # Where the database's folder is the trouble, a listing can still be read, and is worth reading.
        elsewhere = Path(tempfile.gettempdir()) if store is None else None
        training = await opened.enter_async_context(ispring_reader(settings, clock, elsewhere))
        async for finding in _training(training, tell):
            yield finding
        messenger = await opened.enter_async_context(slack_messenger(settings, clock))
        takes_token = False
        async for finding in _slack(messenger, settings, clock):
            takes_token = takes_token or finding.level is Level.FINE
            yield finding
        if store is not None:
            if takes_token:  # else every rule would be told the same once more, with a remedy that helps nothing
                async for finding in _rules(store, messenger):
                    yield finding
            async for finding in _people(store):
                yield finding


async def _database(store: Store, settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    state = await store.read(lambda tx: tx.sessions.poll_state())
    yield _fine(f"Database: {state.sessions} sessions in {settings.database_path}")
    left = shutil.disk_usage(settings.database_path.resolve().parent).free
    if left < DISK_NEARLY_FULL:
        yield _wrong(
            f"Disk: {left // (1 << 20)} MB left beside the database", "Free some space or mount a larger volume."
        )
    if state.last is not None and state.last.error:
        yield _warning(f"Last poll: {state.last.error}", "See the line about iSpring below.")
    elif state.last_good_at is not None and clock.now() - state.last_good_at > SILENT_FOR:
        yield _warning("Last good poll: more than an hour ago", "Start `spotter run`, or look at its log.")


async def _training(training: Training, tell: Callable[[str], None]) -> AsyncIterator[Finding]:
    tell("Asking iSpring for its sessions…")
    try:
        async with training.list_sessions() as listing:
            count, evidence, set_aside = await _read_through(listing, tell)
    except TrainingRefused as error:
        yield _wrong("iSpring: refuses", str(error))
        return
    except TrainingUnavailable as error:
        yield _wrong("iSpring: is away", f"{error} Check ISPRING_API_URL and the network from this machine to iSpring.")
        return
    except TrainingError as error:
        yield _wrong("iSpring: no listing", str(error))
        return
    yield _fine(f"iSpring: answers, {count} sessions listed")
    if set_aside:
        yield _warning(
            f"iSpring: {set_aside} rows can't be understood",
            "They are left out, the others go on. The log names each row's place and what is wrong with it.",
        )
    if evidence.contradicts_order:
        other = "mdy" if evidence.order == "dmy" else "dmy"
        yield _wrong(f"Dates: some can only be read with the order {other}", f"Set ISPRING_DATE_ORDER={other}.")
    elif evidence.day_first or evidence.month_first:
        yield _fine(
            f"Dates: the order {evidence.order} is proven by {evidence.day_first or evidence.month_first} of them"
        )
    elif count:
        yield _warning(
            "Dates: nothing proves their order yet",
            "Compare one session's dates with iSpring; where day and month are swapped, change ISPRING_DATE_ORDER.",
        )
    if evidence.backwards or evidence.ahead:
        yield _warning(
            f"Dates: {evidence.backwards} sessions end before they start, {evidence.ahead} in the future",
            "Check ISPRING_TIMEZONE and ISPRING_DATE_ORDER.",
        )


async def _read_through(listing: Listing, tell: Callable[[str], None]) -> tuple[int, DateEvidence, int]:
    """How many rows there are and how many can't be understood; slice by slice, off the event loop."""
    count = set_aside = 0
    slices = listing.slices()
    while (piece := await asyncio.to_thread(_next_read, slices)) is not None:
        count += len(piece.rows)
        set_aside += len(piece.set_aside)
        tell(f"Reading iSpring's sessions: {count:,}")
    return count, listing.date_evidence, set_aside


def _next_read(slices: Iterator[Slice]) -> Slice | None:
    """The next slice, its dates read; None at the end."""
    piece = next(slices, None)
    if piece is not None:
        for index in range(len(piece.rows)):
            piece.facts(index)
    return piece


async def _slack(messenger: SlackMessenger, settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    try:
        identity = await messenger.identify()
    except MessengerRefused as error:
        yield _wrong(
            f"Slack: {error}", "Copy the bot token (xoxb-…) again from OAuth & Permissions; reinstall the app."
        )
        return
    except MessengerError as error:
        yield _wrong(f"Slack: {error}", "Check the network from this machine to Slack, and SLACK_API_URL.")
        return
    yield _fine(f"Slack: the bot token works (workspace {identity.team_id})")
    for grant in SCOPES:
        if grant.scope in identity.scopes:
            continue
        what, remedy = f"Slack: the scope {grant.scope} is missing ({grant.reason})", "Add it and reinstall the app."
        yield _warning(what, remedy) if grant.optional else _wrong(what, remedy)
    apart = abs(messenger.slack_time() - clock.now().timestamp())
    if apart > CLOCKS_AGREE_WITHIN:
        yield _wrong(f"Clock: {apart:.0f} seconds away from Slack's", "Let this machine's clock be set by NTP.")
    else:
        yield _fine("Clock: agrees with Slack's")
    if settings.uses_socket:
        yield await _app_token(settings)


async def _app_token(settings: Settings) -> Finding:
    # A connection address is asked for and not used: it expires by itself.
    client = AsyncWebClient(base_url=settings.slack_api_url, retry_handlers=[], timeout=10)
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        code = error.response.get("error") if isinstance(error.response.data, dict) else "no clear answer"
        remedy = "Make an app-level token with connections:write (Basic Information), and turn Socket Mode on."
        return _wrong(f"Socket Mode: Slack says {code}", remedy)
    except (OSError, TimeoutError, AttributeError):
        # AttributeError: what the SDK raises on an answer that is no JSON object.
        return _wrong("Socket Mode: Slack gave no clear answer", "Check the network from this machine to Slack.")
    return _fine("Socket Mode: the app token works")


async def _rules(store: Store, messenger: Messenger) -> AsyncIterator[Finding]:
    rules = await store.read(lambda tx: tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)))
    if not rules:
        yield _warning(
            "Rules: none, so no channel hears anything", "Type /ojt subscribe in a channel, or set DEFAULT_CHANNEL."
        )
    for rule in rules:
        yield await _channel_of(rule, messenger)


async def _channel_of(rule: Rule, messenger: Messenger) -> Finding:
    if rule.destination.kind is not DestinationKind.CHANNEL:
        return _fine(f"Rule {rule.rule_id}: goes to a person")
    place = f"Rule {rule.rule_id}, channel {rule.destination.id}"
    try:
        channel = await messenger.channel(rule.destination.id)
        if channel.is_archived:
            return _wrong(f"{place}: is archived", "Unarchive the channel, or end the rule: spotter rules remove N.")
        if channel.is_shared_outside:
            return _wrong(f"{place}: is shared with another company", "End the rule, or use a channel of your own.")
        if not channel.is_member:
            return _wrong(f"{place}: the bot is not a member", "Type /invite @Spotter in the channel.")
        nothing_such = str(uuid.uuid4())
        read_back = await messenger.look(rule.destination.id, delivery_id=nothing_such, since=messenger.slack_time())
    except MessengerError as error:
        return _wrong(f"{place}: {error}", "Invite the bot there, or end the rule: spotter rules remove N.")
    if isinstance(read_back, Unreadable):
        return _warning(
            f"{place}: the bot may not read it back ({read_back.why})",
            "Grant channels:history and groups:history: else an unclear post may be made twice or come late.",
        )
    return _fine(f"{place}: can be posted to and read back")


async def _people(store: Store) -> AsyncIterator[Finding]:
    def count(tx: Tx) -> tuple[int, int]:
        people = [person for person in tx.people.directory().people.values() if person.email]
        unknown = sum(tx.people.no_slack_user_since(person.email or "") is not None for person in people)
        return unknown, len(people)

    unknown, known = await store.read(count)
    if unknown:
        yield _warning(
            f"People: {unknown} of {known} with an e-mail address in iSpring were not found in Slack",
            "They get no direct messages. Let their addresses in iSpring and Slack be the same.",
        )
    elif known:
        yield _fine(f"People: {known} with an e-mail address in iSpring, none looked for in vain in Slack")
