"""What people type and press in Slack, told to a `core.ports.Reception`: acknowledged first, worked on after.

No network call comes before an acknowledgement: who we are is known from the start's auth.test.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.domain.ports import ActionRequest, Clock, Command, Handlers, Reply, Submission
from bot.slack.client import Identity, SlackMessenger
from bot.slack.replies import EphemeralReply, ResponseUrl
from bot.slack.task_pool import TaskPool, sentence

ANYTHING = re.compile(r".*", re.DOTALL)
SUBMIT_TIMEOUT = 2.5  # seconds: Slack gives three
EVENTS_REMEMBERED = 5_000
# Why nothing can be posted to a channel any more, as far as an event tells; "" for those that only say: look again.
OF_CHANNELS = {
    "channel_left": "not_in_channel",
    "group_left": "not_in_channel",
    "channel_archive": "is_archived",
    "group_archive": "is_archived",
    "channel_deleted": "channel_not_found",
    "group_deleted": "channel_not_found",
    "channel_unarchive": "",
    "group_unarchive": "",
    "channel_shared": "shared_outside",
    "channel_unshared": "",
    "channel_rename": "",
    "group_rename": "",
}

log = structlog.get_logger(__name__)
# Bolt writes whole request bodies into its log, at INFO for a bad signature and at WARNING for what nobody listens to.
_quiet = logging.getLogger("spotter.bolt")
_quiet.setLevel(logging.ERROR)


class SlackEvents:
    """Slack's requests for one Reception. Enter it as a context: leaving waits for the work begun, then cancels it."""

    def __init__(
        self,
        handlers: Handlers,
        messenger: SlackMessenger,
        identity: Identity,
        clock: Clock,
        command: str,
    ) -> None:
        self._handlers = handlers
        self._messenger = messenger
        self._identity = identity
        self._clock = clock
        self._task_pool = TaskPool()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.app = self._build(command)

    async def __aenter__(self) -> Self:
        await self._task_pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._task_pool.__aexit__(kind, problem, trace)

    def _build(self, command: str) -> AsyncApp:
        token = self._messenger.web.token
        me = self._identity

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_token=token,
                bot_id=me.bot_id,
                bot_user_id=me.bot_user_id,
            )

        app = AsyncApp(
            client=self._messenger.web,
            authorize=authorize,
            logger=_quiet,
            # `door.SlackDoor` checks signatures, and a socket is authenticated: Bolt would only log bodies.
            request_verification_enabled=False,
        )
        app.command(command)(self._on_command)
        app.command(ANYTHING)(self._on_command)  # an app renamed its command, but not yet everywhere
        app.action(ANYTHING)(self._on_press)
        app.view(ANYTHING)(self._on_submission)
        app.view_closed(ANYTHING)(_only_acknowledge)
        app.shortcut(ANYTHING)(_only_acknowledge)
        app.options(ANYTHING)(_no_options)
        app.event(ANYTHING)(self._on_event)
        app.error(self._on_error)
        return app

    # ---- what people do ------------------------------------------------------------------------------------------

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        user_id = _text(body, "user_id")
        asked = Command(
            user_id=user_id,
            channel_id=_text(body, "channel_id"),
            text=_text(body, "text"),
            trigger_id=_text(body, "trigger_id"),
        )
        reply = self._reply(body, user_id, asked.channel_id)
        self._task_pool.start("command", lambda: self._handlers.command(asked, reply), reply, user_id)

    async def _on_press(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        actions = body.get("actions")
        action = actions[0] if isinstance(actions, list) and actions else None
        if not isinstance(action, dict):
            return
        user_id = _text(_part(body, "user"), "id")
        container = _part(body, "container")
        channel_id = _text(_part(body, "channel"), "id") or _text(container, "channel_id") or None
        request = ActionRequest(
            user_id=user_id,
            action=_text(action, "action_id"),
            value=chosen(action),
            trigger_id=_text(body, "trigger_id"),
            channel_id=channel_id,
            message_ts=_text(container, "message_ts") or None,
            view_id=_text(_part(body, "view"), "id") or None,
            is_ephemeral=bool(container.get("is_ephemeral")),
        )
        reply = self._reply(body, user_id, channel_id)
        self._task_pool.start("press", lambda: self._handlers.press(request, reply), reply, user_id)

    async def _on_submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        view = _part(body, "view")
        submitted = Submission(
            user_id=_text(_part(body, "user"), "id"),
            form=_text(view, "callback_id"),
            values=entered(view),
            private=_text(view, "private_metadata"),
            view_id=_text(view, "id"),
        )
        try:
            async with asyncio.timeout(SUBMIT_TIMEOUT):
                mistakes = await self._handlers.submit(submitted)
        except Exception as problem:  # the form must stay open with a sentence, whatever broke
            mistakes = {next(iter(submitted.values), ""): sentence(problem, "form")}
        mistakes = _by_block(mistakes, view)
        if mistakes:
            await ack(response_action="errors", errors=mistakes)
        else:
            await ack()
            # What the form changed is on the Home tab too; drawing it takes Slack's network, so not before the ack.
            self._task_pool.start("home", lambda: self._handlers.home(submitted.user_id), None, submitted.user_id)

    async def _on_event(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        if self._is_repeated(body):
            return
        kind, user_id = _text(event, "type"), _text(event, "user")
        channel_id = _channel_of(event)
        match kind:
            case "app_home_opened" if event.get("tab", "home") == "home":
                self._task_pool.start("home", lambda: self._handlers.home(user_id), None, user_id)
            case "app_mention" | "message" if self._is_for_bot(kind, event):
                self._listen(event, user_id, channel_id)
            case "member_joined_channel" if user_id == self._identity.bot_user_id:
                self._task_pool.start("channel", lambda: self._handlers.channel_changed(channel_id, ""), None)
            case "channel_id_changed":
                old, new = _text(event, "old_channel_id"), _text(event, "new_channel_id")
                if old and new:
                    self._task_pool.start("channel", lambda: self._handlers.channel_moved(old, new), None)
            case "user_change":
                changed = _text(_part(event, "user"), "id")
                self._task_pool.start("person", lambda: self._handlers.person_changed(changed), None)
            case _ if kind in OF_CHANNELS and channel_id:
                self._task_pool.start(
                    "channel", lambda: self._handlers.channel_changed(channel_id, OF_CHANNELS[kind]), None
                )

    async def _on_error(self, error: Exception, body: dict[str, Any]) -> None:
        """Bolt's one place for what a listener raised; none of ours should."""
        log.error("event.failed", kind=_text(body, "type") or "command", exc_info=error)

    # ---- details -------------------------------------------------------------------------------------------------

    def _is_for_bot(self, kind: str, event: Mapping[str, Any]) -> bool:
        if event.get("bot_id") or event.get("subtype") or event.get("user") == self._identity.bot_user_id:
            return False
        return bool(event.get("user")) and (kind == "app_mention" or event.get("channel_type") == "im")

    def _listen(self, event: Mapping[str, Any], user_id: str, channel_id: str) -> None:
        thread_ts = _text(event, "thread_ts") or None
        text = re.sub(rf"<@{re.escape(self._identity.bot_user_id)}(\|[^>]*)?>", " ", _text(event, "text")).strip()
        reply = EphemeralReply(self._messenger, user_id, channel_id, thread_ts)

        async def answer() -> None:
            said = await self._handlers.said(user_id, channel_id, text, thread_ts)
            if said is not None:
                await reply(said)

        self._task_pool.start("said", answer, reply, user_id)

    def _reply(self, body: Mapping[str, Any], user_id: str, channel_id: str | None) -> Reply:
        url = _text(body, "response_url")
        if url:
            return ResponseUrl(url, self._messenger.session, self._clock)
        return EphemeralReply(self._messenger, user_id, channel_id)

    def _is_repeated(self, body: Mapping[str, Any]) -> bool:
        """Whether this event came before: Slack repeats what was not acknowledged in time."""
        event_id = _text(body, "event_id")
        if not event_id:
            return False
        if event_id in self._seen:
            return True
        self._seen[event_id] = None
        while len(self._seen) > EVENTS_REMEMBERED:
            self._seen.popitem(last=False)
        return False


async def _only_acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _no_options(ack: AsyncAck) -> None:
    await ack(options=[])


def chosen(element: Mapping[str, Any]) -> str:
    """What a button, menu or input holds, as text; several choices are joined by commas, "" for none."""
    for name in ("value", "selected_conversation", "selected_channel", "selected_user", "selected_date"):
        if isinstance(element.get(name), str):
            return str(element[name])
    option = element.get("selected_option")
    if isinstance(option, dict):
        return _text(option, "value")
    options = element.get("selected_options")
    if isinstance(options, list):
        return ",".join(_text(one, "value") for one in options if isinstance(one, dict))
    for name in ("selected_conversations", "selected_channels", "selected_users"):
        if isinstance(element.get(name), list):
            return ",".join(str(one) for one in element[name])
    return ""


def entered(view: Mapping[str, Any]) -> dict[str, str]:
    """What was entered into a form, by the inputs' action ids."""
    blocks = _part(_part(view, "state"), "values")
    return {
        str(name): chosen(element)
        for elements in blocks.values()
        if isinstance(elements, dict)
        for name, element in elements.items()
        if isinstance(element, dict)
    }


def _by_block(mistakes: Mapping[str, str], view: Mapping[str, Any]) -> dict[str, str]:
    """Mistakes by block id, as Slack wants them; one that names no input stands under the first."""
    if not mistakes:
        return {}
    blocks = _part(_part(view, "state"), "values")
    home = {str(name): str(block_id) for block_id, elements in blocks.items() for name in elements}
    first = next((str(block_id) for block_id in blocks), "")
    return {home.get(name, name if name in blocks else first): words for name, words in mistakes.items()}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""


def _channel_of(event: Mapping[str, Any]) -> str:
    """The channel id of an event, which some events wrap in an object."""
    return _text(event, "channel") or _text(_part(event, "channel"), "id")
