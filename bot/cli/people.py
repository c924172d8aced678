"""`people`: which Slack account belongs to each person in iSpring, why one has none, and links from a file."""

import csv
import io
import os
import sys
from collections.abc import Callable, Sequence

import click

from bot.app.clock import SystemClock
from bot.app.logs import configure_logs
from bot.cli.linking import COLUMNS, link, with_slack
from bot.cli.rows import with_store
from bot.cli.terminal import echo, json_of, table_of
from bot.config import Needs, load
from bot.domain.errors import MessengerError, MessengerUnavailable, SpotterError
from bot.domain.ports import Clock, Contacts
from bot.domain.staff import Person
from bot.domain.text import clean
from bot.services.dm_availability import Reachability, reachability
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx

BETWEEN = 2.0  # seconds between two questions: Slack grants 50 a minute, and a running Spotter needs its part
LONGEST_WAIT = 120.0  # seconds after which a question that Slack put off is asked again, whatever it named
TRIES = 3  # for one person; then Slack is taken to be down


@click.group(invoke_without_command=True)
@click.option("--unmatched", is_flag=True, help="Only those who get no direct messages; asks Slack about them now.")
@click.option("--json", "output", flag_value="json", help="One JSON array.")
@click.option("--csv", "output", flag_value="csv", help="CSV with a header line; `people link` reads it again.")
@click.pass_context
def people(context: click.Context, unmatched: bool, output: str | None) -> None:
    """Show which Slack account belongs to each person in iSpring, and why a person gets no direct messages."""
    if context.invoked_subcommand is not None:
        if unmatched or output:
            raise click.UsageError(f"Give no option before {context.invoked_subcommand}.")
        return
    problem = _ask() if unmatched else ""
    found, inactive = with_store(lambda store, _: store.read(_reachable))
    shown = [(one, availability) for one, availability in found if not (unmatched and availability.slack_user_id)]
    rows = [(one.person_id, one.name, one.email, available.slack_user_id, available.reason) for one, available in shown]
    if output == "json":
        echo(json_of([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=1))
    elif output == "csv":
        echo(_csv_of(rows))
    else:
        if rows:
            echo(table_of(("person", "e-mail", "Slack", "why"), [row[1:] for row in rows]))
        matched = sum(availability.slack_user_id is not None for _, availability in found)
        echo(f"{matched} of {len(found)} active people can get direct messages; {inactive} are not active in iSpring.")
    if problem:
        raise SpotterError(problem)


def _reachable(tx: Tx) -> tuple[list[tuple[Person, Reachability]], int]:
    """Every active person with their account, by name; and the number of the others."""
    directory = tx.people.directory()
    active = [one for one in directory.people.values() if directory.is_active(one.person_id)]
    active.sort(key=lambda one: one.name.casefold())
    found = [*zip(active, reachability(tx, active, directory), strict=True)]
    return found, len(directory.people) - len(active)


def _csv_of(rows: Sequence[Sequence[object]]) -> str:
    """The rows as CSV. A spreadsheet takes a text that begins with one of these signs for a formula, so it gets an
    apostrophe.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = ["" if cell is None else clean(str(cell)) for cell in row]
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in cells])
    return out.getvalue().removesuffix("\n")


def _ask() -> str:
    """Asks Slack about the people without an account; returns why it could not be asked about all, "" if it was."""
    if not load(os.environ).slack_bot_token.get_secret_value():
        echo("Slack is not asked: SLACK_BOT_TOKEN is not set. The reasons are those that were known before.", err=True)
        return ""
    settings = load(os.environ, Needs.SLACK)
    configure_logs("CRITICAL", settings.log_format)
    clock = SystemClock(settings.clock_offset)

    async def ask(store: Store, contacts: SlackContacts, _: SlackMessenger) -> str:
        return await _ask_slack(store, contacts, clock, _show_progress)

    return with_slack(settings, ask)


def _show_progress(done: int, every: int, wait: float) -> None:
    """Shows how far the questions are: in one line of a terminal, else every 50 people."""
    sentence = f"Asked Slack about {done:,} of {every:,} people" + (f"; waiting {wait:.0f} s" if wait else "")
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{sentence}" + ("\n" if done == every else ""), nl=False, err=True)
    elif done == every or (done % 50 == 0 and not wait):
        echo(sentence, err=True)


def _to_ask(tx: Tx) -> Sequence[str]:
    """Ids of the active people without a valid link of whom only Slack can say why: those whose e-mail address no
    other person has."""
    directory = tx.people.directory()
    return [
        one.person_id
        for one in sorted(directory.people.values(), key=lambda one: (one.name.casefold(), one.person_id))
        if directory.is_active(one.person_id)
        and one.email
        and len(directory.with_email(one.email)) == 1
        and tx.people.linked_user(one.person_id) is None
    ]


async def _ask_slack(
    store: Store, contacts: Contacts, clock: Clock, progress: Callable[[int, int, float], None]
) -> str:
    """Asks about each; what Slack answers is stored, with the links that follow. Returns "" if it answered of all, else
    why it did not.

    `progress` gets the number that is done, the number of all, and the seconds until the next question.
    """
    people = await store.read(_to_ask)
    for done, person_id in enumerate(people):
        progress(done, len(people), 0)
        if done:
            await clock.sleep(BETWEEN)
        for attempt in range(1, TRIES + 1):
            try:
                await contacts.user_of(person_id, anew=True)
                break
            except MessengerUnavailable as problem:
                if attempt == TRIES:
                    return f"Slack could be asked about {done} of {len(people)} people only: {problem}"
                wait = min(problem.retry_after or BETWEEN, LONGEST_WAIT)
                progress(done, len(people), wait)
                await clock.sleep(wait)
            except MessengerError as problem:
                return f"Slack could be asked about {done} of {len(people)} people only: {problem}"
    progress(len(people), len(people), 0)
    return ""


people.add_command(link)
