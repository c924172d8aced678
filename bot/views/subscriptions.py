"""Answers about rules: which there are, a new one, its confirmation, its end."""

from collections.abc import Collection, Mapping, Sequence

from bot.core.model import Message, Rule
from bot.views import actions
from bot.views.blocks import (
    BUTTON_VALUE,
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
from bot.views.blocks import actions as buttons
from bot.views.rules import place_words, query_words, rule_words

RULES_SHOWN = 25  # of rule_words at its longest, this many stay within a message


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
        told = f"Nothing is posted here yet, and you made no rule. `{command} subscribe` in a channel makes one."
        return message(told, [section(mrkdwn(told))])
    listed = rules[:RULES_SHOWN]
    blocks: list[Block] = []
    texts = []
    for rule in listed:
        told = rule_words(rule, words.get(rule.rule_id, ""))
        if rule.rule_id in may_take:
            action, label = actions.action_id(actions.TAKE_OVER, rule.rule_id), f"Take over rule {rule.rule_id}"
            take = button(action, "Take over", str(rule.rule_id), label=label)
            blocks.append(section(mrkdwn(told), take))
        else:
            blocks.append(section(mrkdwn(told), _end_button(rule) if rule.rule_id in may_end else None))
        texts.append(told.replace("*", ""))
    if len(rules) > len(listed):
        blocks.append(
            context(f"and {len(rules) - len(listed)} more; `{command} rules` in a channel shows only its own")
        )
    return message("\n".join([f"{count(len(rules), 'rule')}:", *texts]), blocks)


def confirm_subscription(channel_id: str, query: str, words: str, *, last_month: str = "") -> Message:
    """Asks before results of named people go to a public channel. `query` is canonical text, `words` for people;
    `last_month` says in a sentence of ours what the rule would have brought."""
    place = f"<#{safe(channel_id, 40)}>"
    what = query_words(words)
    told = (
        f"{place} is a public channel: everybody in the workspace, now and later, can read what is posted there, with "
        f"people's names and results. Shall Spotter post there: {what}?"
    )
    if last_month:
        told += f"\n{last_month}"
    value = actions.subscribe_value(channel_id, query)
    if len(value) > BUTTON_VALUE:
        return message("This query is too long for a rule. Use fewer conditions.", [])
    yes = button(actions.CONFIRM_SUBSCRIBE, "Yes, post to this public channel", value, style="primary")
    return message(told, [section(mrkdwn(told)), buttons([yes, button(actions.CANCEL, "Cancel", channel_id)])])


def subscribed(rule: Rule, words: str, *, command: str, last_month: str = "") -> Message:
    """A new rule, once its introduction could be posted; `last_month` as when it was confirmed."""
    what = query_words(words)
    told = (
        f"Done: rule {rule.rule_id} posts to {place_words(rule)} from the next reading of iSpring on: {what}. "
        f"End it with `{command} unsubscribe {rule.rule_id}`."
    )
    text = f"{told} {last_month}".strip()
    return message(text, [section(mrkdwn(told)), *([context(last_month)] if last_month else [])])


def starts_later(rule: Rule, words: str, *, command: str) -> Message:
    """A new rule whose introduction is still waiting to be posted."""
    what = query_words(words)
    told = (
        f"Rule {rule.rule_id} is saved for {place_words(rule)}: {what}. It begins once its introduction is posted "
        f"there, which is taking longer than usual. `{command} rules` shows its state."
    )
    return message(told, [section(mrkdwn(told))])


def already_subscribed(rule: Rule, words: str, *, command: str) -> Message:
    """The same query was subscribed to this place before."""
    told = f"This rule is there already: {rule_words(rule, words).replace('*', '')}. `{command} rules` lists all."
    return message(told, [section(mrkdwn(told))])


def invite_first(channel_id: str, *, name: str = "Spotter") -> Message:
    """No rule was made, because the bot can't write to the channel."""
    place = f"<#{safe(channel_id, 40)}>"
    told = (
        f"Nothing was saved: Spotter can't write to {place} yet. Type `/invite @{safe(name, 40)}` there and try again."
    )
    return message(told, [section(mrkdwn(told))])


def cancelled() -> Message:
    """Somebody thought better of it."""
    return message("Cancelled; nothing was saved.", [section(mrkdwn("Cancelled; nothing was saved."))])


def unsubscribed(rule: Rule, words: str) -> Message:
    """A rule was ended."""
    told = (
        f"Ended: Rule {rule.rule_id} in {place_words(rule)}: {query_words(words, 150)}. Nothing more is posted "
        "because of it; messages already posted are still corrected."
    )
    return message(told, [section(mrkdwn(told))])


def _end_button(rule: Rule) -> Block:
    question = confirmation(
        f"End rule {rule.rule_id}?", "Nothing more will be posted because of it.", "End it", "Keep it"
    )
    action = actions.action_id(actions.UNSUBSCRIBE, rule.rule_id)
    label = f"End rule {rule.rule_id}"
    return button(action, "End", str(rule.rule_id), label=label, style="danger", confirm=question)
