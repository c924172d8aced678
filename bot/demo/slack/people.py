"""What a person does in Slack: commands, messages, buttons, menus, the App Home."""

from __future__ import annotations

import uuid
from typing import Any

from bot.demo.slack import typed
from bot.demo.slack.acting import VERIFICATION_TOKEN, Acting
from bot.demo.slack.answers import Answer, NotPossible
from bot.demo.slack.deliveries import NotAcknowledged
from bot.demo.slack.desk import MethodError
from bot.demo.slack.entities import SLACKBOT_ID, Channel, Json, Message, View
from bot.demo.slack.widgets import chosen, element_with
from bot.demo.slack.wire import message_json, view_json


class People(Acting):
    """The verbs of a person. Each answers once the app has acknowledged, or could not be made to."""

    async def command(
        self, user_id: str, channel_id: str, command: str, text: str = "", *, thread_ts: str | None = None
    ) -> Answer:
        """Types a slash command.

        One typed in a thread, or that nobody registered, never reaches the app: Slack itself says so.
        """
        user, channel = self._person(user_id), self._channel_of(user_id, channel_id)
        answer = Answer(user_id, channel_id)
        if thread_ts is not None:
            self._slackbot(answer, f"{command} is not supported in threads. Sorry!", thread_ts)
            answer.failure = "not_supported_in_threads"
            return answer
        if command not in self.workspace.app.commands:
            self._slackbot(
                answer,
                f"{command} is not a valid command. In Slack, all messages that start with the “/” "
                "character are interpreted as commands.",
            )
            answer.failure = "invalid_command"
            return answer
        answer.trigger_id = self._ctx.new_trigger(user_id)
        fields = {
            "token": VERIFICATION_TOKEN,
            "team_id": self.workspace.team.id,
            "team_domain": self.workspace.team.domain,
            "channel_id": channel.id,
            "channel_name": _name_in_commands(channel),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": typed.escaped(text, self.workspace),
            "api_app_id": self.workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_urls.give("commands", channel.id, answer),
            "trigger_id": answer.trigger_id,
        }
        try:
            answer.ack = await self._to_app.command(fields)
            if answer.ack:
                if answer.ack.get("response_type") == "in_channel":
                    self._post(user_id, channel, f"{command} {text}".strip())
                self._response_urls.acknowledged(answer, answer.ack)
        except NotAcknowledged as refusal:
            answer.failure = refusal.reason
        except MethodError:
            answer.failure = "invalid_command_response"
        if answer.failure is not None:
            self._slackbot(answer, f"{command} failed with the error “{answer.failure}”")
        return answer

    async def say(self, user_id: str, channel_id: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Writes a message; to the app's own user id, it goes to their direct message.

        The app hears of mentions where it is a member, and of direct messages.
        """
        self._person(user_id)
        app = self.workspace.app
        if channel_id == app.bot_user_id:
            channel_id = self.direct_message(user_id).id
        channel = self._channel_of(user_id, channel_id)
        if channel.is_archived:
            raise NotPossible(f"{channel_id} is archived")
        if channel.is_im and not app.messages_tab_enabled:
            raise NotPossible("sending messages to this app has been turned off")
        message = self._post(user_id, channel, typed.message_text(text, self.workspace), thread_ts)
        event = {**message_json(message, self.workspace), "channel": channel.id, "event_ts": message.ts}
        if channel.is_im:
            await self._event({**event, "channel_type": "im"}, named="message.im", channel=channel)
        elif app.bot_user_id in channel.members and f"<@{app.bot_user_id}>" in message.text:
            await self._event({**event, "type": "app_mention"}, channel=channel)
        return message

    async def press(
        self,
        user_id: str,
        target: Message | View | str,
        action_id: str,
        value: str | None = None,
        *,
        block_id: str | None = None,
        channel_id: str | None = None,
    ) -> Answer:
        """Presses a button. `target`: a message, its ts, a view or its id.

        `value` and `block_id` tell buttons of one action id apart.
        """
        subject = self._subject(user_id, target, channel_id)
        block, element = element_with(_blocks_of(subject), action_id, value, block_id)
        if element["type"] not in ("button", "workflow_button"):
            raise NotPossible(f"{action_id} is a {element['type']}: choose() it")
        action: Json = {name: element[name] for name in ("text", "value", "url", "style") if name in element}
        return await self._act(user_id, subject, block, element, action)

    async def choose(
        self,
        user_id: str,
        target: Message | View | str,
        action_id: str,
        value: Any,
        *,
        block_id: str | None = None,
        channel_id: str | None = None,
    ) -> Answer:
        """Chooses in a menu: an option by its value or words, an id, a date; a list where several may be chosen.

        `block_id` tells menus of one action id apart.
        """
        subject = self._subject(user_id, target, channel_id)
        block, element = element_with(_blocks_of(subject), action_id, block_id=block_id)
        action = chosen(element, value)
        if element["type"] != "overflow":
            state = subject.state if isinstance(subject, View) else subject.states.setdefault(user_id, {})
            state.setdefault(block["block_id"], {})[action_id] = {"type": element["type"], **action}
        return await self._act(user_id, subject, block, element, action)

    async def open_home(self, user_id: str, tab: str = "home") -> bool:
        """Opens the App Home; answers whether the app took note. What it publishes comes into `workspace.homes`."""
        self._person(user_id)
        event: Json = {"type": "app_home_opened", "user": user_id, "tab": tab}
        event["channel"] = self.direct_message(user_id).id
        home = self.workspace.homes.get(user_id)
        if home is not None and tab == "home":
            event["view"] = view_json(home, self.workspace)
        return await self._event(event)

    async def _act(self, user_id: str, subject: Message | View, block: Json, element: Json, action: Json) -> Answer:
        answer = Answer(user_id, subject.channel if isinstance(subject, Message) else None)
        answer.trigger_id = self._ctx.new_trigger(user_id)
        payload: Json = {
            **self._interaction("block_actions", user_id),
            "trigger_id": answer.trigger_id,
            **self._where(subject, answer, user_id),
            "actions": [
                {
                    "type": element["type"],
                    "action_id": element["action_id"],
                    "block_id": block["block_id"],
                    **action,
                    "action_ts": self._ctx.ts(),
                }
            ],
        }
        try:
            answer.ack = await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            answer.failure = refusal.reason
            self.workspace.report("interaction_failed", channel=answer.channel, user=user_id, subject=refusal.reason)
        return answer

    def _where(self, subject: Message | View, answer: Answer, user_id: str) -> Json:
        """The part of a block action that tells where it was done. A message only one person sees is not sent along."""
        if isinstance(subject, View):
            return {
                "container": {"type": "view", "view_id": subject.id},
                "view": view_json(subject, self.workspace),
                "state": {"values": subject.state},
            }
        channel = self.workspace.channels[subject.channel]
        container: Json = {"type": "message", "message_ts": subject.ts, "channel_id": channel.id}
        container["is_ephemeral"] = subject.ephemeral_to is not None
        if subject.thread_ts is not None:
            container["thread_ts"] = subject.thread_ts
        where: Json = {
            "container": container,
            "channel": {"id": channel.id, "name": _name_in_commands(channel)},
            "state": {"values": subject.states.get(user_id, {})},
            "response_url": self._response_urls.give("actions", channel.id, answer, subject),
        }
        if subject.ephemeral_to is None:
            where["message"] = message_json(subject, self.workspace)
        return where

    def _subject(self, user_id: str, target: Message | View | str, channel_id: str | None) -> Message | View:
        """What is acted on, if this person can see it."""
        if isinstance(target, str) and target in self.workspace.views:
            target = self.workspace.views[target]
        if isinstance(target, View):
            if target.user_id != user_id or target.closed:
                raise NotPossible(f"{target.id} is not before {user_id}")
            return target
        ts = target if isinstance(target, str) else target.ts
        if isinstance(target, Message):
            channel_id = target.channel
        for one in [channel_id] if channel_id is not None else list(self.workspace.channels):
            for message in self.workspace.visible_to(user_id, one):
                if message.ts == ts:
                    return message
        raise NotPossible(f"{user_id} sees no message {ts}")

    def _post(self, user_id: str, channel: Channel, text: str, thread_ts: str | None = None) -> Message:
        ts = self._ctx.ts()
        return self.workspace.post(
            Message(
                channel=channel.id,
                ts=ts,
                text=text,
                user=user_id,
                thread_ts=thread_ts,
                client_msg_id=str(uuid.uuid4()),
                blocks=typed.rich_text(text, f"b{self.workspace.next_number():05d}"),
            )
        )

    def _slackbot(self, answer: Answer, text: str, thread_ts: str | None = None) -> None:
        """Slack's own words to one person."""
        message = Message(channel=answer.channel or "", ts=self._ctx.ts(), text=text, user=SLACKBOT_ID)
        message.ephemeral_to, message.thread_ts = answer.user, thread_ts
        answer.add(self.workspace.post(message))
        self.workspace.report(
            "interaction_failed", channel=answer.channel, user=answer.user, subject=answer.failure or text
        )


def _name_in_commands(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _blocks_of(subject: Message | View) -> list[Json]:
    if isinstance(subject, View):
        return subject.blocks
    return subject.blocks + [block for one in subject.attachments for block in one.get("blocks", [])]
