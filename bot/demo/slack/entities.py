"""What a Slack workspace consists of, as plain records that the stand-in changes in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

BOT_SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "im:read",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
    "app_mentions:read",
    "im:history",
    "channels:history",
    "groups:history",
    "team:read",
    "reactions:write",
    "files:write",
)
BOT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.im",
    "app_uninstalled",
    "tokens_revoked",
    "member_joined_channel",
    "member_left_channel",
    "channel_left",
    "group_left",
    "channel_rename",
    "group_rename",
    "channel_deleted",
    "group_deleted",
    "channel_archive",
    "group_archive",
    "channel_unarchive",
    "group_unarchive",
    "channel_id_changed",
    "channel_shared",
    "user_change",
)
SLACKBOT_ID = "USLACKBOT"


@dataclass
class Team:
    """The company's workspace."""

    id: str = "T0SPOTTER"
    name: str = "Northgate Kitchens"
    domain: str = "northgate-kitchens"
    enterprise_id: str | None = None  # of the organisation, with Enterprise Grid


@dataclass
class App:
    """The installed app under test: who it is, what it was granted, what it registered."""

    id: str = "A0SPOTTER"
    bot_id: str = "B0SPOTTER"
    bot_user_id: str = "U0SPOTTER"
    name: str = "spotter"
    scopes: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    events: set[str] = field(default_factory=lambda: set(BOT_EVENTS))
    commands: set[str] = field(default_factory=lambda: {"/ojt"})
    home_tab_enabled: bool = True
    messages_tab_enabled: bool = True


@dataclass(kw_only=True)
class User:
    """A member of the workspace, a guest, a bot, or (`is_stranger`) somebody of another company in a shared channel."""

    id: str
    name: str
    real_name: str
    email: str | None = None
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    is_stranger: bool = False
    team_id: str = "T0SPOTTER"
    tz: str = "Europe/London"
    locale: str = "en-GB"
    is_email_confirmed: bool | None = True
    updated: int = 0
    workspaces: list[str] | None = None
    """In an organisation (Enterprise Grid): ids of the person's workspaces. Slack gives no `team_id` then."""


@dataclass(kw_only=True)
class Channel:
    """A conversation: public (C…), private (G…), or a direct message with the app (D…, then `user` is the person)."""

    id: str
    name: str = ""
    is_private: bool = False
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_im: bool = False
    is_general: bool = False
    is_read_only: bool = False
    user: str | None = None
    creator: str = SLACKBOT_ID
    created: int = 0
    topic: str = ""
    purpose: str = ""


@dataclass(kw_only=True)
class Edited:
    user: str
    ts: str


@dataclass(kw_only=True)
class Upload:
    """A file that the app is sending: `content` is None until its bytes came."""

    id: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None


@dataclass(kw_only=True)
class Message:
    """One message. `ephemeral_to` names the only person who sees it; such a message is in no history."""

    channel: str
    ts: str
    text: str = ""
    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    subtype: str | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    edited: Edited | None = None
    client_msg_id: str | None = None
    ephemeral_to: str | None = None
    reply_count: int = 0
    reply_users: list[str] = field(default_factory=list)
    latest_reply: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, Json] = field(default_factory=dict)
    """Per person: what they have chosen in this message's menus, as `state.values`."""
    readable_from: float = 0.0
    """Unix time from which histories include it (see `Faults.history_lag`)."""

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(kw_only=True)
class View:
    """A modal or an App Home before one person. `payload` is what the app sent, with block ids filled in."""

    id: str
    type: str
    user_id: str
    payload: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    state: Json = field(default_factory=dict)
    """`state.values`: block id → action id → the element's value."""
    errors: dict[str, str] = field(default_factory=dict)
    """Block id → sentence, as the app answered the last submit."""
    closed: bool = False

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.payload.get("blocks", [])
        return blocks

    @property
    def callback_id(self) -> str:
        return str(self.payload.get("callback_id", ""))

    @property
    def title(self) -> str:
        return str(self.payload.get("title", {}).get("text", ""))


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block, wherever it keeps them; a card's or container's inner ones included."""
    found = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    for key in ("elements", "actions"):
        found += [one for one in block.get(key, []) if isinstance(one, dict)]
    inner = [one for key in ("blocks", "child_blocks") for one in block.get(key, []) if isinstance(one, dict)]
    return [one for one in found if "action_id" in one] + [one for child in inner for one in elements_of(child)]
