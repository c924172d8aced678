"""What Slack's answers and events say: who we are, users, channels, and what marks a message as one of ours."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import zone_named
from bot.domain.errors import MessengerUnavailable
from bot.domain.ports import Channel
from bot.domain.viewers import SlackUser

EVENT_TYPE = "observation_notified"  # of a message's metadata
_KEYS = uuid.UUID("6f1c6a0e-5d0b-4f2a-9c5e-2f6f2f1f0d57")  # never to change: it makes every client_msg_id
_GUEST_FLAGS = ("is_restricted", "is_ultra_restricted")  # of a guest in several channels, and in one
_CHANNEL_FLAGS = ("is_private", "is_archived", "is_ext_shared")  # without one it is not known who reads it


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who we are in Slack, as auth.test says. `scopes` are those granted to the token; `url` is the workspace's;
    `enterprise_id` that of the organisation the workspace belongs to, "" without Enterprise Grid."""

    team_id: str
    bot_user_id: str
    bot_id: str
    scopes: frozenset[str]
    team: str = ""
    url: str = ""
    enterprise_id: str = ""


def header(headers: object, name: str) -> str | None:
    """A header by its name in lower case, None if there is none."""
    if not isinstance(headers, Mapping):
        return None
    return next((str(value) for key, value in headers.items() if str(key).lower() == name), None)


def object_of(answer: AsyncSlackResponse, name: str) -> Mapping[str, Any]:
    """The object of an answer that has an id. Raises MessengerUnavailable if it has none."""
    found = answer.get(name)
    if not isinstance(found, dict) or not found.get("id"):
        raise MessengerUnavailable("Slack's answer could not be understood; it is asked again later.")
    return found


def next_cursor(answer: AsyncSlackResponse) -> str | None:
    """The cursor of the next page, None after the last one."""
    about = answer.get("response_metadata")
    cursor = about.get("next_cursor") if isinstance(about, dict) else None
    return str(cursor) if cursor else None


def client_msg_id(delivery_id: str) -> str:
    """The key under which Slack was seen to take a message only once; the same for every attempt of a delivery."""
    return str(uuid.uuid5(_KEYS, delivery_id))


def is_ours(said: object, me: BotIdentity) -> bool:
    """Whether the bot posted it: anybody who can read a channel could copy our metadata."""
    if not isinstance(said, dict):
        return False
    by_bot = bool(me.bot_id) and said.get("bot_id") == me.bot_id
    return by_bot or (bool(me.bot_user_id) and said.get("user") == me.bot_user_id)


def delivery_of(said: Mapping[str, Any]) -> str | None:
    """The delivery id in a message's metadata, None if it has none."""
    metadata = said.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    found = payload.get("delivery") if isinstance(payload, dict) else None
    return found if isinstance(found, str) else None


def is_whole_channel(found: object) -> bool:
    """Whether Slack says of a channel who may read it: one that is not said to be shared may be."""
    if not isinstance(found, dict) or not found.get("id"):
        return False
    return all(type(found.get(name)) is bool for name in _CHANNEL_FLAGS)


def is_whole_user(found: Mapping[str, Any]) -> bool:
    """Whether Slack says of an account whether it is a guest's: what gives rights needs a proof, so both flags. What
    takes them away needs one alone."""
    if any(found.get(name) for name in ("deleted", "is_bot", "is_workflow_bot", "is_stranger")):
        return True
    flags = [found.get(name) for name in _GUEST_FLAGS]
    return any(flag is True for flag in flags) or all(flag is False for flag in flags)


def channel_of(found: Mapping[str, Any]) -> Channel:
    """A conversation as Slack describes it."""
    return Channel(
        channel_id=str(found.get("id") or ""),
        name=str(found.get("name") or ""),
        is_member=bool(found.get("is_member")) or bool(found.get("is_im")),
        is_private=bool(found.get("is_private")) or bool(found.get("is_im")),
        is_archived=bool(found.get("is_archived")),
        is_shared_outside=bool(found.get("is_ext_shared")) or bool(found.get("is_pending_ext_shared")),
        is_direct=bool(found.get("is_im")) or bool(found.get("is_mpim")),
    )


def slack_user_of(user: Mapping[str, Any], us: BotIdentity | None) -> SlackUser:
    """A user as Slack describes them. `us`: who we are, None if that is not known yet: any workspace is ours then."""
    profile = user.get("profile")
    email = profile.get("email") if isinstance(profile, dict) else None
    not_allowed_reason = _not_full_member_reason(user, us)
    return SlackUser(
        user_id=str(user.get("id") or ""),
        email=email.strip().lower() if isinstance(email, str) and email.strip() else None,
        zone=zone.key if (zone := zone_named(user.get("tz"))) is not None else "UTC",
        is_full_member=not not_allowed_reason,
        not_allowed_reason=not_allowed_reason,
    )


def _not_full_member_reason(user: Mapping[str, Any], us: BotIdentity | None) -> str:
    """The first reason that holds, "" for a full member of our own workspace."""
    is_bot = any(user.get(name) for name in ("is_bot", "is_workflow_bot")) or user.get("id") == "USLACKBOT"
    reasons = (
        (bool(user.get("deleted")), "deactivated"),
        (is_bot, "bot"),
        (bool(user.get("is_stranger")) or not _is_of_ours(user, us), "another company"),
        (bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")), "guest"),
        (user.get("is_email_confirmed") is False, "e-mail unconfirmed"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _is_of_ours(user: Mapping[str, Any], us: BotIdentity | None) -> bool:
    """Whether a user belongs to our workspace.

    In Enterprise Grid a user may come without `team_id`, or with the organisation's; `enterprise_user.teams` lists
    their workspaces then. Source: https://docs.slack.dev/reference/objects/user-object
    """
    if us is None or not us.team_id:
        return True
    team = user.get("team_id")
    grid = user.get("enterprise_user")
    grid = grid if isinstance(grid, dict) else {}
    organisations = {str(one) for one in (grid.get("enterprise_id"), user.get("enterprise_id")) if one}
    if us.enterprise_id and organisations - {us.enterprise_id}:
        return False
    teams = grid.get("teams")
    if isinstance(teams, list) and teams:
        is_listed = us.team_id in teams
        return is_listed and (not team or team in (us.team_id, us.enterprise_id) or team in teams)
    return bool(team == us.team_id)
