"""What each kind of menu and field holds: before anyone touched it, and once something is chosen or typed."""

from __future__ import annotations

from typing import Any

from bot.demo.slack.answers import NotPossible
from bot.demo.slack.entities import Json, elements_of

_VALUE_KEYS = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "overflow": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "file_input": "files",
}
_INITIAL_KEYS = {
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "value": "initial_value",
    "rich_text_value": "initial_value",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
}


def element_with(
    blocks: list[Json], action_id: str, value: str | None = None, block_id: str | None = None
) -> tuple[Json, Json]:
    """The first block and element with that action id and, where given, that value and block id.

    An action id is unique in its block only. Raises NotPossible for none.
    """
    for block in blocks:
        for element in elements_of(block):
            is_meant = value in (None, element.get("value")) and block_id in (None, block["block_id"])
            if element["action_id"] == action_id and is_meant:
                return block, element
    named = f"the action id {action_id!r}"
    named += f" and the value {value!r}" if value else ""
    named += f" in the block {block_id!r}" if block_id else ""
    raise NotPossible(f"nothing here has {named}")


def initial(element: Json) -> Json:
    """What the element holds before anyone touched it, as it stands in `state.values`."""
    key = _key(element)
    return {key: element.get(_INITIAL_KEYS.get(key, ""), [] if key.endswith("s") else None)}


def chosen(element: Json, value: Any) -> Json:
    """What the element holds once `value` is chosen or typed. Raises NotPossible if it is not on offer."""
    key = _key(element)
    if key == "selected_option":
        return {key: None if value is None else _option(element, value)}
    if key == "selected_options":
        return {key: [_option(element, one) for one in _several(value)]}
    if key.startswith("selected_") and key.endswith("s"):
        return {key: _several(value)}
    if key == "value" and value is not None:
        _check_typed(element, str(value))
        return {key: str(value)}
    return {key: value}


def state_of(state: Json, block_id: str, element: Json) -> Any:
    """What the element holds in a view's state, if anything."""
    held = state.get(block_id, {}).get(element["action_id"], {})
    return held.get(_key(element))


def _key(element: Json) -> str:
    key = _VALUE_KEYS.get(element["type"])
    if key is None:
        raise NotPossible(f"a {element['type']} holds nothing")
    return key


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _option(element: Json, wanted: Any) -> Json:
    groups = element.get("option_groups") or [{"options": element.get("options")}]
    offered: list[Json] = [one for group in groups for one in group.get("options") or []]
    if not offered and isinstance(wanted, dict):
        return wanted
    for option in offered:
        if wanted in (option.get("value"), option["text"]["text"], option):
            return option
    raise NotPossible(f"{wanted!r} is not among the options of {element['action_id']}")


def _check_typed(element: Json, text: str) -> None:
    most, least = element.get("max_length"), element.get("min_length")
    if (most is not None and len(text) > most) or (least is not None and len(text) < least):
        raise NotPossible(f"{element['action_id']} takes {least or 0} to {most or 3000} characters")
