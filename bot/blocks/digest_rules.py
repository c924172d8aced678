"""Rules that send digests: the question before one is saved, the answer after, and how one introduces itself."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.blocks import actions
from bot.blocks.elements import Block, button, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import date_token, format_query_text, safe
from bot.blocks.rule_preview import OnlySite
from bot.blocks.scheduled_digests import digest_blocks, digest_message_blocks
from bot.domain.digests import DigestView
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.rules import NamesShown, Rule, RuleOptions
from bot.domain.schedules import Schedule

ONLY_TO_ACT = "only when somebody must act, else once a month"


def proposed(
    destination: Destination,
    schedule: Schedule,
    zone: tzinfo,
    next_at: datetime,
    value: actions.SaveDigest,
    view: DigestView,
    *,
    is_public: bool,
    hints: Sequence[str] = (),
    only_site: OnlySite | None = None,
) -> Message:
    """What a digest would have said at its last slot, and the question whether to save it, or in the channel of one
    site one of that alone."""
    saved = actions.encode(value)
    if not saved:
        return notice("This query is too long for a rule. Use fewer conditions.")
    seldom = actions.encode(
        actions.SaveDigest(value.channel_id, value.schedule, value.zone, value.query, True, value.names, value.csv)
    )
    place = _place(destination)
    text = f"Nothing is saved yet. Shall Spotter send this to {place}, {schedule} {safe(str(zone), 40)}?"
    if destination.kind is DestinationKind.CHANNEL:
        people = people_shown(RuleOptions(names=value.names))
        readers = (
            f"It is a public channel: everybody in the workspace, now and later, can read it, with {people}."
            if is_public
            else f"Everybody in the channel can read it, with {people}."
        )
        text += f" {readers}"
    text += f" The first one comes {date_token(next_at)}. Its figures are of what you may see."
    if value.csv:
        text += " All sessions that it is about follow as a file in its thread; `csv:off` leaves that out."
    text = " ".join((text, *hints))
    if only_site is not None and only_site.fits:
        text += f"\n{only_site.question}"
    chosen = [
        *([only_site.button] if only_site is not None and only_site.fits else []),
        button(actions.action_id(actions.SAVE_DIGEST, "always"), "Save: always", saved, style="primary"),
        button(actions.action_id(actions.SAVE_DIGEST, "act"), "Save: only when somebody must act", seldom),
        button(actions.CANCEL, "Cancel", destination.id),
    ]
    return message([section(mrkdwn(text)), buttons(chosen), *digest_blocks(view)])


def digest_saved(rule: Rule, words: str, next_at: datetime, zone: tzinfo, *, command: str) -> Message:
    """A digest was saved."""
    return notice(
        f"Saved: rule {rule.rule_id} sends to {_place(rule.destination)} {describe(rule.options, words, zone)}."
        f" The first one comes {date_token(next_at)}.",
        f"`{command} digest now` shows one at once; `{command} unsubscribe {rule.rule_id}` ends it.",
    )


def digest_waits(rule: Rule, *, command: str) -> Message:
    """A digest was saved and its introduction is still waiting to be posted."""
    return notice(
        f"Rule {rule.rule_id} is saved for {_place(rule.destination)}. It begins once its introduction is posted there,"
        f" which is taking longer than usual. `{command} rules` shows its state."
    )


def digest_exists(rule: Rule, words: str, zone: tzinfo, *, command: str) -> Message:
    """The same digest is there already."""
    return notice(
        f"This digest is there already: rule {rule.rule_id} sends to {_place(rule.destination)} "
        f"{describe(rule.options, words, zone)}. `{command} rules` lists all."
    )


def digest_introduction(rule: Rule, words: str, owner: str, command: str) -> Block:
    """How a digest introduces itself to its channel."""
    return section(
        mrkdwn(
            f"Spotter will send {describe(rule.options, words)} here, from iSpring Learn's on-the-job training."
            f" Set up by {owner} as rule {rule.rule_id}; its figures are of what {owner} may see. To stop it:"
            f" `{command} unsubscribe {rule.rule_id}`."
        )
    )


def describe(options: RuleOptions, words: str, zone: tzinfo | None = None) -> str:
    """A digest in words: "a digest of all sessions, weekly mon 09:00 Europe/Berlin"."""
    named = options.zone or (str(zone) if zone is not None else "in your own zone")
    often = f", {ONLY_TO_ACT}" if options.only_to_act else ""
    file = "" if options.csv else ", without a file"
    return f"a digest of {format_query_text(words, 300)}, {options.schedule} {safe(named, 40)}{often}{file}"


def people_shown(options: RuleOptions) -> str:
    """What the messages of a rule call people: "people's names", or their initials."""
    return "people's initials" if options.names is NamesShown.INITIALS else "people's names"


def answer(view: DigestView) -> Message:
    """A digest as an answer."""
    return message(digest_message_blocks(view))


def _place(destination: Destination) -> str:
    return f"<#{safe(destination.id, 40)}>" if destination.kind is DestinationKind.CHANNEL else "you alone"
