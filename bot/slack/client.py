"""Slack's Web API as `domain.ports.Messenger`: one attempt a post, and a value for everything that can come back.

The outbox owns retrying: the SDK's default handler re-posts after a lost reply, so this client has none.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from io import SEEK_END
from types import TracebackType
from typing import IO, Any, Self

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks.charts import NEWEST
from bot.config import DIRECT, Network, zone_named
from bot.domain.delivery import (
    Ambiguous,
    DestinationGone,
    EditResult,
    Found,
    NotFound,
    PostResult,
    ReadBackResult,
    ReadLater,
    Sent,
)
from bot.domain.errors import BlocksRefused, MessengerError, MessengerRefused, MessengerUnavailable
from bot.domain.model import Message, SlackUser
from bot.domain.ports import Channel, Clock
from bot.slack.errors import edit_result, failure_kind, limit_of, post_result, question_error, read_back_result
from bot.slack.pacer import RequestPacer

SLACK_API_URL = "https://slack.com/api/"
TIMEOUT = 10.0  # seconds for a whole call
UPLOAD_TIMEOUT = 300.0  # seconds for the bytes of a file
CONNECT_TIMEOUT = 5.0  # seconds for the connection: what ends here surely sent nothing
READ_BACK_MARGIN = 300.0  # seconds read before the attempt began: Slack's machines do not all keep the same second
PAGE = 100
MOST_DIRECT = 20_000  # direct conversations remembered
MEMBERS_A_PAGE = 1000  # the most that conversations.members gives
CHANNELS_A_PAGE = 200  # Slack recommends no more; several are a page each four minutes for 1,000 channels
MOST_PAGES = 200
EVENT_TYPE = "observation_notified"
_KEYS = uuid.UUID("6f1c6a0e-5d0b-4f2a-9c5e-2f6f2f1f0d57")  # never to change: it makes every client_msg_id


def client_msg_id(delivery_id: str) -> str:
    """The key under which Slack was seen to take a message only once; the same for every attempt of a delivery."""
    return str(uuid.uuid5(_KEYS, delivery_id))


INVALID_BLOCKS = "invalid_blocks"


def has_newest(message: Message) -> bool:
    """Whether a message has blocks that not every workspace takes."""
    return any(block.get("type") in NEWEST for block in message.blocks)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack, as auth.test says. `scopes` are those granted to the token; `url` is the workspace's;
    `enterprise_id` that of the organisation the workspace belongs to, "" without Enterprise Grid."""

    team_id: str
    bot_user_id: str
    bot_id: str
    scopes: frozenset[str]
    team: str = ""
    url: str = ""
    enterprise_id: str = ""


class SlackMessenger:
    """Implements `domain.ports.Messenger`. Enter it as a context before its first call: it owns its HTTP session."""

    def __init__(
        self,
        token: str,
        clock: Clock,
        base_url: str = SLACK_API_URL,
        timeout: float = TIMEOUT,
        failed: Callable[[str], None] | None = None,
        network: Network = DIRECT,
    ) -> None:
        """`failed` is called for each call that brought no answer, with its kind (`slack.errors.failure_kind`)."""
        self._failed = failed
        self._token = token
        self._clock = clock
        self._base_url = base_url
        self._timeout = timeout
        self.network = network
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        self._identity: Identity | None = None
        self._read_up_to: dict[str, str] = {}  # cursor by delivery, if Slack refused a reading between two pages
        self._slack_ahead: tuple[float, float] | None = None  # Slack's Unix seconds at a monotonic second
        self._pacer = RequestPacer(clock)
        self._direct: dict[str, str] = {}  # conversation (D…) by user id

    async def __aenter__(self) -> Self:
        # The SDK leaves the time limit to a session that it is given.
        connect = min(CONNECT_TIMEOUT, self._timeout)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=connect, connect=connect)
        )
        self._web = AsyncWebClient(
            token=self._token,
            base_url=self._base_url,
            session=self._session,
            retry_handlers=[],
            ssl=self.network.certificates,
        )
        # Set afterwards: without a proxy the SDK would take one from the environment, and it knows no NO_PROXY.
        self._web.proxy = self.network.proxy_for(self._base_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session, self._web = self._session, None, None
        if session is not None:
            await session.close()

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client behind it, without retries: for what else needs one (Bolt, Socket Mode)."""
        assert self._web is not None, "enter the messenger as a context first"
        return self._web

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session behind it."""
        assert self._session is not None, "enter the messenger as a context first"
        return self._session

    # ---- who we are ----------------------------------------------------------------------------------------------

    async def identify(self) -> Identity:
        """Asks Slack who the token belongs to (auth.test). Raises MessengerError."""
        answer = await self._ask(self.web.auth_test)
        scopes = str(_header(answer.headers, "x-oauth-scopes") or "")
        self._identity = Identity(
            team_id=str(answer.get("team_id") or ""),
            bot_user_id=str(answer.get("user_id") or ""),
            bot_id=str(answer.get("bot_id") or ""),
            scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
            team=str(answer.get("team") or ""),
            url=str(answer.get("url") or ""),
            enterprise_id=str(answer.get("enterprise_id") or ""),
        )
        return self._identity

    async def who_am_i(self) -> Identity:
        """The identity of the first auth.test that worked. Raises MessengerError until one has."""
        return self._identity or await self.identify()

    async def check_token(self) -> None:
        """Asks Slack whether it still accepts our token. Raises MessengerError if not."""
        await self.identify()

    def slack_time(self) -> float:
        """Slack's own clock now, in Unix seconds, from the Date of its answers; ours until it has answered once."""
        if self._slack_ahead is None:
            return self._clock.now().timestamp()
        status, then = self._slack_ahead
        return status + (self._clock.monotonic() - then)

    async def learn_time(self) -> None:
        """Asks Slack something if it has not answered yet. Raises MessengerUnavailable if it does not answer now."""
        if self._slack_ahead is None:
            with suppress(MessengerRefused):  # an answer too, and it tells the time
                await self.check_token()

    # ---- messages ------------------------------------------------------------------------------------------------

    async def post(self, channel: str, message: Message, *, delivery_id: str) -> PostResult:
        """Posts once. Every way it can end is a value; cancelling it leaves the outcome unknown."""
        try:
            answer = await self._call(
                self.web.chat_postMessage,
                channel=channel,
                text=message.text,
                blocks=list(message.blocks) or None,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"delivery": delivery_id}},
                client_msg_id=client_msg_id(delivery_id),
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as problem:  # the request may have been sent: any error is at worst ambiguous
            result = post_result(problem)
            if isinstance(result, DestinationGone):
                self._direct = {user: place for user, place in self._direct.items() if place != channel}
            return result
        place, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(place, str) and place and isinstance(ts, str) and ts):
            return Ambiguous("Slack said ok but not where")
        return Sent(place, ts)

    async def edit(self, channel: str, ts: str, message: Message) -> EditResult:
        """Replaces the text and blocks of one of our messages. Doing it again is harmless."""
        try:
            await self._call(
                self.web.chat_update, channel=channel, ts=ts, text=message.text, blocks=list(message.blocks)
            )
        except Exception as problem:  # as in `post`
            return edit_result(problem)
        return Sent(channel, ts)

    async def read_back(self, channel: str, *, delivery_id: str, since: float) -> ReadBackResult:
        """Whether a delivery is in a conversation; `since` is in Slack's own Unix seconds."""
        # Some apps may read one page a minute: starting again after each refusal would never reach the second page.
        cursor = self._read_up_to.pop(delivery_id, None)
        try:
            me = await self.who_am_i()
            for _ in range(MOST_PAGES):
                answer = await self._call(
                    self.web.conversations_history,
                    channel=channel,
                    oldest=f"{max(since - READ_BACK_MARGIN, 0.0):.6f}",
                    inclusive=True,
                    include_all_metadata=True,
                    limit=PAGE,
                    cursor=cursor,
                )
                messages = answer.get("messages")
                if not isinstance(messages, list):
                    return ReadLater("Slack's answer holds no messages")
                for said in messages:
                    if _is_ours(said, me) and _delivery_of(said) == delivery_id:
                        return Found(channel, str(said["ts"]))
                cursor = _next_cursor(answer)
                if cursor is None:
                    return ReadLater("Slack named no next page") if answer.get("has_more") else NotFound()
        except (MessengerUnavailable, MessengerRefused) as problem:
            after = problem.retry_after if isinstance(problem, MessengerUnavailable) else None
            return ReadLater(str(problem), after)
        except Exception as problem:  # as in `post`: no error here may mean "not found"
            result = read_back_result(problem)
            if cursor is not None and isinstance(result, ReadLater) and result.after is not None:
                self._read_up_to[delivery_id] = cursor
            return result
        return ReadLater("too many messages to read back")

    async def ephemeral(self, user_id: str, channel_id: str | None, thread_ts: str | None, message: Message) -> bool:
        """Answers one user outside the outbox: only they see it. False if Slack did not accept it.

        In a channel it is ephemeral; without one, or in the direct message itself, it is a plain direct message.
        Raises BlocksRefused if Slack does not take its newest blocks.
        """
        said = {
            "text": message.text,
            "blocks": list(message.blocks) or None,
            "thread_ts": thread_ts,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            if channel_id is None or channel_id.startswith("D"):
                place = channel_id or await self.open_dm(user_id)
                await self._ask(self.web.chat_postMessage, channel=place, **said)
            else:
                del said["unfurl_links"], said["unfurl_media"]  # no arguments of chat.postEphemeral
                await self._ask(self.web.chat_postEphemeral, channel=channel_id, user=user_id, **said)
        except MessengerRefused as refusal:
            if refusal.code == INVALID_BLOCKS and has_newest(message):
                raise BlocksRefused(INVALID_BLOCKS) from refusal
            return False
        except MessengerError:
            return False
        return True

    # ---- files ---------------------------------------------------------------------------------------------------

    async def upload(self, channel: str, file: IO[bytes], *, name: str, title: str, comment: str) -> None:
        """Puts a file into a conversation. Raises MessengerUnavailable if it is not certain that Slack completed it,
        MessengerRefused if it did not.

        Source: https://docs.slack.dev/messaging/working-with-files: ask for an address, send the bytes there, complete.
        """
        length = file.seek(0, SEEK_END)
        file.seek(0)
        given = await self._ask(self.web.files_getUploadURLExternal, filename=name, length=length)
        address, file_id = str(given.get("upload_url") or ""), str(given.get("file_id") or "")
        if not (address and file_id):
            raise MessengerUnavailable("Slack's answer could not be understood; nothing was sent.")
        try:
            limit = aiohttp.ClientTimeout(total=UPLOAD_TIMEOUT)
            async with self.session.post(address, data=file, timeout=limit, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise MessengerUnavailable(f"Slack did not take the file (HTTP {answer.status}).")
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise MessengerUnavailable("The file could not be sent to Slack.") from problem
        await self._ask(
            self.web.files_completeUploadExternal,
            files=[{"id": file_id, "title": title}],
            channel_id=channel,
            initial_comment=comment,
        )

    # ---- people and channels -------------------------------------------------------------------------------------

    async def open_dm(self, user_id: str) -> str:
        """The conversation with a person (D…), which never changes: Slack is asked once in a process, and again after
        it refused a post there. Raises MessengerError."""
        known = self._direct.get(user_id)
        if known is not None:
            return known
        answer = await self._ask(self.web.conversations_open, users=user_id)
        channel = str(_object(answer, "channel")["id"])
        if len(self._direct) >= MOST_DIRECT:
            self._direct.clear()
        self._direct[user_id] = channel
        return channel

    async def user(self, user_id: str) -> SlackUser:
        """Raises MessengerRefused("user_not_found") if there is no such user, else MessengerError."""
        me = await self.who_am_i()
        return _slack_user(_object(await self._ask(self.web.users_info, user=user_id), "user"), me)

    async def user_by_email(self, email: str) -> SlackUser | None:
        """The user with this address, None if Slack names none. Raises MessengerError."""
        me = await self.who_am_i()
        try:
            answer = await self._ask(self.web.users_lookupByEmail, email=email.strip().lower())
        except MessengerRefused as refusal:
            if refusal.is_unknown_user:
                return None
            raise
        return _slack_user(_object(answer, "user"), me)

    def described(self, user: Mapping[str, object]) -> SlackUser:
        """A user as an event describes them; Slack is not asked. Until we know our own workspace, any is ours."""
        return _slack_user(user, self._identity)

    async def channel(self, channel_id: str) -> Channel:
        """Raises MessengerError: `channel_not_found` also for private channels the bot is not in."""
        found = _object(await self._ask(self.web.conversations_info, channel=channel_id), "channel")
        return _channel({"id": channel_id, **found})

    async def own_channels(self, cursor: str = "") -> tuple[Sequence[Channel], str]:
        """One page of the channels that the bot is in, and the cursor of the next, "" after the last one. Raises
        MessengerError. Source: https://docs.slack.dev/reference/methods/users.conversations"""
        answer = await self._ask(
            self.web.users_conversations,
            types="public_channel,private_channel",
            exclude_archived=False,
            limit=CHANNELS_A_PAGE,
            cursor=cursor or None,
        )
        found = answer.get("channels")
        if not isinstance(found, list):
            raise MessengerUnavailable("Slack's answer holds no channels; it is asked again later.")
        # A user's own conversations come without `is_member`, so it is what the list itself says.
        whole = [one for one in found if isinstance(one, dict) and one.keys() >= _CHANNEL_FIELDS]
        listed = [_channel({**one, "is_member": True}) for one in whole]
        return listed, _next_cursor(answer) or ""

    async def members(self, channel_id: str) -> frozenset[str]:
        """The Slack user ids in a conversation. Raises MessengerError."""
        found: set[str] = set()
        cursor: str | None = None
        seen: set[str] = set()
        while cursor not in seen:
            if cursor is not None:
                seen.add(cursor)
            answer = await self._ask(
                self.web.conversations_members, channel=channel_id, limit=MEMBERS_A_PAGE, cursor=cursor
            )
            found.update(str(member) for member in answer.get("members") or ())
            cursor = _next_cursor(answer)
            if cursor is None:
                return frozenset(found)
        raise MessengerUnavailable("Slack names the same page of members again; it is asked again later.")

    # ---- views ---------------------------------------------------------------------------------------------------

    async def open_modal(self, trigger_id: str, view: Mapping[str, object]) -> str:
        """The id of the view opened. A trigger is good once and for three seconds. Raises MessengerError."""
        return str(_object(await self._ask(self.web.views_open, trigger_id=trigger_id, view=dict(view)), "view")["id"])

    async def update_modal(self, view_id: str, view: Mapping[str, object]) -> None:
        """Raises MessengerError."""
        await self._ask(self.web.views_update, view_id=view_id, view=dict(view))

    async def publish_home(self, user_id: str, view: Mapping[str, object]) -> None:
        """Raises MessengerError."""
        await self._ask(self.web.views_publish, user_id=user_id, view=dict(view))

    # ---- one call ------------------------------------------------------------------------------------------------

    async def _ask(self, method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> AsyncSlackResponse:
        try:
            return await self._call(method, **arguments)
        except Exception as problem:  # the SDK raises anything for a body that is no JSON; callers know one tree
            raise question_error(problem) from problem

    async def _call(self, method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> AsyncSlackResponse:
        name, channel = method.__name__.replace("_", ".", 1), str(arguments.get("channel") or "")
        await self._pacer.turn(name, channel)
        try:
            answer = await method(**arguments)
        except SlackApiError as problem:
            said = getattr(problem.response, "data", None)
            if isinstance(said, dict) and "ok" in said:  # a proxy's page reads as {} and carries the proxy's time
                self._note_time(getattr(problem.response, "headers", None))
            self._note_failure(problem)
            if (after := limit_of(problem)) is not None:
                self._pacer.refused(name, channel, after)
            raise
        except Exception as problem:  # any error is noted, and left to the caller
            self._note_failure(problem)
            raise
        self._note_time(answer.headers)
        return answer

    def _note_failure(self, problem: Exception) -> None:
        kind = failure_kind(problem)
        if kind is not None and self._failed is not None:
            self._failed(kind)

    def _note_time(self, headers: object) -> None:
        status = _header(headers, "date")
        if not status:
            return
        try:
            at = parsedate_to_datetime(status)
        except ValueError:
            return
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        self._slack_ahead = (at.timestamp(), self._clock.monotonic())


def _header(headers: object, name: str) -> str | None:
    if not isinstance(headers, Mapping):
        return None
    return next((str(value) for key, value in headers.items() if str(key).lower() == name), None)


def _object(answer: AsyncSlackResponse, name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    if not isinstance(found, dict) or not found.get("id"):
        raise MessengerUnavailable("Slack's answer could not be understood; it is asked again later.")
    return found


def _next_cursor(answer: AsyncSlackResponse) -> str | None:
    about = answer.get("response_metadata")
    cursor = about.get("next_cursor") if isinstance(about, dict) else None
    return str(cursor) if cursor else None


def _is_ours(said: object, me: Identity) -> bool:
    """Whether the bot posted it: anybody who can read a channel could copy our metadata."""
    if not isinstance(said, dict):
        return False
    by_bot = bool(me.bot_id) and said.get("bot_id") == me.bot_id
    return by_bot or (bool(me.bot_user_id) and said.get("user") == me.bot_user_id)


def _delivery_of(said: Mapping[str, Any]) -> str | None:
    metadata = said.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    found = payload.get("delivery") if isinstance(payload, dict) else None
    return found if isinstance(found, str) else None


_CHANNEL_FIELDS = frozenset({"id", "is_private", "is_archived", "is_ext_shared"})  # without one it is not known


def _channel(found: Mapping[str, Any]) -> Channel:
    return Channel(
        channel_id=str(found.get("id") or ""),
        name=str(found.get("name") or ""),
        is_member=bool(found.get("is_member")) or bool(found.get("is_im")),
        is_private=bool(found.get("is_private")) or bool(found.get("is_im")),
        is_archived=bool(found.get("is_archived")),
        is_shared_outside=bool(found.get("is_ext_shared")) or bool(found.get("is_pending_ext_shared")),
        is_direct=bool(found.get("is_im")) or bool(found.get("is_mpim")),
    )


def _slack_user(user: Mapping[str, Any], us: Identity | None) -> SlackUser:
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


def _not_full_member_reason(user: Mapping[str, Any], us: Identity | None) -> str:
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


def _is_of_ours(user: Mapping[str, Any], us: Identity | None) -> bool:
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
