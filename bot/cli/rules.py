"""`rules`: which channels hear of which sessions. They are rows: a running Spotter acts on what is written here."""

import re
from collections.abc import Sequence

import click

from bot.cli.rows import known_names, parsed, with_store
from bot.cli.terminal import NUMBER, TEXT, echo, table_of
from bot.domain.errors import SpotterError
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.ports import Clock
from bot.domain.rules import OPERATOR, Rule, RuleForm, RuleState
from bot.query.by_id import by_id
from bot.services.rules import end_rule, make_rule, names_kept, rule_canonical, rule_query, same_rule
from bot.store.database import Store, Tx


@click.group(invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Which channels hear of which sessions; without a command, list them."""
    if context.invoked_subcommand is None:
        context.invoke(list_rules)


@rules.command("list")
@click.option("--all", "show_all", is_flag=True, help="The ended ones too.")
def list_rules(show_all: bool) -> None:
    """List the rules by number."""
    states = () if show_all else (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)

    def work(tx: Tx) -> list[tuple[Rule, str]]:
        return [(rule, rule_canonical(tx, rule.query)) for rule in tx.rules.all(states)]

    found = with_store(lambda store, _: store.read(work))
    if not found:
        echo("No rules yet. Make one: spotter rules add C0123456789 'outcome:failed'")
        return
    rows = [(r.rule_id, r.destination.id, _what(r, query), r.owner, r.state, r.reason) for r, query in found]
    echo(table_of(("rule", "channel", "query", "owner", "state", "why"), rows))


def _what(rule: Rule, query: str) -> str:
    if rule.options.form is RuleForm.DIGEST:
        return f"digest {rule.options.schedule} {rule.options.zone or ''}".rstrip() + f": {query or 'all sessions'}"
    return query or "every completed session"


@rules.command("add")
@click.argument("channel", type=TEXT)
@click.argument("query", nargs=-1, type=TEXT)
def add_rule(channel: str, query: Sequence[str]) -> None:
    """Let CHANNEL (an id such as C0123456789) hear of the sessions that match QUERY, of every completed one without."""
    if not re.fullmatch(r"[CG][A-Z0-9]{2,}", channel):
        raise click.UsageError("CHANNEL must be a channel id such as C0123456789 (channel details, at the bottom).")
    asked = parsed(" ".join(query), rule_query)
    destination = Destination(DestinationKind.CHANNEL, channel)

    async def add(store: Store, clock: Clock) -> str:
        def work(tx: Tx) -> str:
            known = known_names(tx, asked)
            by_ids = by_id(asked, known)
            if same := same_rule(tx, destination, by_ids, known):
                return f"Rule {same.rule_id} says the same already."
            rule = make_rule(tx, destination, OPERATOR, by_ids, RuleState.ACTIVE, clock.now())
            return " ".join(
                (
                    f"Rule {rule.rule_id} is made. Its introduction is posted as soon as Spotter runs and is a member",
                    "there.",
                    *names_kept(by_ids, known),
                )
            )

        return await store.transact(work)

    echo(with_store(add, may_create=True))


@rules.command("remove")
@click.argument("rule_id", type=NUMBER)
def remove_rule(rule_id: int) -> None:
    """End rule number RULE_ID and cancel what is pending only for it."""

    async def remove(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            rule = tx.rules.get(rule_id)
            if rule is None or rule.state is RuleState.ENDED:
                return False
            end_rule(tx, rule, OPERATOR, "removed on the command line", clock.now())
            return True

        return await store.transact(work)

    if not with_store(remove):
        raise SpotterError(f"There is no rule {rule_id} to remove. See: spotter rules list")
    echo(f"Rule {rule_id} is ended.")
