"""What a rule's channel and owner get: its introduction, why it is paused, and that it goes on."""

from datetime import datetime

from bot.blocks import actions
from bot.blocks.coverage import rule_shows
from bot.blocks.digest_rules import digest_introduction, people_shown
from bot.blocks.elements import Block, button, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import date_token, safe
from bot.blocks.rules import CORRECTIONS_OFF, format_destination, format_owner, format_query
from bot.domain.permissions import Coverage
from bot.domain.reasons import ARCHIVED, NOT_FOUND, NOT_IN_CHANNEL, SHARED_OUTSIDE, ReasonCode
from bot.domain.rules import ORPHANED, NamesShown, Rule, RuleForm, RuleState

_WHAT_TO_DO = {
    NOT_IN_CHANNEL: "Spotter can't write to {destination}, because it is not in it. Type `/invite @Spotter` there",
    ARCHIVED: "Spotter can't write to {destination}, because it is archived. Unarchive it, with Spotter in it",
    NOT_FOUND: (
        "Spotter can't write to {destination}: it was deleted, or it is private and Spotter is not in it. Invite "
        "Spotter again if it still exists; else end the rule with `{command} unsubscribe {number}`. Once it is back"
    ),
    SHARED_OUTSIDE: (
        "{destination} is shared with another company, which must not get the results of named people. Subscribe "
        "another channel, or end the sharing"
    ),
}
_REFUSED_BY_SLACK = (
    "Spotter can't write to {destination} (Slack's reason: {reason}). Allow it to post there; Spotter tries again once "
    "a day. Once it works"
)


def introduction_block(rule: Rule, words: str, command: str, coverage: Coverage | None = None) -> Block:
    """How a rule introduces itself to its channel; `words` is its query, with names that its owner may see. `coverage`:
    whose sessions it shows, None if all."""
    if rule.state is RuleState.ENDED:
        return section(mrkdwn(f"Rule {rule.rule_id} has ended: Spotter posts nothing more here because of it."))
    if rule.options.form is RuleForm.DIGEST:
        return digest_introduction(rule, words, format_owner(rule.owner), command)
    people = ", people by their initials" if rule.options.names is NamesShown.INITIALS else ""
    corrections = "a correction changes the message in place" if rule.options.edits else CORRECTIONS_OFF
    shows = f"{rule_shows(coverage, format_owner(rule.owner))} " if coverage else ""
    return section(
        mrkdwn(
            f"Spotter will post {format_query(words)} from iSpring Learn's on-the-job training here, "
            f"each once, with its result{people}; {corrections}. {shows}Set up by "
            f"{format_owner(rule.owner)} as rule {rule.rule_id}. To stop it: `{command} unsubscribe {rule.rule_id}`."
        )
    )


def resumed_block(rule: Rule, since: datetime, until: datetime) -> Block:
    """A rule goes on after a pause."""
    return section(
        mrkdwn(
            f"Rule {rule.rule_id}, which posts to {format_destination(rule)}, goes on: it was paused from "
            f"{date_token(since)} to {date_token(until)}. Its pending messages are posted now."
        )
    )


def pause_blocks(rule: Rule, command: str) -> list[Block]:
    """Why a rule is paused, as it is now, and what its owner (or an admin) can do about it."""
    name = f"Rule {rule.rule_id}"
    if rule.state is RuleState.ENDED:
        return [section(mrkdwn(f"{name} has ended."))]
    if rule.state is not RuleState.PAUSED:
        return [section(mrkdwn(f"{name} was paused for a while and continues."))]
    destination = format_destination(rule)
    if rule.reason_code is ReasonCode.BECAME_PUBLIC:
        text = (
            f"{name} is paused: {destination} has become public, so that everybody in the workspace, now and later, "
            f"can read what is posted there, with {people_shown(rule.options)} and results. Continue to post "
            f"there? Until you agree, its messages wait; `{command} unsubscribe {rule.rule_id}` ends it."
        )
        yes = button(actions.AGREE_PUBLIC, "Yes, go on in public", str(rule.rule_id), style="primary")
        return [section(mrkdwn(text)), buttons([yes])]
    if rule.reason_code in ORPHANED:
        why = f"{format_owner(rule.owner)} has left or may not see any session any more"
        if rule.reason_code is ReasonCode.OWNER_ERASED:
            why = "was erased"
        text = (
            f"{name}, which posts to {destination}, is paused: its owner {why}. Its messages wait until an admin of "
            f"Spotter takes it over; `{command} rules` lists it, `{command} unsubscribe {rule.rule_id}` ends it."
        )
        return [section(mrkdwn(text)), buttons([button(actions.TAKE_OVER, "Take over", str(rule.rule_id))])]
    what_to_do = _WHAT_TO_DO.get(rule.reason, _REFUSED_BY_SLACK).format(
        destination=destination, reason=safe(rule.reason), command=command, number=rule.rule_id
    )
    return [section(mrkdwn(f"{name} is paused: {what_to_do}, and it goes on by itself. Until then its messages wait."))]
