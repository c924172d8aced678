"""Who is who between Slack and iSpring: a person sees their own link, an admin sees and mends everybody's."""

import re
from collections.abc import Sequence

from bot.blocks import links
from bot.blocks.elements import notice
from bot.domain.directory import Directory
from bot.domain.errors import MessengerRefused, MessengerUnavailable, NotAllowed, QueryError, Remedy
from bot.domain.filters import ids_named
from bot.domain.model import BY_EMAIL, Link, Message, Person, Viewer
from bot.domain.permissions import why_unmatched
from bot.listeners.access_scope import identity_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext, next_step
from bot.query.nearest import fold, nearest
from bot.store.database import Tx

_ACCOUNT = re.compile(r"<@([A-Z0-9]{2,30})(?:\|[^<>]*)?>\s*(.*)", re.DOTALL)
_MAIL = re.compile(r"<mailto:([^<>|]+)(?:\|[^<>]*)?>")
_QUOTES = " \"“”„«»'"
_PICK = "Pick the Slack account from the list that appears when you type @: "


@subcommand(
    "link [@account PERSON]",
    "Who you are in iSpring, and what to do if that is wrong",
    examples=("link",),
    more="Admins see all links with `link list`, and make one with `link @account PERSON`, where PERSON is a name, an "
    "e-mail address or an id in iSpring.",
)
async def link(ctx: AppContext, request: CommandRequest) -> Message:
    """The viewer's own link; for admins all of them, or a new one."""
    if not request.words:
        return await ctx.store.read(lambda tx: _own(ctx, tx, request.viewer))
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    if request.words.lower() == "list":
        return await ctx.store.read(lambda tx: links.all_links(*_everybody(tx), command=ctx.command))
    account = _ACCOUNT.fullmatch(request.words)
    if account is None or not account[2].strip(_QUOTES):
        raise QueryError(f"{_PICK}link @account and the name of the person in iSpring.", ["link list", "link"])
    return await _link(ctx, request.viewer, account[1], _MAIL.sub(r"\1", account[2]).strip(_QUOTES))


@subcommand(
    "unlink @account",
    "End the link of a Slack account, for good",
    more="The account is then linked to nobody, not even by its e-mail address, until `link` links it again.",
    admins_only=True,
)
async def unlink(ctx: AppContext, request: CommandRequest) -> Message:
    """Ends somebody's link. The registry offers it to admins only; asked again, for the rule is made here."""
    if not request.viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    account = _ACCOUNT.fullmatch(request.words)
    if account is None or account[2]:
        raise QueryError(f"{_PICK}unlink @account.", ["link list"])
    user_id = account[1]

    def work(tx: Tx) -> Message:
        known = tx.people.link_of(user_id)
        if known is None:
            return notice(f"<@{user_id}> is linked to nobody.", f"`{ctx.command} link list` shows all links.")
        now = ctx.clock.now()
        tx.people.block_link(user_id, request.viewer.slack_user_id, now)
        tx.audit_log.write(request.viewer.slack_user_id, "unlink", _subject(user_id, known.person_id), now)
        return links.unlinked(user_id, tx.people.directory().name_of(known.person_id), command=ctx.command)

    return await ctx.store.transact(work)


async def reject_link(ctx: AppContext, user_id: str, person_id: str) -> Message | None:
    """Suspends somebody's own link by e-mail; None where they have no such link to this person."""

    def work(tx: Tx) -> Message | None:
        known = tx.people.link_of(user_id)
        if known is None or known.by != BY_EMAIL or known.person_id != person_id:
            return None
        now = ctx.clock.now()
        tx.people.block_link(user_id, user_id, now)
        tx.audit_log.write(user_id, "disown", _subject(user_id, person_id), now)
        return links.rejected(command=ctx.command)

    return await ctx.store.transact(work)


# ---- one's own ---------------------------------------------------------------------------------------------------


def _own(ctx: AppContext, tx: Tx, viewer: Viewer) -> Message:
    directory = tx.people.directory()
    known = identity_of(viewer, directory)
    if viewer.person_id is None or known.not_allowed_reason:
        what_next = next_step(ctx, known.remedy, viewer.slack_user_id)
        return links.own_link(None, "", known.not_allowed_reason, what_next=what_next, command=ctx.command)
    link, name = tx.people.link_of(viewer.slack_user_id), directory.name_of(viewer.person_id)
    return links.own_link(link, name, viewer.reason, what_next="", command=ctx.command)


# ---- everybody's -------------------------------------------------------------------------------------------------


def _everybody(tx: Tx) -> tuple[Sequence[links.LinkRow], Sequence[links.Unmatched]]:
    directory, made = tx.people.directory(), tx.people.links()
    shown = [links.LinkRow(one, directory.name_of(one.person_id), suspended_reason(tx, one, directory)) for one in made]
    return shown, unmatched(tx, directory, {one.person_id for one in made})


def suspended_reason(tx: Tx, made: Link, directory: Directory) -> str:
    """Why a link does not hold now, "" while it does."""
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
    """Every active person without a link, by name, and why as far as is known without asking Slack."""
    found = []
    for person in sorted(directory.people.values(), key=lambda one: (fold(one.name), one.person_id)):
        if person.person_id in linked or not directory.is_active(person.person_id):
            continue
        accounts = tx.people.slack_users_with(person.email) if person.email else ()
        reason = why_unmatched(
            person,
            accounts,
            nobody=person.email is not None and tx.people.no_slack_user_since(person.email) is not None,
            link_blocks=any(tx.people.link_blocked_by(one.user_id) for one in accounts),
            directory=directory,
        )
        found.append(links.Unmatched(person.name, reason))
    return found


async def _link(ctx: AppContext, admin: Viewer, user_id: str, wanted: str) -> Message:
    try:
        user = await ctx.contacts.user(user_id)
    except MessengerRefused:
        raise QueryError("Slack does not know this account.", ["link list"]) from None
    except MessengerUnavailable:
        return notice("Nothing was changed: Slack can't say just now who that is.", "Try again in a minute.")
    if not user.is_full_member:
        raise NotAllowed(f"that Slack account is not a full member of this workspace ({user.not_allowed_reason})")

    def work(tx: Tx) -> Message:
        directory = tx.people.directory()
        people = _named(wanted, directory)
        if not people:
            raise _nobody(wanted, user_id, directory)
        if len(people) > 1:
            return links.which_person(user_id, people, directory, command=ctx.command)
        person, now = people[0], ctx.clock.now()
        before = tx.people.link_to(person.person_id)
        displaced = [before.slack_user_id] if before is not None and before.slack_user_id != user_id else []
        tx.people.link(user_id, person.person_id, admin.slack_user_id, None, now)
        tx.audit_log.write(admin.slack_user_id, "link", _subject(user_id, person.person_id), now)
        for one in displaced:
            tx.audit_log.write(admin.slack_user_id, "unlink", _subject(one, person.person_id), now)
        return links.linked(user_id, person.name, displaced, command=ctx.command)

    return await ctx.store.transact(work)


def _named(wanted: str, directory: Directory) -> Sequence[Person]:
    """The active people an id, an e-mail address or a name means."""
    by_id = directory.people.get(wanted.lower())
    if by_id is not None and directory.is_active(by_id.person_id):
        return [by_id]
    if "@" in wanted:
        return directory.with_email(wanted)
    active = [one for one in directory.people.values() if directory.is_active(one.person_id)]
    found = ids_named(fold(wanted), [(fold(one.name), one.person_id) for one in active])
    return sorted((one for one in active if one.person_id in found), key=lambda one: (one.name, one.person_id))


def _nobody(wanted: str, user_id: str, directory: Directory) -> QueryError:
    names = [one.name for one in directory.people.values() if directory.is_active(one.person_id)]
    like = [f'link <@{user_id}> "{name}"' for name in nearest(wanted, names)]
    return QueryError(f"Nobody active in iSpring is “{wanted}”.", [*like, "link list"])


def _subject(user_id: str, person_id: str) -> str:
    return f"user:{user_id}:person:{person_id}"
