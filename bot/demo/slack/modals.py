"""What a person does with a modal: fills it in, submits it, closes it, searches in its menus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.acting import Acting
from bot.demo.slack.answers import Answer, NotPossible, ViewAnswer
from bot.demo.slack.deliveries import NotAcknowledged
from bot.demo.slack.desk import MethodError
from bot.demo.slack.entities import Json, View, elements_of
from bot.demo.slack.methods_views import checked_payload, replace_view, stack_view
from bot.demo.slack.widgets import chosen, element_with, initial, state_of
from bot.demo.slack.wire import view_json

_REQUIRED = "Please complete this required field."


class Modals(Acting):
    """The verbs of a person before a modal."""

    def modal_of(self, user_id: str) -> View | None:
        """The modal on top before this person, if any."""
        return self.workspace.modal_of(user_id)

    async def submit(self, view_id: str, user_id: str, values: Mapping[str, Any] | None = None) -> ViewAnswer:
        """Fills the modal in and submits it. `values`: action or block id → what `choose` takes.

        What the client itself refuses (a required field left empty) comes back as errors without reaching the app.
        """
        view = self._open_modal(view_id, user_id)
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
            **self._interaction("view_submission", user_id),
            "trigger_id": self._ctx.new_trigger(user_id),
            "view": view_json(view, self.workspace),
            "response_urls": addresses,
        }
        try:
            ack = await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            self.workspace.report("interaction_failed", user=user_id, subject=refusal.reason)
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
        payload: Json = {
            **self._interaction("view_closed", view.user_id),
            "view": view_json(view, self.workspace),
            "is_cleared": clear,
        }
        try:
            await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            self.workspace.report("interaction_failed", user=view.user_id, subject=refusal.reason)

    async def suggest(self, view_id: str, user_id: str, action_id: str, typed: str) -> list[Json]:
        """Types into a menu whose options the app looks up; answers what it offers, [] if it did not answer in time."""
        view = self._open_modal(view_id, user_id)
        block, element = element_with(view.blocks, action_id)
        if not element["type"].endswith("external_select"):
            raise NotPossible(f"{action_id} is a {element['type']}: there is nothing to search for")
        payload: Json = {
            **self._interaction("block_suggestion", user_id),
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": typed,
            "container": {"type": "view", "view_id": view.id},
            "view": view_json(view, self.workspace),
        }
        try:
            ack = await self._to_app.interaction(payload)
        except NotAcknowledged as refusal:
            self.workspace.report("interaction_failed", user=user_id, subject=refusal.reason)
            return []
        groups = ack.get("option_groups") or [{"options": ack.get("options", [])}]
        return [option for group in groups for option in group["options"]]

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
                self.workspace.report("view_updated", user=user_id, subject=view)
                return ViewAnswer(ack, errors=view.errors, view=view)
            elif action == "update":
                replace_view(self._ctx, view, checked_payload(ack.get("view"), "modal"))
            elif action == "push":
                stack_view(self._ctx, user_id, checked_payload(ack.get("view"), "modal"), on=view)
            elif action == "clear":
                for one in reversed(list(self.workspace.modals[user_id])):
                    self.workspace.close_modal(one)
            else:
                raise MethodError("invalid_response_action")
        except MethodError as refusal:
            told = refusal.extra.get("response_metadata", {}).get("messages", [])
            failure = " ".join([refusal.code, *told])
            self.workspace.report("interaction_failed", user=user_id, subject=failure)
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
