"""The Slack app as a manifest: what Spotter asks for, and why.

Source: Slack's manifest schema, version 2 (unknown keys are rejected); Socket Mode takes no request addresses.
"""

from dataclasses import dataclass
from typing import Any

from bot.slack.http_endpoint import PATH


@dataclass(frozen=True, slots=True)
class Grant:
    """A scope of the bot token and what Spotter does with it; without an optional one it works, but knows less."""

    scope: str
    reason: str
    optional: bool = False


SCOPES = (
    Grant("commands", "the slash command"),
    Grant("chat:write", "posts, edits and direct messages"),
    Grant("im:write", "opens the direct message to an observer"),
    Grant("users:read", "time zones, and who is a guest or has left"),
    Grant("users:read.email", "finds the Slack account of an observer by e-mail address"),
    Grant("channels:read", "whether a public channel is archived or shared, and when the bot joins or leaves it"),
    Grant("groups:read", "the same for private channels"),
    Grant("app_mentions:read", "answers when it is mentioned"),
    Grant("im:history", "answers direct messages; reads back whether an ambiguous one was posted"),
    Grant(
        "channels:history",
        "reads back whether an ambiguous post was made, so that nothing is posted twice",
        optional=True,
    ),
    Grant("groups:history", "the same for private channels", optional=True),
    Grant("files:write", "sends exports as files", optional=True),
)

EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_shared",
    "channel_unarchive",
    "channel_unshared",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.im",
    "user_change",
)


def manifest(command: str, http_url: str | None = None) -> dict[str, Any]:
    """The manifest for Socket Mode, or for HTTP mode if the bot's own address is given (`https://bot.example`)."""
    events_url = f"{http_url}{PATH}" if http_url else None
    address = {"url": events_url} if events_url else {}
    request_address = {"request_url": events_url} if events_url else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Spotter",
            "description": "Tells you what happens in on-the-job training",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Spotter", "always_online": True},
            "slash_commands": [
                {
                    "command": command,
                    "description": "Results of on-the-job training: ask, subscribe, choose who gets what",
                    "usage_hint": "results | show | todo | status | subscribe | help",
                    "should_escape": True,
                    **address,
                }
            ],
        },
        "oauth_config": {
            "scopes": {
                "bot": [grant.scope for grant in SCOPES],
                "bot_optional": [grant.scope for grant in SCOPES if grant.optional],
            }
        },
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS), **request_address},
            "interactivity": {"is_enabled": True, **request_address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": http_url is None,
            "token_rotation_enabled": False,
        },
    }
