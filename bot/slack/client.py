"""Slack's Web API as `domain.ports.Messenger`: one attempt a post, and a value for everything that can come back.

The outbox owns retrying: the SDK's default handler re-posts after a lost reply, so this client has none.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import SEEK_END
from types import TracebackType
from typing import IO, Self

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.charts import has_newest
from bot.config import DIRECT, Network
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
from bot.domain.errors import BlocksRefused, MessengerError, MessengerRefused, MessengerUnavailable, MessengerUnclear
from bot.domain.notifications import Message
from bot.domain.ports import Channel, Clock
from bot.domain.viewers import SlackUser
from bot.slack.answers import (
    EVENT_TYPE,
    BotIdentity,
    channel_of,
    client_msg_id,
    delivery_of,
    header,
    is_ours,
    is_whole_channel,
    is_whole_user,
    next_cursor,
    object_of,
    slack_user_of,
)
from bot.slack.errors import INVALID_BLOCKS, delete_result, edit_result, post_result, read_back_result
from bot.slack.web_api import SLACK_API_URL, TIMEOUT, WebApi

UPLOAD_TIMEOUT = 300.0  # seconds for the bytes of a file
READ_BACK_MARGIN = 300.0  # seconds read before the attempt began: Slack's machines do not all keep the same second
PAGE = 100
MOST_DIRECT = 20_000  # direct conversations remembered
MEMBERS_A_PAGE = 1000  # the most that conversations.members gives
CHANNELS_A_PAGE = 200  # Slack recommends no more; several are a page each four minutes for 1,000 channels
MOST_PAGES = 200


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
        self.api = WebApi(token, clock, base_url, timeout, failed, network)
        self._identity: BotIdentity | None = None
        self._read_up_to: dict[str, str] = {}  # cursor by delivery, if Slack refused a reading between two pages
        self._direct: dict[str, str] = {}  # conversation (D…) by user id

    async def __aenter__(self) -> Self:
        await self.api.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.api.__aexit__(kind, problem, trace)

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client behind it, without retries: for what else needs one (Bolt, Socket Mode)."""
        return self.api.web

    # ---- who we are ----------------------------------------------------------------------------------------------

    async def identify(self) -> BotIdentity:
        """Asks Slack who the token belongs to (auth.test). Raises MessengerError; what was known before stays then."""
        answer = await self.api.ask(self.web.auth_test)
        team_id, bot_user_id = answer.get("team_id"), answer.get("user_id")
        # Without our workspace's id every account would be one of ours.
        if not (isinstance(team_id, str) and team_id and isinstance(bot_user_id, str) and bot_user_id):
            raise MessengerUnavailable("Slack's answer does not say whose token it is; it is asked again later.")
        scopes = str(header(answer.headers, "x-oauth-scopes") or "")
        self._identity = BotIdentity(
            team_id=team_id,
            bot_user_id=bot_user_id,
            bot_id=str(answer.get("bot_id") or ""),
            scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
            team=str(answer.get("team") or ""),
            url=str(answer.get("url") or ""),
            enterprise_id=str(answer.get("enterprise_id") or ""),
        )
        return self._identity

    async def who_am_i(self) -> BotIdentity:
        """The identity of the first auth.test that worked. Raises MessengerError until one has."""
        return self._identity or await self.identify()

    async def check_token(self) -> None:
        """Asks Slack whether it still accepts our token. Raises MessengerError if not."""
        await self.identify()

    def slack_time(self) -> float:
        """Slack's own clock now, in Unix seconds; ours until it has answered once."""
        return self.api.slack_time()

    async def learn_time(self) -> None:
        """Asks Slack something if it has not answered yet. Raises MessengerUnavailable if it does not answer now."""
        if not self.api.has_answered:
            with suppress(MessengerRefused):  # an answer too, and it tells the time
                await self.check_token()

    # ---- messages ------------------------------------------------------------------------------------------------

    async def post(self, channel: str, message: Message, *, delivery_id: str) -> PostResult:
        """Posts once. Every way it can end is a value; cancelling it leaves the outcome unknown."""
        try:
            answer = await self.api.call(
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
            await self.api.call(
                self.web.chat_update, channel=channel, ts=ts, text=message.text, blocks=list(message.blocks)
            )
        except Exception as problem:  # as in `post`
            return edit_result(problem)
        return Sent(channel, ts)

    async def delete(self, channel: str, ts: str) -> EditResult:
        """Deletes one of our messages. Doing it again is harmless: one that is gone counts as deleted."""
        try:
            await self.api.call(self.web.chat_delete, channel=channel, ts=ts)
        except Exception as problem:  # as in `post`
            return delete_result(problem, channel, ts)
        return Sent(channel, ts)

    async def read_back(self, channel: str, *, delivery_id: str, since: float) -> ReadBackResult:
        """Whether a delivery is in a conversation; `since` is in Slack's own Unix seconds."""
        # Some apps may read one page a minute: starting again after each refusal would never reach the second page.
        cursor = self._read_up_to.pop(delivery_id, None)
        try:
            me = await self.who_am_i()
            for _ in range(MOST_PAGES):
                answer = await self.api.call(
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
                    if is_ours(said, me) and delivery_of(said) == delivery_id:
                        return Found(channel, str(said["ts"]))
                cursor = next_cursor(answer)
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
                await self.api.ask(self.web.chat_postMessage, channel=place, **said)
            else:
                del said["unfurl_links"], said["unfurl_media"]  # no arguments of chat.postEphemeral
                await self.api.ask(self.web.chat_postEphemeral, channel=channel_id, user=user_id, **said)
        except MessengerRefused as refusal:
            if refusal.code == INVALID_BLOCKS and has_newest(message):
                raise BlocksRefused(INVALID_BLOCKS) from refusal
            return False
        except MessengerError:
            return False
        return True

    # ---- files ---------------------------------------------------------------------------------------------------

    async def upload(
        self, channel: str, file: IO[bytes], *, name: str, title: str, comment: str, thread_ts: str | None = None
    ) -> None:
        """Puts a file into a conversation, or into a thread of it. Raises MessengerUnclear if Slack may have completed
        it, MessengerUnavailable and MessengerRefused if it did not.

        Source: https://docs.slack.dev/messaging/working-with-files: ask for an address, send the bytes there, complete.
        """
        length = file.seek(0, SEEK_END)
        file.seek(0)
        given = await self.api.ask(self.web.files_getUploadURLExternal, filename=name, length=length)
        address, file_id = str(given.get("upload_url") or ""), str(given.get("file_id") or "")
        if not (address and file_id):
            raise MessengerUnavailable("Slack's answer could not be understood; nothing was sent.")
        try:
            limit = aiohttp.ClientTimeout(total=UPLOAD_TIMEOUT)
            async with self.api.session.post(address, data=file, timeout=limit, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise MessengerUnavailable(f"Slack did not take the file (HTTP {answer.status}).")
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:  # an address may be none at all
            raise MessengerUnavailable("The file could not be sent to Slack.") from problem
        try:
            await self.api.ask(
                self.web.files_completeUploadExternal,
                files=[{"id": file_id, "title": title}],
                channel_id=channel,
                initial_comment=comment,
                **({} if thread_ts is None else {"thread_ts": thread_ts}),
            )
        except MessengerUnavailable as problem:
            if problem.retry_after is not None:  # rate limited: it did nothing
                raise
            raise MessengerUnclear(str(problem)) from problem

    # ---- people and channels -------------------------------------------------------------------------------------

    async def open_dm(self, user_id: str) -> str:
        """The conversation with a person (D…), which never changes: Slack is asked once in a process, and again after
        it refused a post there. Raises MessengerError."""
        known = self._direct.get(user_id)
        if known is not None:
            return known
        answer = await self.api.ask(self.web.conversations_open, users=user_id)
        channel = str(object_of(answer, "channel")["id"])
        if not channel.startswith("D"):  # others could read it
            raise MessengerUnavailable("Slack opened no direct message; it is asked again later.")
        if len(self._direct) >= MOST_DIRECT:
            self._direct.clear()
        self._direct[user_id] = channel
        return channel

    async def user(self, user_id: str) -> SlackUser:
        """Raises MessengerRefused("user_not_found") if there is no such user, else MessengerError."""
        me = await self.who_am_i()
        found = object_of(await self.api.ask(self.web.users_info, user=user_id), "user")
        if found["id"] != user_id or not is_whole_user(found):
            raise MessengerUnavailable("Slack's answer does not say whose account it is; it is asked again later.")
        return slack_user_of(found, me)

    async def user_by_email(self, email: str) -> SlackUser | None:
        """The user with this address, None if Slack names none. Raises MessengerError."""
        me = await self.who_am_i()
        try:
            answer = await self.api.ask(self.web.users_lookupByEmail, email=email.strip().lower())
        except MessengerRefused as refusal:
            if refusal.is_unknown_user:
                return None
            raise
        found = object_of(answer, "user")
        if not is_whole_user(found):
            raise MessengerUnavailable("Slack's answer does not say whose account it is; it is asked again later.")
        return slack_user_of(found, me)

    def described(self, user: Mapping[str, object]) -> SlackUser:
        """A user as an event describes them; Slack is not asked. Until we know our own workspace, any is ours."""
        return slack_user_of(user, self._identity)

    async def channel(self, channel_id: str) -> Channel:
        """Raises MessengerError: `channel_not_found` also for private channels the bot is not in."""
        found = object_of(await self.api.ask(self.web.conversations_info, channel=channel_id), "channel")
        is_whole = bool(found.get("is_im")) or is_whole_channel(found)
        if found["id"] != channel_id or not is_whole:
            raise MessengerUnavailable("Slack's answer does not say how the channel is; it is asked again later.")
        return channel_of(found)

    async def own_channels(self, cursor: str = "") -> tuple[Sequence[Channel], str]:
        """One page of the channels that the bot is in, and the cursor of the next, "" after the last one. Raises
        MessengerError. Source: https://docs.slack.dev/reference/methods/users.conversations"""
        answer = await self.api.ask(
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
        whole = [one for one in found if is_whole_channel(one)]
        listed = [channel_of({**one, "is_member": True}) for one in whole]
        return listed, next_cursor(answer) or ""

    async def members(self, channel_id: str) -> frozenset[str]:
        """The Slack user ids in a conversation. Raises MessengerError."""
        found: set[str] = set()
        cursor: str | None = None
        seen: set[str] = set()
        while cursor not in seen:
            if cursor is not None:
                seen.add(cursor)
            answer = await self.api.ask(
                self.web.conversations_members, channel=channel_id, limit=MEMBERS_A_PAGE, cursor=cursor
            )
            members = answer.get("members")
            if not isinstance(members, list):
                raise MessengerUnavailable("Slack's answer holds no members; it is asked again later.")
            found.update(member for member in members if isinstance(member, str))
            cursor = next_cursor(answer)
            if cursor is None:
                return frozenset(found)
        raise MessengerUnavailable("Slack names the same page of members again; it is asked again later.")

    # ---- views ---------------------------------------------------------------------------------------------------

    async def open_modal(self, trigger_id: str, view: Mapping[str, object]) -> str:
        """The id of the view opened. A trigger is good once and for three seconds. Raises MessengerError."""
        return str(
            object_of(await self.api.ask(self.web.views_open, trigger_id=trigger_id, view=dict(view)), "view")["id"]
        )

    async def update_modal(self, view_id: str, view: Mapping[str, object]) -> None:
        """Raises MessengerError."""
        await self.api.ask(self.web.views_update, view_id=view_id, view=dict(view))

    async def publish_home(self, user_id: str, view: Mapping[str, object]) -> None:
        """Raises MessengerError."""
        await self.api.ask(self.web.views_publish, user_id=user_id, view=dict(view))
