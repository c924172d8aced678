"""What a person does in Slack: commands, messages, buttons, menus, modals, the App Home."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from bot.demo.slack import typed
from bot.demo.slack.acting import VERIFICATION_TOKEN, Acting
from bot.demo.slack.answers import Answer, NotPossible, ViewAnswer
from bot.demo.slack.deliveries import NotAcknowledged
from bot.demo.slack.desk import MethodError
from bot.demo.slack.entities import SLACKBOT_ID, Channel, Json, Message, View, elements_of
from bot.demo.slack.methods_views import checked_payload, replace_view, stack_view
from bot.demo.slack.widgets import chosen, initial, state_of
from bot.demo.slack.wire import message_json, view_json

__all__ = ["Answer", "NotPossible", "People", "ViewAnswer"]
_REQUIRED = "Please complete this required field."


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
        answer.trigger_id = self._desk.new_trigger(user_id)
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
        channel_id: str | None = None,
    ) -> Answer:
        """Presses a button. `target`: a message, its ts, a view or its id; `value` tells buttons of one id apart."""
        subject = self._subject(user_id, target, channel_id)
        block, element = _element(subject, action_id, value)
        if element["type"] not in ("button", "workflow_button"):
            raise NotPossible(f"{action_id} is a {element['type']}: choose() it")
        action: Json = {name: element[name] for name in ("text", "value", "url", "style") if name in element}
        return await self._act(user_id, subject, block, element, action)

    async def choose(
        self, user_id: str, target: Message | View | str, action_id: str, value: Any, *, channel_id: str | None = None
    ) -> Answer:
        """Chooses in a menu: an option by its value or words, an id, a date; a list where several may be chosen."""
        subject = self._subject(user_id, target, channel_id)
        block, element = _element(subject, action_id, None)
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

    async def submit(self, view_id: str, user_id: str, values: Mapping[str, Any] | None = None) -> ViewAnswer:
        """Fills the modal in and submits it. `values`: action or block id → what `choose` takes.

        What the client itself refuses (a required field left empty) comes back as errors without reaching the app.
        """
        user, view = self._person(user_id), self._open_modal(view_id, user_id)
        self._fill_in(view, values or {})
        missing = {
            block["block_id"]: _REQUIRED
            for block in view.blocks
            if block["type"] == "input"
            and not block.get("optional")
            and not state_of(view.state, block["block_id"], block["element"])
        }
        if missing:
            view.errors = missing
            return ViewAnswer(errors=missing, view=view)
        answers, addresses = self._addresses(view, user_id)
        payload: Json = {
            "type": "view_submission",
            "team": {"id": self.workspace.team.id, "domain": self.workspace.team.domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self._desk.new_trigger(user_id),
            "view": view_json(view, self.workspace),
            "response_urls": addresses,
            "is_enterprise_install": False,
            "enterprise": None,
        }
        try:
            ack = await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            self.workspace.tell("interaction_failed", user=user_id, subject=refusal.reason)
            return ViewAnswer(failure=refusal.reason, view=view, answers=answers)
        result = self._answered(view, user_id, ack)
        result.answers = answers
        return result

    async def close(self, view_id: str, *, clear: bool = False) -> None:
        """Closes the modal with its own button (`clear`: with the cross, and all below it)."""
        view = self._open_modal(view_id, None)
        stack = list(self.workspace.modals[view.user_id])
        for one in reversed(stack if clear else [view]):
            self.workspace.close_modal(one)
        if not view.payload.get("notify_on_close"):
            return
        user = self._person(view.user_id)
        payload: Json = {
            "type": "view_closed",
            "team": {"id": self.workspace.team.id, "domain": self.workspace.team.domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "view": view_json(view, self.workspace),
            "is_cleared": clear,
            "is_enterprise_install": False,
            "enterprise": None,
        }
        try:
            await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            self.workspace.tell("interaction_failed", user=view.user_id, subject=refusal.reason)

    def modal_of(self, user_id: str) -> View | None:
        """The modal on top before this person, if any."""
        return self.workspace.modal_of(user_id)

    async def _act(self, user_id: str, subject: Message | View, block: Json, element: Json, action: Json) -> Answer:
        user = self._person(user_id)
        answer = Answer(user_id, subject.channel if isinstance(subject, Message) else None)
        answer.trigger_id = self._desk.new_trigger(user_id)
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "trigger_id": answer.trigger_id,
            "team": {"id": self.workspace.team.id, "domain": self.workspace.team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
            **self._where(subject, answer, user_id),
            "actions": [
                {
                    "type": element["type"],
                    "action_id": element["action_id"],
                    "block_id": block["block_id"],
                    **action,
                    "action_ts": self._desk.ts(),
                }
            ],
        }
        try:
            answer.ack = await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            answer.failure = refusal.reason
            self.workspace.tell("interaction_failed", channel=answer.channel, user=user_id, subject=refusal.reason)
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

    def _answered(self, view: View, user_id: str, ack: Json) -> ViewAnswer:
        """Does what the acknowledgement of a submission asks for."""
        action = ack.get("response_action")
        try:
            if action is None:
                self.workspace.close_modal(view)
            elif action == "errors":
                view.errors = {str(key): str(text) for key, text in ack.get("errors", {}).items()}
                unknown = set(view.errors) - {block["block_id"] for block in view.blocks if block["type"] == "input"}
                if unknown or not view.errors:
                    raise MethodError("invalid_errors")
                self.workspace.tell("view_updated", user=user_id, subject=view)
                return ViewAnswer(ack, errors=view.errors, view=view)
            elif action == "update":
                replace_view(self._desk, view, checked_payload(ack.get("view"), "modal"))
            elif action == "push":
                stack_view(self._desk, user_id, checked_payload(ack.get("view"), "modal"), on=view)
            elif action == "clear":
                for one in reversed(list(self.workspace.modals[user_id])):
                    self.workspace.close_modal(one)
            else:
                raise MethodError("invalid_response_action")
        except MethodError as refusal:
            told = refusal.extra.get("response_metadata", {}).get("messages", [])
            failure = " ".join([refusal.code, *told])
            self.workspace.tell("interaction_failed", user=user_id, subject=failure)
            return ViewAnswer(ack, failure=failure, view=view)
        return ViewAnswer(ack, view=self.workspace.modal_of(user_id))

    def _fill_in(self, view: View, values: Mapping[str, Any]) -> None:
        left = set(values)
        for block in view.blocks:
            for element in elements_of(block):
                key = next((one for one in (element["action_id"], block["block_id"]) if one in values), None)
                place = view.state.setdefault(block["block_id"], {})
                if key is not None:
                    left.discard(key)
                    place[element["action_id"]] = {"type": element["type"], **chosen(element, values[key])}
                elif element["action_id"] not in place and element["type"] not in ("button", "overflow"):
                    place[element["action_id"]] = {"type": element["type"], **initial(element)}
        view.state = {block_id: actions for block_id, actions in view.state.items() if actions}
        if left:
            raise NotPossible(f"the modal has no field {', '.join(sorted(left))}")

    def _addresses(self, view: View, user_id: str) -> tuple[list[Answer], list[Json]]:
        answers, addresses = [], []
        for block in view.blocks:
            for element in elements_of(block):
                state = view.state.get(block["block_id"], {}).get(element["action_id"], {})
                channel_id = state.get("selected_conversation") or state.get("selected_channel")
                if element.get("response_url_enabled") and channel_id:
                    answer = Answer(user_id, channel_id)
                    address = self._response_urls.give("app", channel_id, answer)
                    answers.append(answer)
                    place = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    addresses.append({**place, "channel_id": channel_id, "response_url": address})
        return answers, addresses

    def _open_modal(self, view_id: str, user_id: str | None) -> View:
        view = self.workspace.views.get(view_id)
        if view is None or view.closed or user_id not in (None, view.user_id):
            raise NotPossible(f"{view_id} is no modal before {user_id or 'anybody'}")
        if self.workspace.modal_of(view.user_id) is not view:
            raise NotPossible(f"{view_id} lies under another modal")
        return view

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
        ts = self._desk.ts()
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
        message = Message(channel=answer.channel or "", ts=self._desk.ts(), text=text, user=SLACKBOT_ID)
        message.ephemeral_to, message.thread_ts = answer.user, thread_ts
        answer.add(self.workspace.post(message))
        self.workspace.tell(
            "interaction_failed", channel=answer.channel, user=answer.user, subject=answer.failure or text
        )


def _name_in_commands(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _element(subject: Message | View, action_id: str, value: str | None) -> tuple[Json, Json]:
    blocks = subject.blocks
    if isinstance(subject, Message):
        blocks = blocks + [block for one in subject.attachments for block in one.get("blocks", [])]
    for block in blocks:
        for element in elements_of(block):
            if element["action_id"] == action_id and value in (None, element.get("value")):
                return block, element
    raise NotPossible(f"nothing here has the action id {action_id!r}" + (f" and the value {value!r}" if value else ""))
