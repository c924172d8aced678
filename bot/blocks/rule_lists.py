"""Rules as lists with buttons: what is posted where, and which rule shall end."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from bot.blocks import actions
from bot.blocks.answers import run_buttons
from bot.blocks.coverage import rule_shows
from bot.blocks.elements import Block, button, confirmation, context, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.rules import format_owner, format_rule
from bot.domain.notifications import Message
from bot.domain.permissions import Coverage
from bot.domain.rules import Rule, RuleForm
from bot.domain.text import count

MAX_RULES = 25  # of `format_rule` at its longest, this many stay within a message
MAX_TO_END = 20  # beside what comes without a rule


def rules_list(
    rules: Sequence[Rule],
    words: Mapping[int, str],
    *,
    may_end: Collection[int] = (),
    may_take: Collection[int] = (),
    coverages: Mapping[int, Coverage] = MappingProxyType({}),
    settings: Collection[int] = (),
    me: str = "",
    command: str,
    silenced: Sequence[Block] = (),
    only_digests: bool = False,
    elsewhere: int = 0,
) -> Message:
    """Rules by number, each with its query in words and what the viewer may do with it: change or end it, or take it
    over if its owner is gone. `coverages`: whose sessions a rule shows, if not all; `settings`: the rules that the
    settings of direct messages made; `me`: the viewer's Slack id; `silenced`: the mutes that run, before the rules.
    `only_digests`: the rules are digests; `elsewhere`: how many rules there are that are not listed."""
    if not rules:
        none = f"Nothing is posted here yet, and you made no rule. `{command} subscribe` in a channel makes one."
        if only_digests:
            none = f"There are no digests here, and you made none. `{command} digest weekly mon 09:00` makes one."
        also = [buttons(run_buttons(["rules all"]))] if elsewhere else []
        none += f" {_elsewhere(elsewhere, command)}" if elsewhere else ""
        return message([*silenced, section(mrkdwn(none)), *also]) if silenced or also else notice(none)
    listed = rules[:MAX_RULES]
    texts = {
        rule.rule_id: format_rule(rule, words.get(rule.rule_id, ""), me, is_setting=rule.rule_id in settings)
        for rule in listed
    }
    for rule in listed:
        if coverage := coverages.get(rule.rule_id):
            shows = rule_shows(coverage, "" if rule.owner == me else format_owner(rule.owner))
            texts[rule.rule_id] += f". {shows}"
    blocks: list[Block] = [*silenced, section(mrkdwn(f"*{count(len(rules), 'rule')}*"))]
    blocks += rule_blocks(listed, texts, may_end=may_end, may_take=may_take)
    if len(rules) > MAX_RULES:
        blocks.append(context(f"and {len(rules) - MAX_RULES} more; `{command} rules` in a channel shows only its own"))
    if elsewhere:
        blocks.append(context(_elsewhere(elsewhere, command)))
    return message(blocks)


def _elsewhere(number: int, command: str) -> str:
    return f"{count(number, 'rule')} {'posts' if number == 1 else 'post'} elsewhere: `{command} rules all`."


def mutes_list(silenced: Sequence[Block], *, command: str) -> Message:
    """The mutes that run, each as a block."""
    if silenced:
        return message([*silenced])
    return notice(
        "Nothing is muted here, and neither are you.", f"`{command} mute 4h` holds messages back for a while."
    )


def rule_blocks(
    rules: Sequence[Rule], texts: Mapping[int, str], *, may_end: Collection[int], may_take: Collection[int] = ()
) -> list[Block]:
    """A block for each rule, with a button to change it, or to take it over; and one row of buttons that end them. A
    digest can't be changed. `texts` are mrkdwn, by number."""
    blocks: list[Block] = []
    for rule in rules:
        accessory = None
        if rule.rule_id in may_take:
            accessory = _take_over_button(rule)
        elif rule.rule_id in may_end and rule.options.form is not RuleForm.DIGEST:
            accessory = _edit_button(rule)
        blocks.append(section(mrkdwn(texts[rule.rule_id]), accessory))
    ends = [end_button(rule.rule_id) for rule in rules if rule.rule_id in may_end]
    return [*blocks, *([buttons(ends)] if ends else [])]


def _take_over_button(rule: Rule) -> Block:
    action, label = actions.action_id(actions.TAKE_OVER, rule.rule_id), f"Take over rule {rule.rule_id}"
    return button(action, "Take over", str(rule.rule_id), label=label)


def _edit_button(rule: Rule) -> Block:
    action, label = actions.action_id(actions.EDIT_RULE, rule.rule_id), f"Edit rule {rule.rule_id}"
    return button(action, "Edit…", str(rule.rule_id), label=label)


def end_button(number: int) -> Block:
    """A button that ends a rule; Slack asks first."""
    ask = confirmation(f"End rule {number}?", "Nothing more will be posted because of it.", "End it", "Keep it")
    action = actions.asked(actions.action_id(actions.UNSUBSCRIBE, number))
    return button(action, f"End rule {number}", str(number), style="danger", confirm=ask)


def rules_to_end(
    rules: Sequence[Rule], words: Mapping[int, str], *, me: str = "", command: str, coming: Sequence[Block] = ()
) -> Message:
    """What a viewer may end here, each rule in words; the buttons ask first. `coming`: what comes to them without a
    rule, and how to have less of it."""
    blocks: list[Block] = [section(mrkdwn("Which rule shall end? Nothing is ended before you say yes."))]
    for rule in rules[:MAX_TO_END]:
        text = format_rule(rule, words.get(rule.rule_id, ""), me)
        blocks.append(section(mrkdwn(text), end_button(rule.rule_id)))
    if len(rules) > MAX_TO_END:
        blocks.append(context(f"and {len(rules) - MAX_TO_END} more; `{command} rules all` lists all for admins"))
    return message([*blocks, *coming])
