"""Answers about links between Slack accounts and people in iSpring."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions
from bot.blocks.elements import (
    BUTTON_TEXT,
    Block,
    button,
    confirmation,
    context,
    line_sections,
    message,
    mrkdwn,
    notice,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, bare, date_token, safe
from bot.domain.directory import Directory
from bot.domain.email_matching import NOT_ASKED
from bot.domain.notifications import Message
from bot.domain.staff import Person
from bot.domain.text import count
from bot.domain.viewers import BY_EMAIL, Link

MAX_LINKS = 30
MAX_UNMATCHED = 20
MAX_CHOICES = 5
MAX_ON_HOME = 3


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link with the person's name; `suspended_reason` says why it is not valid now, "" if it is."""

    link: Link
    name: str
    suspended_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkQuestion:
    """What a link would do: what the account `sees` then, whose links it ends, and warnings, as sentences."""

    user_id: str
    name: str
    sees: str
    before: str
    displaced: Sequence[str]
    warnings: Sequence[str]
    value: actions.ConfirmLink


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An active person without a Slack account that Spotter knows, and why."""

    person_id: str
    name: str
    reason: str


def own_link(link: Link | None, name: str, reason: str, *, what_next: str, command: str) -> Message:
    """A user's own link: how it was made, and what to do if it is wrong. `reason` explains it or its absence,
    `what_next` says what to do about its absence."""
    ask = f"An admin of Spotter can change that: `{command} link @you Right Person`."
    if link is None or not name:
        return notice(f"You are not linked to anybody in iSpring: {safe(reason, 300).rstrip('.')}.", what_next)
    who = _who(link, name, reason)
    if link.by != BY_EMAIL:
        return notice(who, f"Not right? {ask}")
    hint = f"Not right? Press “This is not me” and Spotter stops showing you this person's sessions. {ask}"
    return message([section(mrkdwn(who)), buttons([_not_me(link)]), context(hint)])


def own_link_row(link: Link, name: str, reason: str, *, command: str) -> list[Block]:
    """A user's own link as the Home tab shows it, with the way to end it if it is wrong."""
    who = _who(link, name, reason)
    if link.by != BY_EMAIL:
        return [context(f"{who} Not right? An admin changes it: `{command} link`.")]
    return [section(mrkdwn(who), _not_me(link))]


def _who(link: Link, name: str, reason: str) -> str:
    who = f"You are {safe(name, NAME)} in iSpring"
    if link.by != BY_EMAIL:
        return f"{who}: <@{link.by}> linked your Slack account {date_token(link.at)}."
    return f"{who}: {safe(reason, 300).rstrip('.')}."


def _not_me(link: Link) -> Block:
    question = confirmation(
        "Is this not you?",
        "Spotter will show you nothing until an admin links your account to the right person.",
        "This is not me",
    )
    return button(actions.NOT_ME, "This is not me", link.person_id, confirm=question)


def unmatched_blocks(people: Sequence[Unmatched], command: str) -> list[Block]:
    """Observers whom no direct message reaches, each with a menu of accounts that asks whether to link the chosen one;
    for admins."""
    heading = f"*{count(len(people), 'observer')} without a Slack account that Spotter can use*"
    blocks = [section(mrkdwn(f"{heading}\nThey get no direct messages, and see nothing in Slack."))]
    for one in people[:MAX_ON_HOME]:
        menu: Block = {
            "type": "users_select",
            "action_id": actions.action_id(actions.LINK_PERSON, one.person_id),
            "placeholder": {"type": "plain_text", "text": "Link to…"},
        }
        blocks.append(section(mrkdwn(f"{safe(one.name, NAME)}: {safe(one.reason)}"), menu))
    more = len(people) - MAX_ON_HOME
    hint = f"`{command} link list` shows all people without one; a link is asked about before it is made."
    return [*blocks, context(f"and {more:,} more; {hint}" if more > 0 else hint)]


def rejected(*, command: str) -> Message:
    """A user said that their link by e-mail address is wrong."""
    return notice(
        "Your Slack account is no longer linked to anybody in iSpring.",
        f"An admin of Spotter can link it again: `{command} link @you Right Person`.",
    )


def ask_to_link(preview: LinkQuestion) -> Message:
    """Asks an admin whether to make a link: what the account could see then, and what speaks against it."""
    name, account = safe(preview.name, NAME), f"<@{preview.user_id}>"
    lines = [f"Link {account} to {name} in iSpring? They could then see {safe(preview.sees)}."]
    if preview.before:
        lines.append(f"Their link to {safe(preview.before, NAME)} ends then.")
    if preview.displaced:
        lines.append(f"The link of {', '.join(f'<@{one}>' for one in preview.displaced)} to {name} ends then.")
    lines += [f"⚠ {safe(one, 300)}" for one in preview.warnings]
    made = [
        button(actions.CONFIRM_LINK, "Link", actions.encode(preview.value), style="primary"),
        button(actions.CANCEL, "Cancel", "link"),
    ]
    return message([section(mrkdwn("\n".join(lines))), buttons(made), context("Nothing was changed yet.")])


def already_linked(user_id: str, name: str, *, command: str) -> Message:
    """An admin asked for a link that an admin made before."""
    return notice(f"<@{user_id}> is {safe(name, NAME)} in iSpring already.", f"`{command} link list` shows all links.")


def linked(user_id: str, name: str, displaced: Sequence[str], *, command: str) -> Message:
    """An admin made a link; `displaced` are Slack users whose link to the same person it ended."""
    text = f"<@{user_id}> is now {safe(name, NAME)} in iSpring."
    if displaced:
        text += f" The link of {', '.join(f'<@{one}>' for one in displaced)} to the same person has ended."
    return notice(text, f"To take it back: `{command} unlink` with the same Slack name.")


def unlinked(user_id: str, name: str, *, command: str) -> Message:
    """An admin ended a link."""
    text = f"<@{user_id}> is no longer {safe(name, NAME)} in iSpring, and is not linked by e-mail address again."
    return notice(text, f"To link this account: `{command} link` with the Slack name and the person.")


def which_person(user_id: str, people: Sequence[Person], directory: Directory, *, command: str) -> Message:
    """Several people have the name an admin typed: one button each."""
    offered = people[:MAX_CHOICES]
    names = [f"{one.name}, {directory.site_of(one.person_id) or 'site unknown'}" for one in offered]
    text = (
        f"{count(len(people), 'person', 'people')} in iSpring have that name. Which one is <@{user_id}>? "
        f"{'; '.join(safe(name) for name in names)}."
    )
    made = [
        button(actions.action_id(actions.RUN, number), bare(name, BUTTON_TEXT), f"link <@{user_id}> {one.person_id}")
        for number, (one, name) in enumerate(zip(offered, names, strict=True))
    ]
    hint = f"Not among them? Type more of the name, or the e-mail address: `{command} link`."
    return message([section(mrkdwn(text)), buttons(made), context(hint)])


def all_links(links: Sequence[LinkRow], unmatched: Sequence[Unmatched], *, command: str) -> Message:
    """Every active person whom Spotter can't reach, and every link; for admins."""
    are_unasked = any(one.reason == NOT_ASKED for one in unmatched)
    reasons = Counter(one.reason for one in unmatched).most_common()
    return message(
        [
            section(
                mrkdwn(
                    f"*{count(len(unmatched), 'person', 'people')} in iSpring without a Slack account Spotter knows of*"
                )
            ),
            *line_sections([f"{number:,} × {safe(reason)}" for reason, number in reasons]),
            *line_sections(
                [f"{safe(one.name, NAME)}: {safe(one.reason)}" for one in unmatched[:MAX_UNMATCHED]]
                + _more(unmatched, MAX_UNMATCHED)
            ),
            section(mrkdwn(f"*{count(len(links), 'link')} between Slack and iSpring*")),
            *line_sections([_link_line(one) for one in links[:MAX_LINKS]] + _more(links, MAX_LINKS)),
            context(
                f"`{command} link` with a Slack name and a person makes a link; `{command} unlink` ends one.",
                *(["`spotter people --unmatched` on the command line asks Slack about all of them now."] * are_unasked),
            ),
        ]
    )


def _link_line(one: LinkRow) -> str:
    by = "by e-mail address" if one.link.by == BY_EMAIL else f"by <@{one.link.by}>"
    suspended = f"; suspended: {safe(one.suspended_reason)}" if one.suspended_reason else ""
    return f"<@{one.link.slack_user_id}> is {safe(one.name, NAME)}, {by} since {date_token(one.link.at)}{suspended}"


def _more(all_of_them: Sequence[object], shown: int) -> list[str]:
    return [f"and {len(all_of_them) - shown:,} more"] if len(all_of_them) > shown else []
