"""`backup`, `restore`, `erase`, `audit`: how an admin looks after the database."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bot.app.clock import SystemClock
from bot.app.database import require_database
from bot.cli.rows import with_store
from bot.cli.terminal import NUMBER, TEXT, confirm, echo, json_of, table_of
from bot.config import load
from bot.domain.audit import AuditEntry, AuditLine
from bot.domain.directory import Directory
from bot.domain.errors import SpotterError
from bot.domain.permissions import AccessScope
from bot.domain.ports import Clock
from bot.domain.retention import Erased
from bot.domain.rules import OPERATOR
from bot.domain.staff import Person
from bot.domain.text import clean, count
from bot.query import parser as language
from bot.services.audit import in_words
from bot.store.backup import back_up
from bot.store.backup import restore as put_back
from bot.store.database import Store, Tx

LARGE = 16_384  # pages of 4 KiB: a smaller copy is done before its progress could be read
NAMED = 10  # people listed if a name fits several


# ---- copies ----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, force: bool) -> None:
    """Write a verified copy of the database to FILE, also beside a running Spotter."""
    settings = load(os.environ)
    require_database(settings)
    now = SystemClock(settings.clock_offset).now()
    copied = back_up(settings.database_path, file, overwrite=force, now=now, progress=_show_progress)
    _end_progress()
    echo(f"{file}: {copied.sessions:,} sessions, {copied.size / 1e6:,.1f} MB, verified. It holds people's results.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put the copy in FILE in the database's place. Spotter must not run; the database before is kept."""
    settings = load(os.environ)
    now = SystemClock(settings.clock_offset).now()
    done = put_back(settings.database_path, file, now=now, progress=_show_progress)
    _end_progress()
    echo(f"Restored: {done.sessions:,} sessions, as of {done.copied_at:%Y-%m-%d %H:%M} UTC.")
    if done.kept is not None:
        echo(f"The database before is kept as {done.kept}; delete it when it is not needed any more.")
    echo(
        f"When Spotter starts, it reads Slack for {count(done.read_back_for, 'message')} before it sends again. "
        "What was completed since the copy is counted in one summary per destination, with "
        f"{count(done.counted, 'notification')} that {'was' if done.counted == 1 else 'were'} pending."
    )
    if done.undone:
        lines = with_store(lambda store, _: store.read(lambda tx: in_words(tx, done.undone)))
        echo(f"Done since the copy was made, and undone by this ({len(lines)}; do again what still holds):")
        echo(_audit_table(lines))
    if done.erased is None:
        echo("The database before can't be read: erase again the people who were erased since the copy was made.")
    elif done.erased:
        echo(f"{done.erased} people who were erased since the copy was made are erased again.")


def _show_progress(done: int, every: int) -> None:
    if every >= LARGE and sys.stderr.isatty():
        click.echo(f"\r\033[K{100 * done // every} %{' · verifying' if done == every else ''}", nl=False, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)


# ---- people ----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("person", type=TEXT)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(person: str, yes: bool) -> None:
    """Forget PERSON (an iSpring id, e-mail address or full name): their sessions, account and preferences are deleted,
    and a running Spotter edits the messages about them. Repeated with their id, it says what is left to do."""
    person_id, name = with_store(lambda store, clock: store.read(lambda tx: _one(tx, person, clock)))
    confirm(f"Erase {name} for good?", yes)

    async def forget(store: Store, clock: Clock) -> tuple[Erased, bool]:
        def work(tx: Tx) -> Erased:
            if person_id not in tx.erasure.erased_people():
                # By id: only iSpring's list of people says who that was. The entry proves that it was done.
                tx.audit_log.write(OPERATOR, "erase", f"person:{person_id}", clock.now())
            return tx.erasure.erase(person_id, clock.now())

        return await store.transact(work), await store.truncate_log()

    done, is_truncated = with_store(forget)
    for line in _status_lines(done, person_id):
        echo(line)
    if not is_truncated:
        echo(
            "Another process reads the database just now. Its log, the file beside it that ends in -wal, may contain "
            f"this person until Spotter stops, or until: spotter erase {person_id} --yes"
        )


def _one(tx: Tx, text: str, clock: Clock) -> tuple[str, str]:
    """The id of the one person that a text names, and their name. Raises SpotterError with the candidates."""
    directory = tx.people.directory()
    wanted = text.strip().casefold()
    every = directory.people.values()
    found = [one for one in every if wanted == one.person_id.casefold()]
    found = found or [one for one in every if one.email and wanted == one.email.casefold()]
    found = found or [one for one in every if wanted == one.name.casefold()]
    if len(found) == 1:
        return found[0].person_id, _text(found[0])
    if not found and (wanted in tx.erasure.erased_people() or _has_sessions(tx, wanted, directory, clock)):
        return wanted, f"the person {wanted}, whom iSpring no longer names"
    near = found or [one for one in every if wanted and wanted in one.name.casefold()]
    listed = "".join(f"\n  {_text(one)}" for one in near[:NAMED])
    if found:
        raise SpotterError(f"{len(found)} people have that name or address; give the id:{listed}")
    raise SpotterError("No person has that id, e-mail address or full name." + (f" Perhaps:{listed}" if near else ""))


def _has_sessions(tx: Tx, person_id: str, directory: Directory, clock: Clock) -> bool:
    theirs = AccessScope(person_id=person_id)
    return tx.search.find(language.parse(""), theirs, language.Names(directory), clock.now(), 1).total > 0


def _text(person: Person) -> str:
    return f"{clean(person.name)} ({', '.join(clean(part) for part in (person.email, person.person_id) if part)})"


def _status_lines(done: Erased, person_id: str) -> Sequence[str]:
    lines = [
        f"Erased: {done.sessions} sessions as the employee; {done.observed} as the observer stay without the name; "
        f"{done.dropped} pending messages will not be sent; {len(done.slack_users)} Slack accounts are forgotten.",
        f"Still to be read back or edited in Slack: {done.redactions} messages. A running Spotter does that. To see "
        f"how many are left: spotter erase {person_id} --yes"
        if done.redactions
        else "No message in Slack has to be edited any more.",
    ]
    if done.held_back:
        lines.append(
            f"Of these, {len(done.held_back)} are where Spotter can't write now. They are edited once it can; or "
            f"delete them there (channel and ts): {', '.join(done.held_back)}"
        )
    if done.out_of_reach:
        lines.append(f"Slack refuses to edit these. Delete them there (channel and ts): {', '.join(done.out_of_reach)}")
    if done.rules_paused:
        lines.append(f"Paused, because this person made them: rules {_numbers(done.rules_paused)}.")
    if done.rules_naming:
        lines.append(
            f"Name this person in their query: rules {_numbers(done.rules_naming)}. They show “an erased person”, but "
            "a text that means several people stays as typed. Look at them: spotter rules list. To end one: spotter "
            "rules remove N"
        )
    lines.append("Older copies of the database still contain this person: delete or replace them.")
    return lines


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


# ---- the audit log ---------------------------------------------------------------------------------------------------


@click.command()
@click.option("--limit", type=NUMBER, default=50, help="At most so many; 50.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def audit(limit: int, as_json: bool) -> None:
    """Show who did what and when, the newest first. JSON holds ids, the table names."""

    def read(tx: Tx) -> tuple[Sequence[AuditEntry], Sequence[AuditLine]]:
        found = tx.audit_log.entries(limit)
        return found, in_words(tx, found)

    entries, lines = with_store(lambda store, _: store.read(read))
    if as_json:
        echo(json_of([_entry(entry) for entry in entries], indent=1))
    else:
        echo(_audit_table(lines) if lines else "The audit log is empty.")


def _audit_table(lines: Sequence[AuditLine]) -> str:
    rows = [(f"{one.at:%Y-%m-%d %H:%M:%S}", one.who, one.verb, one.text, one.change) for one in lines]
    return table_of(("when (UTC)", "who", "did", "to what", "before and after"), rows)


def _entry(entry: AuditEntry) -> dict[str, str]:
    values = {"old": entry.old, "new": entry.new} if entry.old or entry.new else {}
    return {"at": entry.at.isoformat(), "who": entry.who, "verb": entry.verb, "subject": entry.subject} | values
