"""Rules: a rule in words, and the answers to commands and buttons about rules."""

from collections.abc import Sequence
from dataclasses import replace

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.digest_rules import describe, people_shown
from bot.blocks.elements import (
    MESSAGE_BLOCKS,
    MESSAGE_CHARACTERS,
    Block,
    button,
    characters,
    context,
    message,
    mrkdwn,
    notice,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, date_token, format_query_text, safe
from bot.blocks.rule_preview import HINT, OnlySite, Shown, amount_blocks, sample_blocks
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.reasons import ARCHIVED, NOT_FOUND, NOT_IN_CHANNEL, SHADOW_PUBLIC, SHARED_OUTSIDE, ReasonCode
from bot.domain.rules import DEFAULT_OPTIONS, OPERATOR, NamesShown, Rule, RuleForm, RuleOptions, RuleState, basis_of

ALL = "every completed session"
CORRECTIONS_OFF = "corrections do not change what was posted"

_STATES = {
    RuleState.PENDING: "waiting until its introduction is posted",
    RuleState.ACTIVE: "active",
    RuleState.PAUSED: "paused",
    RuleState.ENDED: "ended",
}
_REASONS = {
    NOT_IN_CHANNEL: "Spotter is not in the channel",
    ARCHIVED: "the channel is archived",
    NOT_FOUND: "the channel was deleted, or is private and Spotter is not in it",
    SHARED_OUTSIDE: "the channel is shared with another company",
    SHADOW_PUBLIC: "the channel has become public",
    ReasonCode.BECAME_PUBLIC: "the channel has become public; waits for consent",
    ReasonCode.PAUSED_BY_PERSON: "as somebody asked",
    ReasonCode.OWNER_GONE: "its owner is gone; waits for an admin to take it over",
}


# ---- a rule in words -------------------------------------------------------------------------------------------------


def format_rule(rule: Rule, words: str, me: str = "", *, is_setting: bool = False) -> str:
    """A rule in one line of mrkdwn: number, destination, query, owner and state. `words` is its query for people; `me`
    is the reader's Slack id: what is theirs needs no name, and what is active no state. `is_setting`: it was made in
    the settings of direct messages."""
    is_mine = rule.owner == me != ""
    if rule.destination.kind is DestinationKind.CHANNEL:
        where = format_place(rule)
    else:
        where = "for you alone" if is_mine else format_place(rule)
        where += ", from the settings" if is_setting else ""
    what = f"{format_what(rule, words)}{format_options(rule.options)}"
    last = f"By {format_owner(rule.owner)}, {_state(rule)}"
    if is_mine:
        last = "" if rule.state is RuleState.ACTIVE else f"It is {_state(rule)}"
    return f"*Rule {rule.rule_id}* {where}: {what}{last and f'. {last}'}"


def _state(rule: Rule) -> str:
    """A rule's state in words, and why or until when it is paused."""
    reason = f" ({format_reason(rule.reason)})" if rule.reason and rule.state is not RuleState.ACTIVE else ""
    if rule.resumes_at is not None and rule.state is RuleState.PAUSED:
        reason = f" until {date_token(rule.resumes_at)}"
    return f"{_STATES[rule.state]}{reason}"


def format_what(rule: Rule, words: str) -> str:
    """What a rule sends, in words: the sessions of its query, or a digest of them."""
    return describe(rule.options, words) if rule.options.form is RuleForm.DIGEST else format_query(words, 150)


def format_reason(reason: str) -> str:
    """Why a rule is paused or a destination blocked, in words; Slack's own code if it is not known here."""
    return _REASONS.get(reason) or safe(reason, NAME)


def format_query(words: str, limit: int = 500) -> str:
    """A rule's query in words, for mrkdwn: `completed sessions on “Opening” in Store 12`."""
    text = format_query_text(words, limit)
    if text.startswith("sessions completed"):
        return text
    return f"completed {text}" if text.startswith("sessions") else text.replace("all sessions", ALL) or ALL


def format_destination(rule: Rule) -> str:
    """A rule's destination for mrkdwn: a channel, or its owner alone."""
    if rule.destination.kind is DestinationKind.CHANNEL:
        return f"<#{safe(rule.destination.id, 40)}>"
    return f"{format_owner(rule.owner)} alone"


def format_place(rule: Rule) -> str:
    """Where a rule sends, to follow its number: "in #north", "for @Ana alone"."""
    return f"{'in' if rule.destination.kind is DestinationKind.CHANNEL else 'for'} {format_destination(rule)}"


def format_owner(owner: str) -> str:
    """A rule's owner: a mention, or the operator."""
    return "the operator" if owner == OPERATOR else f"<@{safe(owner, 40)}>"


# ---- answers to commands ---------------------------------------------------------------------------------------------


def proposal(
    destination: Destination,
    value: actions.Subscribe,
    words: str,
    shown: Shown,
    options: RuleOptions = DEFAULT_OPTIONS,
    *,
    is_public: bool = False,
    only_site: OnlySite | None = None,
) -> Message:
    """What a rule would send, and a button that saves it; for a public channel the question whether everybody may read
    it, and for the channel of one site whether the rule is meant for that alone. `words` is its query for people."""
    encoded = actions.encode(value)
    if not encoded:
        return notice("This query is too long for a rule. Use fewer conditions.")
    place = f"<#{safe(destination.id, 40)}>" if destination.kind is DestinationKind.CHANNEL else "you alone"
    text = f"A rule that posts to {place}: {format_query(words)}{format_options(options)}."
    label, made, asked = "Save this rule", list[Block](), list[str]()
    if only_site is not None and only_site.fits:
        asked.append(only_site.question)
        made.append(only_site.button)
        label = "Save for all sites"
    if is_public:
        asked.append(
            f"{place} is a public channel: everybody in the workspace, now and later, can read what is posted there, "
            f"with {people_shown(options)} and results. Shall Spotter post there?"
        )
        label = "Yes, post all sites to this public channel" if made else "Yes, post to this public channel"
    made.append(button(actions.CONFIRM_SUBSCRIBE, label, encoded, style="" if made else "primary"))
    last = [section(mrkdwn("\n".join(asked)))] if asked else []
    last.append(buttons([*made, button(actions.CANCEL, "Cancel", destination.id)]))
    return with_preview([section(mrkdwn(text))], shown, last)


def preview_only(words: str, shown: Shown, text: str, *, command: str, same: Rule | None = None) -> Message:
    """What a rule would have sent. `text` is the command that would propose it, without the slash word."""
    saved = f"Rule {same.rule_id} asks for the same already." if same is not None else "Nothing was saved."
    hint = context(f"{saved} `{command} {safe(text, 300)}` proposes the rule.")
    return with_preview([section(mrkdwn(f"A rule for {format_query(words)}."))], shown, [hint])


def with_preview(first: Sequence[Block], shown: Shown, last: Sequence[Block]) -> Message:
    """A message with what a rule would have sent: how much, then what is asked, then as many of the samples as Slack
    takes, so that nobody scrolls past them for the buttons."""
    samples = len(shown.samples)
    while True:
        blocks = [
            *first,
            *amount_blocks(shown),
            *last,
            *sample_blocks(replace(shown, samples=shown.samples[:samples])),
        ]
        if not samples or (characters(blocks) < MESSAGE_CHARACTERS and len(blocks) <= MESSAGE_BLOCKS):
            return message(blocks)
        samples -= 1


def format_options(options: RuleOptions) -> str:
    """How a rule differs from others, to follow its query; "" if it does not."""
    parts = [
        "" if options.edits else CORRECTIONS_OFF,
        "people by their initials" if options.names is NamesShown.INITIALS else "",
    ]
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""


def subscribed(rule: Rule, words: str, *, command: str, hints: Sequence[str] = ()) -> Message:
    """A new rule, once its introduction could be posted; `hints` as when it was confirmed."""
    return notice(
        f"Done: rule {rule.rule_id} posts to {format_destination(rule)} from the next reading of iSpring on: "
        f"{format_query(words)}. End it with `{command} unsubscribe {rule.rule_id}`.",
        " ".join(safe(hint, HINT) for hint in hints),
    )


def starts_later(rule: Rule, words: str, *, command: str) -> Message:
    """A new rule whose introduction is still waiting to be posted."""
    return notice(
        f"Rule {rule.rule_id} is saved for {format_destination(rule)}: {format_query(words)}. It begins once its "
        f"introduction is posted there, which is taking longer than usual. `{command} rules` shows its state."
    )


def already_subscribed(rule: Rule, words: str, *, command: str) -> Message:
    """The channel has a rule with the same query."""
    text = format_rule(rule, words).replace("*", "")
    return notice(f"This rule is there already: {text}. `{command} rules` lists all.")


def invite_first(channel_id: str, *, name: str = "Spotter", what: str = "saved") -> Message:
    """No rule was made, because the bot can't write to the channel. `what`: what was not done."""
    return notice(
        f"Nothing was {what}: Spotter can't write to <#{safe(channel_id, 40)}> yet. Type `/invite @{safe(name, 40)}` "
        "there and try again."
    )


def cancelled() -> Message:
    """The user pressed Cancel."""
    return notice("Cancelled: nothing was changed or posted.")


def ask_to_end(rule: Rule, words: str) -> Message:
    """Asks before a rule ends."""
    text = (
        f"End rule {rule.rule_id}? It posts {format_query(words)} to {format_destination(rule)}. Nothing more will be "
        "posted because of it; messages already posted are still corrected."
    )
    return question(text, actions.UNSUBSCRIBE, f"Yes, end rule {rule.rule_id}", str(rule.rule_id), is_grave=True)


def unsubscribed(rule: Rule, words: str) -> Message:
    """A rule was ended."""
    return notice(
        f"Ended: Rule {rule.rule_id} {format_place(rule)}: {format_what(rule, words)}. Nothing more is posted "
        "because of it; messages already posted are still corrected."
    )


# ---- answers to buttons ---------------------------------------------------------------------------------------------


def ask_to_take_over(rule: Rule, words: str, changed: str = "") -> Message:
    """The query in words, before an admin takes a rule over. `changed`: what was changed since they were asked."""
    value = actions.encode(actions.TakeOver(rule.rule_id, basis_of(rule)))
    first = f"{changed} By this press nothing was changed. " if changed else ""
    text = (
        f"{first}Rule {rule.rule_id} was made by {format_owner(rule.owner)}. It posts to "
        f"{format_destination(rule)}: {format_query(words)}{format_options(rule.options)}. If you take it over, it "
        "posts what you may see, and its waiting messages go out now."
    )
    yes = button(actions.CONFIRM_TAKE_OVER, "Take it over", value, style="primary")
    return message([section(mrkdwn(text)), buttons([yes, button(actions.CANCEL, "Cancel", str(rule.rule_id))])])


def taken_over(rule: Rule, words: str) -> Message:
    """A rule has a new owner."""
    later = "" if rule.state is RuleState.ACTIVE else f" It is {_state(rule)}."
    return notice(
        f"Rule {rule.rule_id} is yours. It posts to {format_destination(rule)}: {format_query(words)}.{later}"
    )


def nothing_to_take_over(number: str) -> Message:
    """The rule has ended, or has a new owner or another query since."""
    return notice(f"Rule {safe(number, 20)} does not wait to be taken over any more; nothing was changed.")


def agreed_to_public(rule: Rule) -> Message:
    """A rule continues in a channel that has become public."""
    return notice(f"Rule {rule.rule_id} goes on in {format_destination(rule)}; its waiting messages are posted now.")


def nothing_to_agree_to(number: str) -> Message:
    """The rule has ended or is active already."""
    return notice(f"Rule {safe(number, 20)} does not wait for your consent any more; nothing was changed.")
