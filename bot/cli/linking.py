"""`people link FILE.csv`: links between Slack accounts and people from a file; it shows what they would do first."""

import asyncio
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from bot.app.clients import slack_messenger
from bot.app.clock import SystemClock
from bot.app.database import opened_store, require_database
from bot.app.logs import configure_logs
from bot.cli.terminal import echo, table_of
from bot.config import Needs, Settings, load
from bot.domain.errors import MessengerRefused, MessengerUnavailable, SpotterError
from bot.domain.ports import Clock
from bot.domain.rules import OPERATOR
from bot.domain.text import clean, count
from bot.domain.viewers import SlackUser
from bot.listeners.commands.people import people_named
from bot.services.linking import LinkPreview, make_link, preview_link
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx

T = TypeVar("T")
COLUMNS = ("id", "name", "email", "slack", "why")  # of `people --csv`; links are read from its "slack" and "id"
MOST_ROWS = 10_000
TRIES = 5  # for one account, if Slack puts the question off
_USER_ID = re.compile(r"(?:<@)?([UW][A-Z0-9]{2,30})(?:\|[^>]*)?>?")
_SEPARATOR_LINE = re.compile(r"\A\"?sep=.\"?[\r\n]+")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: an account (an id or e-mail address) and a person (an id, e-mail address or full name)."""

    line: int
    slack: str
    person: str


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Make the links; without it they are only shown.")
def link(file: Path, yes: bool) -> None:
    """Link Slack accounts to people as FILE says, a CSV with the columns `slack` (a member id or an e-mail address) and
    `person` or `id` (an id, e-mail address or full name in iSpring). Without --yes nothing is changed."""
    rows = _read(file)
    settings = load(os.environ, Needs.SLACK)
    configure_logs("CRITICAL", settings.log_format)
    clock = SystemClock(settings.clock_offset)

    async def work(store: Store, contacts: SlackContacts, messenger: SlackMessenger) -> list[LinkPreview | str]:
        users = [await _account(row.slack, contacts, messenger, clock) for row in rows]

        def plan(tx: Tx) -> list[LinkPreview | str]:
            found = _planned(tx, rows, users)
            for one in found if yes else ():
                if isinstance(one, LinkPreview) and not one.is_made:
                    make_link(tx, one, OPERATOR, clock.now())
            return found

        return await (store.transact(plan) if yes else store.read(plan))

    planned = with_slack(settings, work)
    _show(rows, planned, done=yes)
    refused = sum(isinstance(one, str) for one in planned)
    if refused:
        raise SpotterError(f"{count(refused, 'line')} can't be linked: correct the file.")


def _read(file: Path) -> Sequence[Row]:
    """The lines with an account. Raises UsageError if it is no such file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not in UTF-8: save it as CSV in UTF-8.") from None
    # Some spreadsheets name their separator in a line of its own.
    text = _SEPARATOR_LINE.sub("", text, count=1)
    first = text.partition("\n")[0]
    # Spreadsheets write the separator of their country.
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    account, person = names.get("slack"), names.get("person") or names.get("id")
    if account is None or person is None:
        raise click.UsageError(f"{file} needs a first line with the columns slack and person (or id).")
    cells = [(reader.line_num, one.get(account), one.get(person)) for one in reader]
    rows = [Row(line, slack.strip(), (who or "").strip().removeprefix("'")) for line, slack, who in cells if slack]
    if not rows:
        raise click.UsageError(f"No line of {file} has an account in the column {account}.")
    if len(rows) > MOST_ROWS:
        raise click.UsageError(f"{file} has more than {MOST_ROWS:,} lines: split it.")
    return [row for row in rows if row.slack]


async def _account(typed: str, contacts: SlackContacts, messenger: SlackMessenger, clock: Clock) -> SlackUser | str:
    """The account as Slack describes it now, or why there is none to be linked. Raises MessengerUnavailable."""
    user_id = _USER_ID.fullmatch(typed)
    if user_id is None and not _ADDRESS.fullmatch(typed):
        return "the account is neither a member id such as U0123456789 nor an e-mail address"
    for attempt in range(1, TRIES + 1):
        try:
            if user_id is not None:
                user = await contacts.prove(user_id[1])
            else:
                named = await messenger.user_by_email(typed)
                if named is None:
                    return "no Slack account has this e-mail address"
                user = await contacts.prove(named.user_id)
            break
        except MessengerRefused as refusal:
            return "Slack does not know this account" if refusal.is_unknown_user else str(refusal)
        except MessengerUnavailable as problem:
            if attempt == TRIES or problem.retry_after is None:
                raise
            await clock.sleep(problem.retry_after)
    return user if user.is_full_member else f"it is not a full member of this workspace ({user.not_allowed_reason})"


def _planned(tx: Tx, rows: Sequence[Row], users: Sequence[SlackUser | str]) -> list[LinkPreview | str]:
    """What each line would do, or why it is refused."""
    directory = tx.people.directory()
    found: list[LinkPreview | str] = []
    for row, user in zip(rows, users, strict=True):
        named = people_named(row.person, directory) if row.person else ()
        if isinstance(user, str):
            found.append(user)
        elif not row.person:
            found.append("the line names no person")
        elif not named:
            found.append("nobody active in iSpring has this id, e-mail address or name")
        elif len(named) > 1:
            found.append(f"{count(len(named), 'person', 'people')} in iSpring fit: give the id")
        else:
            found.append(preview_link(tx, user, named[0], directory))
    links = [one for one in found if isinstance(one, LinkPreview)]
    accounts, people = Counter(one.user_id for one in links), Counter(one.person.person_id for one in links)
    for position, one in enumerate(found):
        if isinstance(one, LinkPreview) and accounts[one.user_id] > 1:
            found[position] = "the file names this account more than once"
        elif isinstance(one, LinkPreview) and people[one.person.person_id] > 1:
            found[position] = "the file names this person more than once"
    return found


def _show(rows: Sequence[Row], planned: Sequence[LinkPreview | str], *, done: bool) -> None:
    cells = []
    for row, one in zip(rows, planned, strict=True):
        if isinstance(one, str):
            cells.append((row.line, row.slack, row.person, "REFUSED", one))
            continue
        what = "no change" if one.is_made else "linked" if done else "would link"
        ends = [f"Ends the link of {', '.join(one.displaced)}."] if one.displaced else []
        ends += ["Ends the account's link to another person."] if one.person_before else []
        notes = [f"Sees {one.sees}.", *ends, *(f"WARNING: {warning}" for warning in one.warnings)]
        cells.append((row.line, one.user_id, clean(one.person.name), what, " ".join(notes)))
    echo(table_of(("line", "Slack", "person", "link", "what it does"), cells))
    new = sum(isinstance(one, LinkPreview) and not one.is_made for one in planned)
    if done:
        echo(f"{count(new, 'link')} made.")
    else:
        echo(f"Nothing was changed. To make {count(new, 'link')}: add --yes." if new else "There is no link to make.")


def with_slack(settings: Settings, work: Callable[[Store, SlackContacts, SlackMessenger], Awaitable[T]]) -> T:
    """Runs `work` with the database and a client of Slack. Raises ConfigError if there is no database."""

    async def main() -> T:
        clock = SystemClock(settings.clock_offset)
        require_database(settings)
        async with opened_store(settings, clock) as store, slack_messenger(settings, clock) as messenger:
            contacts = SlackContacts(messenger, store, clock, settings.admins, settings.rights_valid_for)
            return await work(store, contacts, messenger)

    return asyncio.run(main())
