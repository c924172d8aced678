"""What the page is shown: the workspace, the world and both stand-ins' calls as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from bot.demo.cast import Cast
from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED, Session
from bot.demo.ispring.server import Request
from bot.demo.slack.entities import SLACKBOT_ID, Channel, Json, Message, User
from bot.demo.slack.wire import message_json
from bot.demo.slack.workspace import ApiCall, Workspace
from bot.demo.world import World
from bot.domain.outcomes import percent

SESSIONS_SHOWN = 40
SHORTEST_ID = 4
STATE_WORDS = {NOT_STARTED: "Planned", IN_PROGRESS: "In progress"}


def app(workspace: Workspace) -> Json:
    return {"id": workspace.app.bot_user_id, "name": workspace.app.name.title(), "team": workspace.team.name}


def people(workspace: Workspace) -> list[Json]:
    shown = [one for one in workspace.users.values() if not one.deleted]
    return [_person(one) for one in sorted(shown, key=lambda one: one.real_name)]


def _person(user: User) -> Json:
    is_bot = user.is_bot or user.id == SLACKBOT_ID
    return {"id": user.id, "name": user.real_name, "handle": user.name, "tz": user.tz, "is_bot": is_bot}


def cast_list(cast: Cast) -> list[Json]:
    return [{"id": role.user_id, "role": role.name, "label": role.label} for role in cast.roles]


def channels(workspace: Workspace, cast: Cast) -> list[Json]:
    return [_channel(one, workspace, cast) for one in workspace.channels.values()]


def _channel(channel: Channel, workspace: Workspace, cast: Cast) -> Json:
    kind = "im" if channel.is_im else "private" if channel.is_private else "channel"
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": kind,
        "topic": channel.topic,
        "members": channel.members,
        "user": channel.user,
        "archived": channel.is_archived,
        "has_app": workspace.app.bot_user_id in channel.members,
        "rank": cast.ranks.get(channel.id, len(cast.ranks) + 1),
    }


def message_key(message: Message) -> str:
    return f"{message.channel}/{message.ts}/{message.ephemeral_to or ''}"


def message(message: Message, workspace: Workspace) -> Json:
    """One message with everything the page draws, and `raw` as Slack would give it."""
    return {
        "id": message_key(message),
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user or (workspace.app.bot_user_id if message.bot_id else None),
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "edited": message.edited is not None,
        "only_for": message.ephemeral_to,
        "files": message.files,
        "raw": message_json(message, workspace),
    }


def sessions(world: World, verb: str, query: str) -> list[Json]:
    """The sessions this verb could be used on, the most fitting first, that hold every word of the query."""
    if verb in ("correct", "reopen"):
        fitting = world.completed_sessions()
    else:
        fitting = sorted(world.open_sessions(), key=lambda one: abs(one.starts_at - world.now()))
        if verb == "start":
            fitting = [one for one in fitting if one.status == NOT_STARTED]
        else:
            fitting.sort(key=lambda one: one.status != IN_PROGRESS)
    words = query.lower().split()
    found = (row for row in (_session(one, world) for one in fitting) if all(_speaks_of(row, word) for word in words))
    return list(islice(found, SESSIONS_SHOWN))


def _speaks_of(row: Mapping[str, str], word: str) -> bool:
    names = " ".join(row[key] for key in ("checklist", "employee", "observer", "site", "state")).lower()
    return word in names or (len(word) >= SHORTEST_ID and row["id"].startswith(word))


def _session(session: Session, world: World) -> dict[str, str]:
    site = world.site_of(session.employee)
    when = session.completed_at or session.started_at or session.starts_at
    state = STATE_WORDS.get(session.status, session.status)
    if session.status == PASSED:
        state = "Not scored" if session.result is None else percent(session.result)
    return {
        "id": f"{session.id}/{session.employee.id}",
        "short": session.id[:8],
        "checklist": session.checklist.title,
        "employee": session.employee.name,
        "observer": f"by {session.observer.name}",
        "site": site.name if site else "Head office",
        "place": " ".join(site.name.split()[:2]) if site else "Head office",
        "when": _when(when, world.now()),
        "state": state,
    }


def _when(moment: datetime, now: datetime) -> str:
    days = (moment.date() - now.date()).days
    clock = f"{moment:%H:%M}"
    near = {-1: f"yesterday {clock}", 0: f"today {clock}", 1: f"tomorrow {clock}"}
    return near.get(days, f"{moment.day} {moment:%b} {clock}")


def calls(slack: Sequence[ApiCall], ispring: Sequence[Request], shown: int = 30) -> list[Json]:
    """The last requests to both stand-ins, newest first."""
    rows = [_slack_call(call) for call in list(slack)[-shown:]]
    rows += [_ispring_call(request) for request in ispring[-shown:]]
    return sorted(rows, key=lambda row: float(row["at"]), reverse=True)[:shown]


def _slack_call(call: ApiCall) -> Json:
    answer = "no reply" if call.status is None else call.error or ("ok" if call.status == 200 else str(call.status))
    if call.fault is not None:
        answer = f"{answer} ({call.fault})"
    return {
        "to": "Slack",
        "what": call.method,
        "answer": answer,
        "bad": call.error is not None or call.status != 200,
        "at": call.at.timestamp(),
    }


def _ispring_call(request: Request) -> Json:
    return {
        "to": "iSpring",
        "what": f"{request.method} {request.path}",
        "answer": "",
        "bad": False,
        "at": request.at.timestamp(),
    }


def clock(world: World, happenings: bool) -> Json:
    return {"now": world.now().astimezone(UTC).timestamp(), "happenings": happenings}


def spoken(duration: timedelta) -> str:
    """A duration in words: 1 hour, 7 days."""
    hours = round(duration / timedelta(hours=1))
    count, unit = (hours // 24, "day") if hours and hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
