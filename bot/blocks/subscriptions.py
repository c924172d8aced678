"""Answers about rules: which there are, a new one, its confirmation, its end."""

from collections.abc import Collection, Mapping, Sequence

from bot.blocks import actions
from bot.blocks.elements import (
    Block,
    button,
    confirmation,
    context,
    count,
    message,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.rules import format_destination, format_query, format_rule
from bot.domain.model import Message, Rule

MAX_RULES = 25  # of rule_words at its longest, this many stay within a message


def rules_list(
    rules: Sequence[Rule],
    words: Mapping[int, str],
    *,
    may_end: Collection[int] = (),
    may_take: Collection[int] = (),
    command: str,
) -> Message:
    """Rules by number, each with its query in words; a button to end those the viewer may end, or to take over those
    whose owner is gone."""
    if not rules:
        lead = f"Nothing is posted here yet, and you made no rule. `{command} subscribe` in a channel makes one."
        return message(lead, [section(mrkdwn(lead))])
    listed = rules[:MAX_RULES]
    blocks: list[Block] = []
    texts = []
    for rule in listed:
        lead = format_rule(rule, words.get(rule.rule_id, ""))
        if rule.rule_id in may_take:
            action, label = actions.action_id(actions.TAKE_OVER, rule.rule_id), f"Take over rule {rule.rule_id}"
            take = button(action, "Take over", str(rule.rule_id), label=label)
            blocks.append(section(mrkdwn(lead), take))
        else:
            blocks.append(section(mrkdwn(lead), _end_button(rule) if rule.rule_id in may_end else None))
        texts.append(lead.replace("*", ""))
    if len(rules) > len(listed):
        blocks.append(
            context(f"and {len(rules) - len(listed)} more; `{command} rules` in a channel shows only its own")
        )
    return message("\n".join([f"{count(len(rules), 'rule')}:", *texts]), blocks)


def confirm_subscription(channel_id: str, query: str, words: str, *, last_month: str = "") -> Message:
    """Asks before results of named people go to a public channel. `query` is canonical text, `words` for people;
    `last_month` says in a sentence of ours what the rule would have brought."""
    destination = f"<#{safe(channel_id, 40)}>"
    what = format_query(words)
    lead = (
        f"{destination} is a public channel: everybody in the workspace, now and later, can read what is posted there, with "
        f"people's names and results. Shall Spotter post there: {what}?"
    )
    if last_month:
        lead += f"\n{last_month}"
    value = actions.encode(actions.Subscribe(channel_id, query))
    if not value:
        return message("This query is too long for a rule. Use fewer conditions.", [])
    yes = button(actions.CONFIRM_SUBSCRIBE, "Yes, post to this public channel", value, style="primary")
    return message(lead, [section(mrkdwn(lead)), buttons([yes, button(actions.CANCEL, "Cancel", channel_id)])])


def subscribed(rule: Rule, words: str, *, command: str, last_month: str = "") -> Message:
    """A new rule, once its introduction could be posted; `last_month` as when it was confirmed."""
    what = format_query(words)
    lead = (
        f"Done: rule {rule.rule_id} posts to {format_destination(rule)} from the next reading of iSpring on: {what}. "
        f"End it with `{command} unsubscribe {rule.rule_id}`."
    )
    text = f"{lead} {last_month}".strip()
    return message(text, [section(mrkdwn(lead)), *([context(last_month)] if last_month else [])])


def starts_later(rule: Rule, words: str, *, command: str) -> Message:
    """A new rule whose introduction is still waiting to be posted."""
    what = format_query(words)
    lead = (
        f"Rule {rule.rule_id} is saved for {format_destination(rule)}: {what}. It begins once its introduction is posted "
        f"there, which is taking longer than usual. `{command} rules` shows its state."
    )
    return message(lead, [section(mrkdwn(lead))])


def already_subscribed(rule: Rule, words: str, *, command: str) -> Message:
    """The same query was subscribed to this place before."""
    lead = f"This rule is there already: {format_rule(rule, words).replace('*', '')}. `{command} rules` lists all."
    return message(lead, [section(mrkdwn(lead))])


def invite_first(channel_id: str, *, name: str = "Spotter") -> Message:
    """No rule was made, because the bot can't write to the channel."""
    destination = f"<#{safe(channel_id, 40)}>"
    lead = f"Nothing was saved: Spotter can't write to {destination} yet. Type `/invite @{safe(name, 40)}` there and try again."
    return message(lead, [section(mrkdwn(lead))])


def cancelled() -> Message:
    """Somebody thought better of it."""
    return message("Cancelled; nothing was saved.", [section(mrkdwn("Cancelled; nothing was saved."))])


def unsubscribed(rule: Rule, words: str) -> Message:
    """A rule was ended."""
    lead = (
        f"Ended: Rule {rule.rule_id} in {format_destination(rule)}: {format_query(words, 150)}. Nothing more is posted "
        "because of it; messages already posted are still corrected."
    )
    return message(lead, [section(mrkdwn(lead))])


def _end_button(rule: Rule) -> Block:
    question = confirmation(
        f"End rule {rule.rule_id}?", "Nothing more will be posted because of it.", "End it", "Keep it"
    )
    action = actions.action_id(actions.UNSUBSCRIBE, rule.rule_id)
    label = f"End rule {rule.rule_id}"
    return button(action, "End", str(rule.rule_id), label=label, style="danger", confirm=question)
