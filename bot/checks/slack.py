"""Checks that ask Slack: tokens, scopes, the clock, and every channel that a rule or a setting names."""

import uuid
from collections.abc import AsyncIterator, Sequence

from slack_sdk.errors import SlackApiError

from bot.checks import CheckResult, fine, warning, wrong
from bot.config import Settings
from bot.domain.delivery import DestinationGone, Unreadable
from bot.domain.errors import MessengerError, MessengerRefused
from bot.domain.notifications import DestinationKind
from bot.domain.ports import Clock, Messenger
from bot.domain.rules import Rule
from bot.domain.text import count, without_stop
from bot.slack.client import SlackMessenger
from bot.slack.manifest import EVENTS, SCOPES

CLOCKS_AGREE_WITHIN = 60.0  # seconds between our clock and Slack's
REINSTALL = (
    "Put what `spotter manifest` prints in the app's place (App Manifest at api.slack.com/apps) and reinstall the app."
)


async def check_slack(
    messenger: SlackMessenger, settings: Settings, rules: Sequence[Rule], clock: Clock
) -> AsyncIterator[CheckResult]:
    """Yields one result per check. If Slack refuses the bot token, the others are skipped: they would fail too."""
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
        f"Slack: has no way to ask which events the app receives; it needs {len(EVENTS)}",
        f"If Spotter does not react when it joins a channel or Home is opened: {REINSTALL[0].lower()}{REINSTALL[1:]}",
    )
    apart = abs(messenger.slack_time() - clock.now().timestamp())
    if apart > CLOCKS_AGREE_WITHIN:
        yield wrong(f"Clock: {apart:.0f} seconds away from Slack's", "Set this machine's clock by NTP.")
    else:
        yield fine("Clock: agrees with Slack's")
    if settings.uses_socket:
        yield await _check_app_token(messenger, settings)
    if settings.ops_channel:
        yield await _check_channel(
            settings.ops_channel, f"OPS_CHANNEL {settings.ops_channel}", "set another one", messenger
        )
    channel_id = settings.default_channel
    if channel_id and all(rule.destination.id != channel_id for rule in rules):
        yield await _check_channel(channel_id, f"DEFAULT_CHANNEL {channel_id}", "set another one", messenger)
    async for result in _check_admins(messenger, settings):
        yield result
    for rule in rules:
        if rule.destination.kind is DestinationKind.CHANNEL:
            name = f"Rule {rule.rule_id}, channel {rule.destination.id}"
            alternative = f"end the rule: spotter rules remove {rule.rule_id}"
            yield await _check_channel(rule.destination.id, name, alternative, messenger)
        else:
            yield fine(f"Rule {rule.rule_id}: goes to a person")


async def _check_admins(messenger: SlackMessenger, settings: Settings) -> AsyncIterator[CheckResult]:
    """Looks every id of ADMINS up; yields one line for each that can't be an admin, or one for all."""
    found_all = True
    for user_id in sorted(settings.admins):
        try:
            user = await messenger.user(user_id)
        except MessengerRefused as error:
            found_all = False
            if not error.is_unknown_user:
                yield warning(f"ADMINS: can't be looked up ({error.code})", "See the lines about scopes above.")
                return
            yield wrong(f"ADMINS: Slack knows no user {user_id}", "Correct it: the profile's menu, Copy member ID.")
        except MessengerError as error:
            yield warning(f"ADMINS: can't be looked up ({without_stop(str(error))})", "Start `spotter check` again.")
            return
        else:
            if not user.is_full_member:
                found_all = False
                yield wrong(
                    f"ADMINS: {user_id} is no full member of this workspace ({user.not_allowed_reason})",
                    "Remove it: only full members get answers.",
                )
    if found_all and settings.admins:
        yield fine(f"ADMINS: {count(len(settings.admins), 'full member')} of this workspace")


async def _check_app_token(messenger: SlackMessenger, settings: Settings) -> CheckResult:
    # Slack answers with a connection address, which is not used: it expires by itself.
    try:
        await messenger.web.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        code = error.response.get("error") if isinstance(error.response.data, dict) else "no clear answer"
        remedy = "Make an app-level token with connections:write (Basic Information), and turn Socket Mode on."
        return wrong(f"Socket Mode: Slack says {code}", remedy)
    except (OSError, TimeoutError, AttributeError):
        # AttributeError: the SDK raises it if the answer is not a JSON object.
        return wrong("Socket Mode: Slack gave no clear answer", "Check the network from this machine to Slack.")
    return fine("Socket Mode: the app token works")


async def _check_channel(channel_id: str, name: str, alternative: str, messenger: Messenger) -> CheckResult:
    """Checks that the bot can post to a channel and read it back. `alternative`: what else a person can do."""
    try:
        channel = await messenger.channel(channel_id)
        if channel.is_archived:
            return wrong(f"{name}: is archived", f"Unarchive the channel, or {alternative}.")
        if channel.is_shared_outside:
            return wrong(f"{name}: is shared with another company", f"Use a channel of your own, or {alternative}.")
        if not channel.is_member:
            return wrong(f"{name}: the bot is not a member", f"Type /invite @Spotter in the channel, or {alternative}.")
        # The id belongs to no delivery: only the permission to read is checked.
        read_back = await messenger.read_back(channel_id, delivery_id=str(uuid.uuid4()), since=messenger.slack_time())
    except MessengerError as error:
        return wrong(f"{name}: {error}", f"Invite the bot there, or {alternative}.")
    if isinstance(read_back, Unreadable | DestinationGone):
        return warning(
            f"{name}: the bot may not read it back ({read_back.reason})",
            "Grant channels:history and groups:history; without them a message may be posted twice or late after an "
            "unclear answer.",
        )
    return fine(f"{name}: can be posted to and read back")
