"""What people are told of a rule that is paused, and what they are asked so that it can go on."""

from bot.blocks import actions
from bot.blocks.cards import Part
from bot.blocks.elements import Block, button, message, mrkdwn, safe, section
from bot.blocks.elements import actions as buttons
from bot.blocks.rules import format_destination, format_owner, format_query
from bot.domain.model import Message, Rule, RuleState
from bot.domain.pause_reasons import ARCHIVED, NOT_FOUND, NOT_IN_CHANNEL, SHARED_OUTSIDE
from bot.domain.reasons import ReasonCode

_WHAT_TO_DO = {
    NOT_IN_CHANNEL: "Spotter can't write to {destination}, because it is not in it. Type `/invite @Spotter` there",
    ARCHIVED: "Spotter can't write to {destination}, because it is archived. Unarchive it, with Spotter in it",
    NOT_FOUND: (
        "Spotter can't write to {destination}: it was deleted, or it is private and Spotter is not in it. Invite Spotter "
        "again if it still exists; else end the rule with `{command} unsubscribe {number}`. Once it is back"
    ),
    SHARED_OUTSIDE: (
        "{destination} is shared with another company, where results of named people must not go. Subscribe another channel, "
        "or end the sharing"
    ),
}
_SLACK_REASONS = (
    "Spotter can't write to {destination} (Slack says: {reason}). Allow it to post there; it is tried again once a day. Once it "
    "works"
)


def pause_part(rule: Rule, command: str) -> Part:
    """Why a rule is paused, as it is now, and what its owner (or an admin) can do about it."""
    name = f"Rule {rule.rule_id}"
    if rule.state is not RuleState.PAUSED:
        state = "has ended" if rule.state is RuleState.ENDED else "was paused for a while and goes on again"
        return _part(f"{name} {state}.")
    if rule.reason_code is ReasonCode.BECAME_PUBLIC:
        text = (
            f"{name} is paused: {format_destination(rule)} has turned public, so that everybody in the workspace, now and "
            f"later, can read what is posted there, with people's names and results. Go on posting there? Until "
            f"somebody says so its messages wait; `{command} unsubscribe {rule.rule_id}` ends it."
        )
        yes = button(actions.AGREE_PUBLIC, "Yes, go on in public", str(rule.rule_id), style="primary")
        return _part(text, yes)
    if rule.reason_code is ReasonCode.OWNER_GONE:
        text = (
            f"{name}, which posts to {format_destination(rule)}, is paused: {format_owner(rule.owner)}, who made it, has left "
            f"or may not see any session any more. Its messages wait until an admin of Spotter takes it over; "
            f"`{command} rules` lists it, `{command} unsubscribe {rule.rule_id}` ends it."
        )
        return _part(text, button(actions.TAKE_OVER, "Take over", str(rule.rule_id)))
    pattern = _WHAT_TO_DO.get(rule.reason, _SLACK_REASONS)
    what = pattern.format(
        destination=format_destination(rule), reason=safe(rule.reason), command=command, number=rule.rule_id
    )
    return _part(f"{name} is paused: {what}, and it goes on by itself. Until then its messages wait.")


def ask_to_take_over(rule: Rule, words: str) -> Message:
    """The query in words, before an admin answers for a rule."""
    text = (
        f"Rule {rule.rule_id} was made by {format_owner(rule.owner)}. It posts to {format_destination(rule)}: "
        f"{format_query(words)}. If you take it over, it posts what you may see, and what waited for it goes out now."
    )
    value = actions.encode(actions.TakeOver(rule.rule_id, rule.query))
    if not value:
        return message("This rule's query is too long to be confirmed here. End it and make a new one.", [])
    yes = button(actions.CONFIRM_TAKE_OVER, "Take it over", value, style="primary")
    no = button(actions.CANCEL, "Cancel", str(rule.rule_id))
    return message(text, [section(mrkdwn(text)), buttons([yes, no])])


def taken_over(rule: Rule, words: str) -> Message:
    """A rule has a new owner."""
    rest = "" if rule.state is RuleState.ACTIVE else " Its channel can't be written to yet; it goes on when it can."
    return _answer(
        f"Rule {rule.rule_id} is yours. It posts to {format_destination(rule)}: {format_query(words)}.{rest}"
    )


def nothing_to_take_over(number: str) -> Message:
    """The rule has ended, has a new owner, or has another query by now."""
    return _answer(f"Rule {safe(number, 20)} does not wait to be taken over any more; nothing was changed.")


def agreed_to_public(rule: Rule) -> Message:
    """A rule goes on in a channel that has turned public."""
    return _answer(f"Rule {rule.rule_id} goes on in {format_destination(rule)}; what waited for it is posted now.")


def nothing_to_agree_to(number: str) -> Message:
    """The rule has ended or goes on already."""
    return _answer(f"Rule {safe(number, 20)} does not wait for this yes any more; nothing was changed.")


def _part(text: str, *format_query_text: Block) -> Part:
    return Part(text, (section(mrkdwn(text)), *([buttons(format_query_text)] if format_query_text else [])))


def _answer(text: str) -> Message:
    return message(text, [section(mrkdwn(text))])
