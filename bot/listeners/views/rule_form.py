"""The form that edits a rule: opened by a button, with menus that search among what the viewer may see, and saved.

All of it is answered before the acknowledgement, from the store.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.blocks import actions
from bot.blocks import rule_form as views
from bot.blocks.rule_changes import format_changed
from bot.blocks.rule_preview import preview_blocks
from bot.blocks.rules import format_query
from bot.domain.errors import NotAllowed, NotPossibleNow, QueryError
from bot.domain.ports import Reply
from bot.domain.rules import basis_of
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view, names, refuse_unknown
from bot.listeners.after_ack import AfterAck
from bot.listeners.context import AppContext
from bot.listeners.own_rules import own_rule, refuse_unreadable
from bot.listeners.requests import ActionRequest, Submission, read_action, read_submission, viewer_of
from bot.listeners.subscribing import shown_of
from bot.listeners.understanding import understand
from bot.query.by_id import by_id
from bot.query.keys import KEYS, Query
from bot.query.names import id_value
from bot.query.nearest import normalize
from bot.query.parser import parse, say, words
from bot.services.rules import edit_rule, fit_for_rule, same_rule
from bot.services.visible_names import all_visible_names
from bot.store.database import Tx

SUBMIT_TIMEOUT = 2.5  # seconds: Slack gives three
MOST_OFFERED = 50


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers the form and the searches of its menus."""
    ctx = after_ack.ctx

    async def submit(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        submission = replace(read_submission(body), viewer=context.get("viewer"))
        async with asyncio.timeout(SUBMIT_TIMEOUT):
            viewer = await viewer_of(ctx, submission)
            done = await _save(ctx, viewer, submission)
        if done.mistakes:
            await ack(response_action="errors", errors=submission.errors(done.mistakes))
            return
        await ack(response_action="update", view=done.view)
        ctx.wake_sender()

    async def search(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        action = read_action(body, context)
        name, typed = str(body.get("action_id", "")), str(body.get("value", ""))
        async with asyncio.timeout(SUBMIT_TIMEOUT):
            await ack(options=await _search(ctx, await viewer_of(ctx, action), name, typed))

    app.view(actions.RULE_FORM, middleware=[after_ack.known_viewer])(submit)
    for name in (actions.INPUT_CHECKLIST, actions.INPUT_DEPT, actions.INPUT_PEOPLE, actions.INPUT_OBSERVERS):
        app.options(name, middleware=[after_ack.known_viewer])(search)


async def open_form(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens the form of the rule with the number on the button."""
    viewer = await viewer_of(ctx, action)
    view = await ctx.store.read(lambda tx: _form(tx, viewer, action.value))
    await ctx.messenger.open_modal(action.trigger_id, view)


def _form(tx: Tx, viewer: Viewer, number: str, basis: str = "") -> dict[str, Any]:
    """The form of a rule as it is now. `basis`: what it was when the form was opened before."""
    rule, access = own_rule(tx, viewer, number, "edit"), access_view(tx, viewer)
    query = parse(rule.query)
    known = names(tx, access, query)
    refuse_unreadable(access, rule, query, known)
    return views.rule_form(rule, query, known, format_changed(rule, basis) if basis else "")


async def _search(ctx: AppContext, viewer: Viewer, name: str, typed: str) -> list[dict[str, Any]]:
    """What a menu offers: names among what the viewer may see that hold what is typed, those that begin so first."""
    key, wanted = views.key_of_menu(name), normalize(typed)
    kind = None if key is None else KEYS[key].kind
    if key is None or kind is None or not wanted:
        return []

    def work(tx: Tx) -> list[dict[str, Any]]:
        access = access_view(tx, viewer)
        known = all_visible_names(tx, access.scope, access.directory)
        found = [(normalize(label), ident) for ident, label in known.all(kind).items()]
        fitting = sorted((not label.startswith(wanted), label, ident) for label, ident in found if wanted in label)
        return views.offered(key, [id_value(ident) for _, _, ident in fitting[:MOST_OFFERED]], known)

    try:
        return await ctx.store.read(work)
    except (NotAllowed, NotPossibleNow):
        return []


@dataclass(frozen=True, slots=True)
class _Done:
    """The view that follows a submission, or its mistakes by the name of the input."""

    mistakes: dict[str, str]
    view: dict[str, Any] | None = None


async def _save(ctx: AppContext, viewer: Viewer, submission: Submission) -> _Done:
    """Stores the rule as the form says. Every condition is checked again: a value proves nothing."""

    def work(tx: Tx) -> _Done:
        number, _, basis = submission.metadata.partition(":")
        rule, access = own_rule(tx, viewer, number, "edit"), access_view(tx, viewer)
        if basis != basis_of(rule):
            return _Done({}, _form(tx, viewer, number, basis or "?"))
        now = ctx.clock.now()
        stored_before = parse(rule.query)
        known_before = names(tx, access, stored_before)
        refuse_unreadable(access, rule, stored_before, known_before)
        other_terms, as_filled_in = views.other_terms_of(stored_before, known_before)
        text = submission.values.get(actions.INPUT_OTHER_TERMS, "").strip()
        if text != as_filled_in:  # else it may name what its owner may not see any more
            other_terms = understand(tx, access, text, "", now).query
        query = fit_for_rule(views.query_of(submission.values, other_terms))
        known = names(tx, access, query)
        before = {*stored_before.terms}  # what it asks for already is no news to its owner
        refuse_unknown(Query(tuple(term for term in query.terms if term not in before)), known)
        stored = by_id(query, known)
        same = same_rule(tx, rule.destination, stored, known)
        if same is not None and same.rule_id != rule.rule_id:
            raise QueryError(f"Rule {same.rule_id} asks for the same there.")
        edits, called = views.options_of(submission.values, rule.options)
        options = replace(rule.options, edits=edits, names=called)
        edited = edit_rule(tx, rule, say(stored), options, viewer.slack_user_id, now)
        shown = shown_of(ctx, tx, access, rule.destination, stored, known, without=rule.rule_id)
        said = format_query(words(stored, known))
        return _Done({}, views.saved(edited, said, preview_blocks(shown)))

    try:
        return await ctx.store.transact(work)
    except (QueryError, NotAllowed, NotPossibleNow) as problem:
        return _Done({actions.INPUT_OTHER_TERMS: str(problem)})
