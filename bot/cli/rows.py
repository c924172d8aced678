"""Verbs that read and write rows: they work beside a running Spotter, which acts on what they wrote."""

import asyncio
import csv
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from tabulate import tabulate

from bot.config import Settings, load
from bot.core import query as language
from bot.core.access import EVERYTHING
from bot.core.errors import QueryError, SpotterError
from bot.core.model import OPERATOR, DeliveryState, Destination, DestinationKind, RuleState, Session
from bot.core.outcome import judge, word
from bot.core.ports import Clock, Store, Told, Tx
from bot.core.routing import introduction
from bot.service import SystemClock, opened_store

T = TypeVar("T")
PAGE = 1000  # rows fetched at a time from the database


def with_store(work: Callable[[Store, Clock], Any]) -> Any:
    """Runs something against the database the settings name and answers what it answers."""

    async def main() -> Any:
        settings: Settings = load(os.environ)
        clock = SystemClock(settings.clock_offset)
        async with opened_store(settings, clock) as store:
            return await work(store, clock)

    return asyncio.run(main())


# ---- rules -------------------------------------------------------------------------------------------------------


@click.group()
def rules() -> None:
    """Which channels hear of which sessions."""


@rules.command("list")
@click.option("--all", "ended_too", is_flag=True, help="The ended ones too.")
def list_rules(ended_too: bool) -> None:
    """List the rules by number."""
    states = () if ended_too else (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)
    found = with_store(lambda store, _: store.read(lambda tx: tx.rules.all(states)))
    if not found:
        click.echo("No rules yet. Make one: spotter rules add C0123456789 'outcome:failed'")
        return
    rows = [(r.rule_id, r.destination.id, r.query or "every completed session", r.owner, r.state, r.why) for r in found]
    click.echo(tabulate(rows, headers=["rule", "channel", "query", "owner", "state", "why"]))


@rules.command("add")
@click.argument("channel")
@click.argument("query", nargs=-1)
def add_rule(channel: str, query: Sequence[str]) -> None:
    """Let CHANNEL (an id such as C0123456789) hear of the sessions that match QUERY, of every completed one without."""
    if not re.fullmatch(r"[CG][A-Z0-9]{2,}", channel):
        raise click.UsageError("CHANNEL must be a channel id such as C0123456789 (channel details, at the bottom).")
    text = language.say(_parsed(" ".join(query)))
    destination = Destination(DestinationKind.CHANNEL, channel)

    async def add(store: Store, clock: Clock) -> str:
        def work(tx: Tx) -> str:
            same = next((rule for rule in tx.rules.at(destination) if rule.query == text), None)
            if same:
                return f"Rule {same.rule_id} says the same already."
            now = clock.now()
            rule = tx.rules.add(destination, OPERATOR, text, RuleState.ACTIVE, now)
            tx.outbox.owe(introduction(rule), now)
            tx.ledger.write(OPERATOR, "subscribe", f"rule:{rule.rule_id}", now)
            return (
                f"Rule {rule.rule_id} is made. The channel hears of it as soon as Spotter runs and is a member there."
            )

        return await store.transact(work)

    click.echo(with_store(add))


@rules.command("remove")
@click.argument("rule_id", type=int)
def remove_rule(rule_id: int) -> None:
    """End rule number RULE_ID; what waits only for it is dropped."""

    async def remove(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            rule = tx.rules.get(rule_id)
            if rule is None or rule.state is RuleState.ENDED:
                return False
            tx.rules.set_state(rule_id, RuleState.ENDED, "removed on the command line", clock.now())
            tx.ledger.write(OPERATOR, "unsubscribe", f"rule:{rule_id}", clock.now())
            return True

        return await store.transact(work)

    if not with_store(remove):
        raise SpotterError(f"There is no rule {rule_id} to remove. See: spotter rules list")
    click.echo(f"Rule {rule_id} is ended.")


# ---- sessions ----------------------------------------------------------------------------------------------------

COLUMNS = ("id", "outcome", "score", "checklist", "employee", "observer", "site", "completed")


@click.command()
@click.argument("query", nargs=-1)
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header line.")
@click.option("--limit", type=click.IntRange(1), default=None, help="At most this many; 50 in a table, else all.")
def sessions(query: Sequence[str], form: str | None, limit: int | None) -> None:
    """Show the sessions that match QUERY, the newest first, e.g.  spotter sessions 'outcome:failed since:30d'"""
    asked = _parsed(" ".join(query))
    most = limit or (50 if form is None else sys.maxsize)

    async def find(store: Store, clock: Clock) -> tuple[list[dict[str, Any]], int]:
        def work(tx: Tx) -> tuple[list[dict[str, Any]], int]:
            directory, found, total = tx.people.directory(), list[dict[str, Any]](), 0
            while len(found) < most:
                page = tx.sessions.search(
                    asked, EVERYTHING, directory, clock.now(), min(PAGE, most - len(found)), len(found)
                )
                total = page.total
                found += [_row(tx, session) for session in page.sessions]
                if len(found) >= total or not page.sessions:
                    break
            return found, total

        return await store.read(work)

    rows, total = with_store(find)
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, COLUMNS)
        writer.writeheader()
        writer.writerows({name: _no_formula(value) for name, value in row.items()} for row in rows)
    else:
        click.echo(
            tabulate([list(row.values()) for row in rows], headers=list(COLUMNS), floatfmt="g", disable_numparse=True)
        )
        click.echo(f"{len(rows)} of {total}: {language.words(asked)}")


def _row(tx: Tx, session: Session) -> dict[str, Any]:
    facts, directory = session.facts, tx.people.directory()
    outcome = judge(facts, session.target)
    at = facts.finished
    values = (
        tx.sessions.short_id(session.key),
        word(outcome),
        outcome.score,
        facts.checklist_title,
        directory.name_of(facts.key.employee_id),
        directory.name_of(facts.observer_id),
        directory.site_of(facts.key.employee_id),
        at.at.isoformat() if at.at else at.raw,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _no_formula(value: object) -> object:
    """A cell no spreadsheet takes for a formula: text that begins like one gets a leading apostrophe."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


def _parsed(text: str) -> language.Query:
    try:
        return language.parse(text)
    except QueryError as error:
        nearest = f" Did you mean: {' · '.join(error.suggestions)}" if error.suggestions else ""
        raise click.UsageError(f"{error}{nearest}") from error


# ---- outbox ------------------------------------------------------------------------------------------------------


@click.group()
def outbox() -> None:
    """What is owed to whom, and what became of it."""


@outbox.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in DeliveryState]))
@click.option("--limit", type=click.IntRange(1), default=50)
def list_outbox(states: Sequence[str], limit: int) -> None:
    """List what is not settled yet, the oldest first; other states by name."""
    wanted = [DeliveryState(s) for s in states] or [
        DeliveryState.WAITING,
        DeliveryState.SENDING,
        DeliveryState.UNSURE,
        DeliveryState.HELD,
        DeliveryState.DEAD,
    ]
    found = with_store(lambda store, _: store.read(lambda tx: tx.outbox.list(wanted, limit)))
    click.echo(tabulate([_told_row(told) for told in found], headers=_TOLD) if found else "Nothing is waiting.")


@outbox.command("retry")
@click.argument("delivery_id")
def retry(delivery_id: str) -> None:
    """Put a dead or held delivery back in line."""

    async def again(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            tx.ledger.write(OPERATOR, "retry", f"delivery:{delivery_id}", clock.now())
            return tx.outbox.retry(delivery_id, clock.now())

        return await store.transact(work)

    if not with_store(again):
        raise SpotterError(f"There is no dead or held delivery {delivery_id}. See: spotter outbox list --state dead")
    click.echo("It goes out when Spotter runs.")


@outbox.command("drop")
@click.argument("delivery_id")
def drop(delivery_id: str) -> None:
    """Give a delivery up: it will not be sent. What may have been posted already can't be taken back."""

    async def give_up(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            tx.ledger.write(OPERATOR, "drop", f"delivery:{delivery_id}", clock.now())
            return tx.outbox.drop(delivery_id, "dropped on the command line")

        return await store.transact(work)

    if not with_store(give_up):
        raise SpotterError(f"There is no unsettled delivery {delivery_id}. See: spotter outbox list")
    click.echo("It will not be sent.")


@outbox.command("why")
@click.argument("session_id")
def why(session_id: str) -> None:
    """Say who was told of a session (its short id), when, and why or why not."""

    async def ask(store: Store, _: Clock) -> list[tuple[str, Sequence[Told]]]:
        return await store.read(
            lambda tx: [
                (tx.sessions.short_id(session.key), tx.outbox.why(session.key))
                for session in tx.sessions.starting_with(session_id, EVERYTHING)
            ]
        )

    found = with_store(ask)
    if not found:
        raise SpotterError(f"No session's id begins with {session_id}. See: spotter sessions")
    for short_id, tolds in found:
        click.echo(f"Session {short_id}")
        if not tolds:
            click.echo("  Nobody was owed a message about it: no rule matched when it was seen, or it was not news.")
        for told in tolds:
            click.echo("  " + " · ".join(str(part) for part in _told_row(told) if part))
            for attempt in told.attempts:
                line = f"{attempt.started_at:%Y-%m-%d %H:%M:%S} {attempt.what}: {attempt.result} {attempt.why}"
                click.echo("    " + line.rstrip())


_TOLD = ("delivery", "what", "to", "owed since (UTC)", "state", "tries", "why")


def _told_row(told: Told) -> tuple[object, ...]:
    delivery = told.delivery
    return (
        delivery.delivery_id if delivery else "",
        told.notice.kind,
        told.notice.destination,
        f"{told.owed_at:%Y-%m-%d %H:%M:%S}",
        DeliveryState.DROPPED if told.ended else delivery.state if delivery else DeliveryState.WAITING,
        delivery.attempts if delivery else 0,
        told.ended or (delivery.why if delivery else "") or told.notice.reason,
    )
