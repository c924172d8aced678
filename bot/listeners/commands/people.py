"""Who is who between Slack and iSpring, for a user and for admins; and who did what in Spotter, for admins."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.blocks import links
from bot.blocks.actions import ConfirmLink
from bot.blocks.answers import audit_log
from bot.blocks.elements import notice
from bot.domain.directory import Directory
from bot.domain.email_matching import NOT_ASKED, why_unmatched
from bot.domain.errors import MessengerRefused, MessengerUnavailable, NotAllowed, NotPossibleNow, QueryError, Remedy
from bot.domain.filters import ids_named
from bot.domain.notifications import Message
from bot.domain.staff import Person
from bot.domain.viewers import Link, SlackUser, Viewer
from bot.listeners.access_scope import identity_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext, next_step
from bot.query.nearest import nearest, normalize
from bot.services.audit import in_words
from bot.services.dm_availability import reachability, recent_observers
from bot.services.linking import link_subject, preview_link
from bot.store.database import Tx

_ACCOUNT = re.compile(r"<@([A-Z0-9]{2,30})(?:\|[^<>]*)?>\s*(.*)", re.DOTALL)
_MAIL = re.compile(r"<mailto:([^<>|]+)(?:\|[^<>]*)?>")
_QUOTES = " \"“”„«»'"
ROWS_SHOWN = 20
MAX_ROWS = 30
_JOIN = re.compile(r"^(?:to|with|as|and|is|=) +(?=\S)", re.IGNORECASE)  # "link @account to Jamie"
_PICK = "Pick the Slack account from the list that appears when you type @: "


@subcommand(
    "link [@account PERSON]",
    "Who you are in iSpring, and what to do if that is wrong",
    examples=("link",),
    more="Admins see all links with `link list`, and make one with `link @account PERSON`, which asks first; PERSON is "
    "a name, an e-mail address or an id in iSpring.",
    asks_itself=True,
)
async def link(ctx: AppContext, request: CommandRequest) -> Message:
    """The viewer's own link; for admins all of them, or a new one."""
    if not request.words:
        return await ctx.store.read(lambda tx: _own_link(ctx, tx, request.viewer))
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    if request.words.lower() == "list":
        return await ctx.store.read(lambda tx: links.all_links(*_all_links(tx), command=ctx.command))
    account = _ACCOUNT.fullmatch(request.words)
    if account is None or not account[2].strip(_QUOTES):
        raise QueryError(f"{_PICK}link @account and the name of the person in iSpring.", ["link list", "link"])
    name = _JOIN.sub("", _MAIL.sub(r"\1", account[2]).strip(_QUOTES))
    return await ask_to_link(ctx, account[1], name.strip(_QUOTES))


async def _unlinked(_ctx: AppContext, request: CommandRequest) -> str:
    """Whose link would end."""
    account = _ACCOUNT.fullmatch(request.words)
    whose = "a Slack account" if account is None or account[2] else f"<@{account[1]}>"
    return f"This ends the link of {whose} to a person in iSpring, for good."


@subcommand(
    "unlink @account",
    "End the link of a Slack account, for good",
    more="The account is then linked to no person, not even by its e-mail address, until `link` links it again.",
    admins_only=True,
    effect=_unlinked,
)
async def unlink(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends the link of an account. Checks the right itself, though the registry offers it to admins only."""
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    account = _ACCOUNT.fullmatch(request.words)
    if account is None or account[2]:
        raise QueryError(f"{_PICK}unlink @account.", ["link list"])
    user_id = account[1]

    def work(tx: Tx) -> Message:
        known = tx.people.link_of(user_id)
        if known is None:
            return notice(f"<@{user_id}> is not linked to a person.", f"`{ctx.command} link list` shows all links.")
        now = ctx.clock.now()
        tx.people.block_link(user_id, request.viewer.slack_user_id, now)
        tx.audit_log.write(request.viewer.slack_user_id, "unlink", link_subject(user_id, known.person_id), now)
        return links.unlinked(user_id, tx.people.directory().name_of(known.person_id), command=ctx.command)

    return await ctx.store.transact(work)


@subcommand(
    "audit [N]",
    "Who did what in Spotter, and when",
    examples=("audit", "audit 30"),
    more=f"The newest {ROWS_SHOWN} entries, or as many as asked, at most {MAX_ROWS}.",
    admins_only=True,
    only_reads=True,
)
async def audit(ctx: AppContext, request: CommandRequest) -> Message:
    """The newest entries of the audit log. Checks the right itself, though the registry offers it to admins only."""
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see who did what", Remedy.ADMIN)
    words = _NEWEST.sub("", request.words)
    if words and not (words.isdecimal() and len(words) < 9 and int(words)):
        raise QueryError(f"{ctx.command} audit takes a number of entries.", ["audit", "audit 30"])
    limit = min(int(words or ROWS_SHOWN), MAX_ROWS)
    lines = await ctx.store.read(lambda tx: in_words(tx, tx.audit_log.entries(limit)))
    return audit_log(lines, command=ctx.command)


_NEWEST = re.compile(r"^(?:the )?(?:last|newest|latest) | (?:entries|lines)$", re.IGNORECASE)  # "audit last 20"


# ---- a user's own link ------------------------------------------------------------------------------------------


def _own_link(ctx: AppContext, tx: Tx, viewer: Viewer) -> Message:
    directory = tx.people.directory()
    identity = identity_of(viewer, directory)
    if viewer.person_id is None or identity.not_allowed_reason:
        what_next = next_step(ctx, identity.remedy, viewer.slack_user_id)
        return links.own_link(None, "", identity.not_allowed_reason, what_next=what_next, command=ctx.command)
    link, name = tx.people.link_of(viewer.slack_user_id), directory.name_of(viewer.person_id)
    return links.own_link(link, name, viewer.reason, what_next="", command=ctx.command)


def unmatched_observers(tx: Tx, now: datetime) -> Sequence[links.Unmatched]:
    """Those who observed lately and whom no direct message can reach, and why, by name."""
    people, directory = recent_observers(tx, now), tx.people.directory()
    found = [
        links.Unmatched(person.person_id, person.name, one.reason)
        for person, one in zip(people, reachability(tx, people, directory), strict=True)
        if one.is_unmatched
    ]
    return sorted(found, key=lambda one: (normalize(one.name), one.person_id))


# ---- all links -------------------------------------------------------------------------------------------------


def _all_links(tx: Tx) -> tuple[Sequence[links.LinkRow], Sequence[links.Unmatched]]:
    directory, made = tx.people.directory(), tx.people.links()
    shown = [links.LinkRow(one, directory.name_of(one.person_id), suspended_reason(tx, one, directory)) for one in made]
    return shown, unmatched(tx, directory, {one.person_id for one in made})


def suspended_reason(tx: Tx, made: Link, directory: Directory) -> str:
    """Why a link is not valid now; "" if it is."""
    if made.person_id not in directory.people:
        return "iSpring no longer knows this person"
    if not directory.is_active(made.person_id):
        return "this person is not active in iSpring"
    seen = tx.people.slack_user(made.slack_user_id)
    if seen is not None and not seen[0].is_full_member:
        return f"the Slack account is no full member ({seen[0].not_allowed_reason})"
    if tx.people.linked_person(made.slack_user_id) is None:
        return "an e-mail address has changed"
    return ""


def unmatched(tx: Tx, directory: Directory, linked: set[str]) -> list[links.Unmatched]:
    """Every active person without a link, and the reason as far as it is known without asking Slack: by name, those
    whom somebody has to see to first."""
    found = []
    for person in sorted(directory.people.values(), key=lambda one: (normalize(one.name), one.person_id)):
        if person.person_id in linked or not directory.is_active(person.person_id):
            continue
        accounts = tx.people.slack_users_with(person.email) if person.email else ()
        reason = why_unmatched(
            person,
            accounts,
            has_no_account=person.email is not None and tx.people.no_slack_user_since(person.email) is not None,
            link_blocks=any(tx.people.link_blocked_by(one.user_id) for one in accounts),
            directory=directory,
        )
        found.append(links.Unmatched(person.person_id, person.name, reason))
    return sorted(found, key=lambda one: one.reason == NOT_ASKED)


async def member(ctx: AppContext, user_id: str) -> SlackUser | Message:
    """The account to be linked, or the answer if Slack can't say whose it is. Raises QueryError or NotPossibleNow if it
    may not be linked."""
    try:
        user = await ctx.contacts.user(user_id)
    except MessengerRefused:
        raise QueryError("Slack does not know this account.", ["link list"]) from None
    except MessengerUnavailable:
        return notice("Nothing was changed: Slack can't say just now whose account that is.", "Try again in a minute.")
    if not user.is_full_member:
        raise NotPossibleNow(f"that Slack account is not a full member of this workspace ({user.not_allowed_reason})")
    return user


async def ask_to_link(ctx: AppContext, user_id: str, wanted: str) -> Message:
    """Says what the link would let the account see, and asks; a link gives rights, so it is never made at once."""
    user = await member(ctx, user_id)
    if not isinstance(user, SlackUser):
        return user

    def work(tx: Tx) -> Message:
        directory = tx.people.directory()
        people = people_named(wanted, directory)
        if not people:
            raise _no_such_person(wanted, user_id, directory)
        if len(people) > 1:
            return links.which_person(user_id, people, directory, command=ctx.command)
        return link_question(tx, user, people[0], directory, command=ctx.command)

    return await ctx.store.read(work)


def link_question(tx: Tx, user: SlackUser, person: Person, directory: Directory, *, command: str) -> Message:
    """The question whether to link an account to a person."""
    preview = preview_link(tx, user, person, directory)
    if preview.is_made:
        return links.already_linked(user.user_id, person.name, command=command)
    asked = links.LinkQuestion(
        user_id=user.user_id,
        name=person.name,
        sees=preview.sees,
        before=directory.name_of(preview.person_before) if preview.person_before else "",
        displaced=preview.displaced,
        warnings=preview.warnings,
        value=ConfirmLink(user.user_id, person.person_id, preview.sees_of),
    )
    return links.ask_to_link(asked)


def people_named(wanted: str, directory: Directory) -> Sequence[Person]:
    """The active people with this id, e-mail address or name."""
    by_id = directory.people.get(wanted.lower())
    if by_id is not None and directory.is_active(by_id.person_id):
        return [by_id]
    if "@" in wanted:
        return directory.with_email(wanted)
    active = [one for one in directory.people.values() if directory.is_active(one.person_id)]
    found = ids_named(normalize(wanted), [(normalize(one.name), one.person_id) for one in active])
    return sorted((one for one in active if one.person_id in found), key=lambda one: (one.name, one.person_id))


def _no_such_person(wanted: str, user_id: str, directory: Directory) -> QueryError:
    names = [one.name for one in directory.people.values() if directory.is_active(one.person_id)]
    like = [f'link <@{user_id}> "{name}"' for name in nearest(wanted, names)]
    return QueryError(f"Nobody active in iSpring is “{wanted}”.", [*like, "link list"])
