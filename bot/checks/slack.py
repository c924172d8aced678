"""What Slack tells: tokens, scopes, the clock, and every channel that is to be posted to."""

import uuid
from collections.abc import AsyncIterator, Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.checks.results import Finding, fine, warning, wrong
from bot.config import Settings
from bot.domain.delivery import DestinationGone, Unreadable
from bot.domain.errors import MessengerError, MessengerRefused
from bot.domain.model import DestinationKind, Rule
from bot.domain.ports import Clock, Messenger
from bot.slack.client import SlackMessenger
from bot.slack.manifest import EVENTS, SCOPES

CLOCKS_AGREE_WITHIN = 60.0  # seconds between our clock and Slack's
REINSTALL = (
    "Put what `spotter manifest` prints in the app's place (App Manifest at api.slack.com/apps) and reinstall the app."
)


async def findings(
    messenger: SlackMessenger, settings: Settings, rules: Sequence[Rule], clock: Clock
) -> AsyncIterator[Finding]:
    """Where the token is refused, the rest is not asked: each line would have a remedy that helps nothing."""
    try:
        identity = await messenger.identify()
    except MessengerRefused as error:
        yield wrong(f"Slack: {error}", "Copy the bot token (xoxb-…) again from OAuth & Permissions; reinstall the app.")
        return
    except MessengerError as error:
        yield wrong(f"Slack: {error}", "Check the network from this machine to Slack, and SLACK_API_URL.")
        return
    yield fine(f"Slack: the bot token works (workspace {identity.team_id})")
    for grant in SCOPES:
        if grant.scope in identity.scopes:
            continue
        what = f"Slack: the scope {grant.scope} is missing ({grant.reason})"
        yield warning(what, REINSTALL) if grant.optional else wrong(what, REINSTALL)
    yield fine(
        f"Slack: which events the app is sent can't be asked; {len(EVENTS)} are needed",
        f"Where joining a channel or a press on Home does nothing: {REINSTALL[0].lower()}{REINSTALL[1:]}",
    )
    apart = abs(messenger.slack_time() - clock.now().timestamp())
    if apart > CLOCKS_AGREE_WITHIN:
        yield wrong(f"Clock: {apart:.0f} seconds away from Slack's", "Let this machine's clock be set by NTP.")
    else:
        yield fine("Clock: agrees with Slack's")
    if settings.uses_socket:
        yield await _app_token(settings)
    if settings.ops_channel:
        yield await _channel(settings.ops_channel, f"OPS_CHANNEL {settings.ops_channel}", "set another one", messenger)
    for rule in rules:
        if rule.destination.kind is DestinationKind.CHANNEL:
            where = f"Rule {rule.rule_id}, channel {rule.destination.id}"
            otherwise = f"end the rule: spotter rules remove {rule.rule_id}"
            yield await _channel(rule.destination.id, where, otherwise, messenger)
        else:
            yield fine(f"Rule {rule.rule_id}: goes to a person")


async def _app_token(settings: Settings) -> Finding:
    # A connection address is asked for and not used: it expires by itself.
    client = AsyncWebClient(base_url=settings.slack_api_url, retry_handlers=[], timeout=10)
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        code = error.response.get("error") if isinstance(error.response.data, dict) else "no clear answer"
        remedy = "Make an app-level token with connections:write (Basic Information), and turn Socket Mode on."
        return wrong(f"Socket Mode: Slack says {code}", remedy)
    except (OSError, TimeoutError, AttributeError):
        # AttributeError: what the SDK raises on an answer that is no JSON object.
        return wrong("Socket Mode: Slack gave no clear answer", "Check the network from this machine to Slack.")
    return fine("Socket Mode: the app token works")


async def _channel(channel_id: str, where: str, otherwise: str, messenger: Messenger) -> Finding:
    """Whether a channel can be posted to and read back."""
    try:
        channel = await messenger.channel(channel_id)
        if channel.is_archived:
            return wrong(f"{where}: is archived", f"Unarchive the channel, or {otherwise}.")
        if channel.is_shared_outside:
            return wrong(f"{where}: is shared with another company", f"Use a channel of your own, or {otherwise}.")
        if not channel.is_member:
            return wrong(f"{where}: the bot is not a member", f"Type /invite @Spotter in the channel, or {otherwise}.")
        nothing_such = str(uuid.uuid4())
        read_back = await messenger.read_back(channel_id, delivery_id=nothing_such, since=messenger.slack_time())
    except MessengerError as error:
        return wrong(f"{where}: {error}", f"Invite the bot there, or {otherwise}.")
    if isinstance(read_back, Unreadable | DestinationGone):
        return warning(
            f"{where}: the bot may not read it back ({read_back.reason})",
            "Grant channels:history and groups:history: else an unclear post may be made twice or come late.",
        )
    return fine(f"{where}: can be posted to and read back")
