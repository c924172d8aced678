"""Answers about who is who between Slack and iSpring."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions
from bot.blocks.answers import alert
from bot.blocks.elements import (
    BUTTON_TEXT,
    NAME,
    Block,
    bare,
    button,
    confirmation,
    context,
    count,
    date_token,
    instant,
    message,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.domain.directory import Directory
from bot.domain.model import BY_EMAIL, Link, Message, Person

MAX_LINKS = 30
MAX_UNMATCHED = 20
MAX_CHOICES = 5


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link with the person's name; `rests` says why it does not hold now, "" while it does."""

    link: Link
    name: str
    is_suspended: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An active person whom Spotter can't reach in Slack, and why."""

    name: str
    reason: str


def own_link(link: Link | None, name: str, reason: str, *, what_next: str, command: str) -> Message:
    """Somebody's own link: how it came about, and what to do where it is wrong. `why` explains it or its absence,
    `what_next` what to do about that."""
    ask = f"An admin of Spotter can change that: `{command} link @you Right Person`."
    if link is None or not name:
        text = f"You are linked to nobody in iSpring: {safe(reason, 300).rstrip('.')}."
        return alert(text, what_next)
    who = f"You are {safe(name, NAME)} in iSpring"
    if link.by != BY_EMAIL:
        since = [
            f"{who}: <@{link.by}> linked your Slack account {at}." for at in (instant(link.at), date_token(link.at))
        ]
        hint = f"Not right? {ask}"
        return message(f"{since[0]} {hint}", [section(mrkdwn(since[1])), context(hint)])
    text = f"{who}: {safe(reason, 300).rstrip('.')}."
    hint = f"Not right? Press “This is not me” and Spotter stops showing you this person's sessions. {ask}"
    question = confirmation(
        "Is this not you?",
        "Spotter will show you nothing until an admin links your account to the right person.",
        "This is not me",
    )
    wrong = button(actions.NOT_ME, "This is not me", link.person_id, confirm=question)
    return message(f"{text} {hint}", [section(mrkdwn(text)), buttons([wrong]), context(hint)])


def disowned(*, command: str) -> Message:
    """The link by e-mail is suspended."""
    text = "Your Slack account is no longer linked to anybody in iSpring."
    return _part(text, f"An admin of Spotter can link it again: `{command} link @you Right Person`.")


def linked(user_id: str, name: str, displaced: Sequence[str], *, command: str) -> Message:
    """An admin made a link; `displaced` are Slack users whose link to the same person it ended."""
    text = f"<@{user_id}> is now {safe(name, NAME)} in iSpring."
    if displaced:
        text += f" The link of {', '.join(f'<@{one}>' for one in displaced)} to the same person has ended."
    return _part(text, f"To take it back: `{command} unlink` with the same Slack name.")


def unlinked(user_id: str, name: str, *, command: str) -> Message:
    """An admin ended a link."""
    text = f"<@{user_id}> is no longer {safe(name, NAME)} in iSpring, and is not linked by e-mail address again."
    return _part(text, f"To link this account: `{command} link` with the Slack name and the person.")


def which_person(user_id: str, people: Sequence[Person], directory: Directory, *, command: str) -> Message:
    """Several people have the name an admin typed: one button each."""
    offered = people[:MAX_CHOICES]
    text = f"{count(len(people), 'person', 'people')} in iSpring go by that name. Which one is <@{user_id}>?"
    named = [f"{one.name}, {directory.site_of(one.person_id) or 'site unknown'}" for one in offered]
    made = [
        button(actions.action_id(actions.RUN, number), bare(name, BUTTON_TEXT), f"link <@{user_id}> {one.person_id}")
        for number, (one, name) in enumerate(zip(offered, named, strict=True))
    ]
    hint = f"Not among them? Type more of the name, or the e-mail address: `{command} link`."
    listed = "; ".join(safe(name) for name in named)
    return message(f"{text} {listed}. {hint}", [section(mrkdwn(text)), buttons(made), context(hint)])


def all_links(links: Sequence[LinkRow], unmatched: Sequence[Unmatched], *, command: str) -> Message:
    """Every link, and everybody active whom Spotter can't reach; for admins."""
    heading = f"{count(len(links), 'link')} between Slack and iSpring"
    missing = f"{count(len(unmatched), 'person', 'people')} in iSpring without a Slack account Spotter knows of"
    texts = [heading, *(_link_line(one, as_token=False) for one in links[:MAX_LINKS]), *_more(links, MAX_LINKS)]
    lines = [_link_line(one, as_token=True) for one in links[:MAX_LINKS]] + _more(links, MAX_LINKS)
    reasons = [
        f"{number:,} × {safe(reason)}" for reason, number in Counter(one.reason for one in unmatched).most_common()
    ]
    those = [f"{safe(one.name, NAME)}: {safe(one.reason)}" for one in unmatched[:MAX_UNMATCHED]]
    those += _more(unmatched, MAX_UNMATCHED)
    blocks = [*_listed(heading, lines), *_listed(missing, reasons), *_listed("", those)]
    hint = f"`{command} link` with a Slack name and a person makes a link; `{command} unlink` ends one."
    return message("\n".join([*texts, missing, *reasons, *those]), [*blocks, context(hint)])


def _link_line(one: LinkRow, *, as_token: bool) -> str:
    link = one.link
    by = "by e-mail address" if link.by == BY_EMAIL else f"by <@{link.by}>"
    since = (date_token if as_token else instant)(link.at)
    is_suspended = f"; rests: {safe(one.is_suspended)}" if one.is_suspended else ""
    return f"<@{link.slack_user_id}> is {safe(one.name, NAME)}, {by} since {since}{is_suspended}"


def _more(all_of_them: Sequence[object], shown: int) -> list[str]:
    left = len(all_of_them) - shown
    return [f"and {left:,} more"] if left > 0 else []


def _listed(heading: str, lines: Sequence[str]) -> list[Block]:
    bold = [section(mrkdwn(f"*{heading}*"))] if heading else []
    return bold + [section(mrkdwn("\n".join(lines[at : at + 10]))) for at in range(0, len(lines), 10)]


def _part(text: str, hint: str) -> Message:
    return message(f"{text} {hint}", [section(mrkdwn(text)), context(hint)])
