"""The Home tab: which person in iSpring you are, your sessions to do, last results, settings and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.blocks import actions
from bot.blocks.elements import Block, button, context, divider, header, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.rules import format_rule
from bot.blocks.session_lists import RenderContext, age_block, result_row, to_do_row
from bot.blocks.settings import Settings, settings_blocks
from bot.blocks.status import Status, alert_lines, format_verdict
from bot.domain.model import Rule, Session

MAX_TO_DO = 10
MAX_RESULTS = 10
MAX_RULES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything on one user's Home tab. `sees`: they may see sessions.

    `to_do` are sessions they have to conduct, `results` those they may see, newest first.
    """

    shown: RenderContext
    settings: Settings
    now: datetime
    to_do: Sequence[Session] = ()
    results: Sequence[Session] = ()
    rules: Sequence[Rule] = ()
    format_rule: Mapping[int, str] = field(default_factory=dict)
    sees: bool = True
    status: Status | None = None


def home(known: Home) -> dict[str, Any]:
    """The view, at most 100 blocks."""
    command = known.shown.command
    blocks: list[Block] = [header("Spotter")]
    if known.status:
        blocks.append(section(mrkdwn("\n".join([f"*{format_verdict(known.status)}*", *alert_lines(known.status)]))))
    blocks += [age_block(known.shown), buttons(_top_buttons(known))]
    if not known.sees:
        return {"type": "home", "blocks": [*blocks, divider(), *settings_blocks(known.settings)]}
    if known.settings.is_linked:
        blocks += [divider(), section(mrkdwn("*To do as an observer*")), *_to_do(known)]
    blocks += [divider(), section(mrkdwn("*Last results*")), *_results(known, command)]
    blocks += [divider(), section(mrkdwn("*Your direct messages*")), *settings_blocks(known.settings)]
    blocks += [divider(), section(mrkdwn("*Rules*")), *_rules(known, command)]
    return {"type": "home", "blocks": blocks}


def _top_buttons(known: Home) -> list[Block]:
    settings = [button(actions.HOME_SETTINGS, "Settings")] if known.settings.is_linked else []
    return [button(actions.HOME_REFRESH, "Refresh"), *settings]


def _to_do(known: Home) -> list[Block]:
    if not known.to_do:
        return [context("Nothing to conduct or finish. Sessions planned for you in iSpring appear here by themselves.")]
    rows = [to_do_row(one, f"todo{n}", known.shown, known.now) for n, one in enumerate(known.to_do[:MAX_TO_DO])]
    return rows + _more(known.to_do, MAX_TO_DO, f"`{known.shown.command} todo` shows all")


def _results(known: Home, command: str) -> list[Block]:
    if not known.results:
        return [context(f"None yet. Once a session is completed, it is here; `{command} results` searches them.")]
    rows = [result_row(one, f"result{n}", known.shown) for n, one in enumerate(known.results[:MAX_RESULTS])]
    return rows + _more(known.results, MAX_RESULTS, f"`{command} results` shows all")


def _rules(known: Home, command: str) -> list[Block]:
    if not known.rules:
        return [context(f"You made none yet. Type `{command} subscribe` in a channel to have results posted there.")]
    text = [format_rule(rule, known.format_rule.get(rule.rule_id, "")) for rule in known.rules[:MAX_RULES]]
    return [section(mrkdwn(line)) for line in text] + _more(known.rules, MAX_RULES, f"`{command} rules` shows all")


def _more(those: Sequence[object], shown: int, where: str) -> list[Block]:
    return [context(f"and {len(those) - shown} more; {where}")] if len(those) > shown else []
