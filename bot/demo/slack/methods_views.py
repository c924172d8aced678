"""views.*: modals and the App Home."""

from __future__ import annotations

from typing import Any

from bot.demo.slack.desk import AppContext, Args, MethodError, invalid_arguments
from bot.demo.slack.entities import Json, View, elements_of
from bot.demo.slack.limits import check_view, with_ids
from bot.demo.slack.wire import view_json

MOST_STACKED = 3


def open_view(ctx: AppContext, args: Args) -> Json:
    """views.open"""
    payload = _payload(args, "modal")
    user_id = ctx.use_trigger(_trigger_id(args))
    view = stack_view(ctx, user_id, payload, on=None)
    return {"view": view_json(view, ctx.workspace)}


def push_view(ctx: AppContext, args: Args) -> Json:
    """views.push: onto the modal from which the trigger came."""
    payload = _payload(args, "modal")
    user_id = ctx.use_trigger(_trigger_id(args))
    top = ctx.workspace.modal_of(user_id)
    if top is None:
        raise MethodError("not_found")
    view = stack_view(ctx, user_id, payload, on=top)
    return {"view": view_json(view, ctx.workspace)}


def update_view(ctx: AppContext, args: Args) -> Json:
    """views.update, by `view_id` or `external_id`; `hash`, when given, must be the newest."""
    payload = _payload(args, None)
    view = _found(ctx, args)
    if view.type != payload["type"]:
        raise invalid_arguments("cannot change view type [json-pointer:/view/type]")
    known = args.text("hash")
    if known is not None and known != view.hash:
        raise MethodError("hash_conflict")
    replace_view(ctx, view, payload)
    return {"view": view_json(view, ctx.workspace)}


def publish(ctx: AppContext, args: Args) -> Json:
    """views.publish: this person's App Home."""
    payload = _payload(args, "home")
    user_id = args.needed("user_id")
    if not ctx.workspace.app.home_tab_enabled:
        raise MethodError("not_enabled")
    if user_id not in ctx.workspace.users:
        raise invalid_arguments("invalid `user_id` [json-pointer:/user_id]")
    current = ctx.workspace.homes.get(user_id)
    known = args.text("hash")
    if known is not None and current is not None and known != current.hash:
        raise MethodError("hash_conflict")
    if current is None:
        current = _new_view(ctx, user_id, payload)
        ctx.workspace.homes[user_id] = current
    else:
        _fill(ctx, current, payload)
    ctx.workspace.report("home_published", user=user_id, subject=current)
    return {"view": view_json(current, ctx.workspace)}


def stack_view(ctx: AppContext, user_id: str, payload: Json, *, on: View | None) -> View:
    """Opens a modal before this person: on top of `on`, or in place of whatever modals were open."""
    external_id = payload.get("external_id")
    if external_id and any(_external_id(one) == external_id and not one.closed for one in ctx.workspace.views.values()):
        raise MethodError("duplicate_external_id")
    stack = ctx.workspace.modals.setdefault(user_id, [])
    if on is None:
        for old in list(reversed(stack)):
            ctx.workspace.close_modal(old)
    elif len(stack) >= MOST_STACKED:
        raise MethodError("push_limit_reached")
    view = _new_view(ctx, user_id, payload)
    if on is not None:
        view.root_view_id, view.previous_view_id = on.root_view_id, on.id
    stack.append(view)
    ctx.workspace.report("view_opened", user=user_id, subject=view)
    return view


def replace_view(ctx: AppContext, view: View, payload: Json) -> None:
    """Shows `payload` in the place of what the view showed. What was typed stays where block and action ids stay."""
    _fill(ctx, view, payload)
    kind = "home_published" if view.type == "home" else "view_updated"
    ctx.workspace.report(kind, user=view.user_id, subject=view)


def checked_payload(payload: Any, kind: str | None) -> Json:
    """The view payload, if it is one Slack would show; raises MethodError."""
    if not isinstance(payload, dict):
        raise invalid_arguments("missing required field: view")
    check_view(payload)
    if kind is not None and payload["type"] != kind:
        raise invalid_arguments(f"view type must be {kind} [json-pointer:/view/type]")
    return payload


def _payload(args: Args, kind: str | None) -> Json:
    return checked_payload(args.structure("view", "invalid_arguments"), kind)


def _trigger_id(args: Args) -> str:
    trigger_id = args.text("trigger_id") or args.text("interactivity_pointer")
    if trigger_id is None:
        raise invalid_arguments("missing required field: trigger_id")
    return trigger_id


def _found(ctx: AppContext, args: Args) -> View:
    view_id, external_id = args.text("view_id"), args.text("external_id")
    if view_id is None and external_id is None:
        raise invalid_arguments("missing required field: view_id or external_id")
    for view in ctx.workspace.views.values():
        if not view.closed and (view.id == view_id or (external_id and _external_id(view) == external_id)):
            return view
    raise MethodError("not_found")


def _external_id(view: View) -> str:
    return str(view.payload.get("external_id", ""))


def _new_view(ctx: AppContext, user_id: str, payload: Json) -> View:
    view_id = f"V{ctx.workspace.next_number():09d}"
    view = View(id=view_id, type=payload["type"], user_id=user_id, payload={}, hash="", root_view_id=view_id)
    _fill(ctx, view, payload)
    ctx.workspace.views[view_id] = view
    return view


def _fill(ctx: AppContext, view: View, payload: Json) -> None:
    view.payload = {**payload, "blocks": with_ids(payload.get("blocks", []), ctx.workspace)}
    view.hash = f"{int(ctx.now().timestamp())}.{ctx.workspace.next_number():08x}"
    view.errors = {}
    kept = {(block["block_id"], one["action_id"]) for block in view.blocks for one in elements_of(block)}
    view.state = {
        block_id: {action_id: value for action_id, value in actions.items() if (block_id, action_id) in kept}
        for block_id, actions in view.state.items()
    }
    view.state = {block_id: actions for block_id, actions in view.state.items() if actions}
