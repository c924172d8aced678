"""Changing a rule: another query, a pause until a moment, another owner."""

from datetime import datetime

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.elements import Block, button, confirmation, context, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import date_token, safe
from bot.blocks.rule_preview import Shown
from bot.blocks.rules import (
    format_destination,
    format_options,
    format_owner,
    format_place,
    format_query,
    format_rule,
    format_what,
    with_preview,
)
from bot.domain.notifications import Message
from bot.domain.rules import Rule, RuleOptions, RuleState, basis_of, changed_since


def offer_blocks(rule: Rule, words: str, by: str) -> list[Block]:
    """A rule offered to the reader, who takes it over by a button; `words` as the reader may read it."""
    name = f"Rule {rule.rule_id}"
    if rule.state is RuleState.ENDED:
        return [section(mrkdwn(f"{name} has ended."))]
    text = (
        f"<@{safe(by, 40)}> offers you rule {rule.rule_id}. It posts to {format_destination(rule)}: "
        f"{format_query(words)}{format_options(rule.options)}. Once it is yours, it posts what you may see, and you "
        "can change and end it."
    )
    ask = confirmation(f"Take over rule {rule.rule_id}?", "From then on it posts what you may see.", "Take it over")
    value = actions.encode(actions.TakeOver(rule.rule_id, basis_of(rule)))
    yes = button(actions.asked(actions.ACCEPT_RULE), "Take it over", value, style="primary", confirm=ask)
    return [section(mrkdwn(text)), buttons([yes])]


def edit_offer(rule: Rule, words: str, *, command: str) -> Message:
    """A rule, and a button that opens its form."""
    number = rule.rule_id
    edit = button(actions.EDIT_RULE, "Edit…", str(number), label=f"Edit rule {number}", style="primary")
    hint = context(f"Or type it: `{command} edit {number} outcome:failed names:initials`.")
    return message([section(mrkdwn(format_rule(rule, words))), buttons([edit]), hint])


def change(rule: Rule, value: actions.EditRule, before: str, after: str, shown: Shown) -> Message:
    """What a rule would ask for instead, and a button that saves it. `before` and `after` are queries for people."""
    encoded = actions.encode(value)
    if not encoded:
        return notice("These queries are too long for a button. Use the form.")
    options = format_options(RuleOptions(edits=value.edits, names=value.names))
    text = (
        f"Rule {rule.rule_id} posts to {format_destination(rule)}: {format_query(before)}"
        f"{format_options(rule.options)}.\nIt would post instead: {format_query(after)}{options}."
    )
    yes = button(actions.CONFIRM_EDIT, "Save the change", encoded, style="primary")
    last = buttons([yes, button(actions.CANCEL, "Cancel", str(rule.rule_id))])
    return with_preview([section(mrkdwn(text))], shown, [last])


def changed(rule: Rule, words: str) -> Message:
    """A rule was changed."""
    return notice(f"Saved. {format_rule(rule, words)}. It counts for what is completed from now on.")


def not_as_shown(rule: Rule, words: str, basis: str, *, command: str) -> Message:
    """A rule was changed since a question about it was asked: what, how it is now, and a button that edits it."""
    first = section(mrkdwn(f"{format_changed(rule, basis)} Nothing was saved. It is now:"))
    now = edit_offer(rule, words, command=command)
    return message([first, *now.blocks])


def format_changed(rule: Rule, basis: str) -> str:
    """What was changed of a rule since a question about it was asked."""
    parts = changed_since(rule, basis)
    what = f" ({', '.join(parts)})" if parts else ""
    return f"Rule {rule.rule_id} was changed meanwhile{what}."


def offered(rule: Rule, to: str) -> Message:
    """A rule was offered to a user."""
    return notice(
        f"Offered: <@{safe(to, 40)}> gets a message about rule {rule.rule_id} and takes it over by pressing. Until "
        "then it stays as it is."
    )


def ask_to_accept(rule: Rule, words: str, basis: str = "") -> Message:
    """Asks before a user takes over a rule that was offered to them. `basis`: what they were shown before, if that is
    not what it is now."""
    changed = f"{format_changed(rule, basis)} " if basis else ""
    text = (
        f"{changed}Take over rule {rule.rule_id}? It posts to {format_destination(rule)}: {format_query(words)}"
        f"{format_options(rule.options)}. From then on it posts what you may see."
    )
    value = actions.encode(actions.TakeOver(rule.rule_id, basis_of(rule)))
    return question(text, actions.ACCEPT_RULE, "Yes, take it over", value)


def ask_to_pause(rule: Rule, words: str, until: datetime, value: str) -> Message:
    """Asks before a rule is paused: `value` is what was typed behind the command."""
    text = (
        f"Pause rule {rule.rule_id} by {format_owner(rule.owner)} until {date_token(until)}? It sends to "
        f"{format_destination(rule)}: {format_what(rule, words)}. What it collects meanwhile comes then."
    )
    return question(text, actions.PAUSE, f"Yes, pause rule {rule.rule_id}", value)


def paused(rule: Rule, words: str, *, command: str) -> Message:
    """A rule was paused until a moment."""
    until = f" until {date_token(rule.resumes_at)}" if rule.resumes_at is not None else ""
    return notice(
        f"Paused{until}: rule {rule.rule_id} {format_place(rule)}: {format_query(words, 150)}. It goes on "
        "collecting, and what it collects waits.",
        f"`{command} resume {rule.rule_id}` lets it go on earlier.",
    )


def goes_on(rule: Rule, words: str, *, was_paused: bool) -> Message:
    """A rule was resumed."""
    if not was_paused:
        return notice(f"Rule {rule.rule_id} was not paused by anybody; nothing was changed.")
    return notice(
        f"Rule {rule.rule_id} goes on {format_place(rule)}: {format_query(words, 150)}. What waited comes now."
    )
