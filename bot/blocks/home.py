"""The Home tab: which person in iSpring you are, your sessions to do, last results, settings and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.blocks import actions
from bot.blocks.coverage import coverage_blocks
from bot.blocks.elements import Block, button, context, divider, header, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.rules import format_rule
from bot.blocks.sending import first_block
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

    `to_do` are sessions they have to conduct, `results` those they may see, newest first; `rule_texts` are the queries
    of `rules` in words, by number.
    """

    shown: RenderContext
    settings: Settings
    now: datetime
    to_do: Sequence[Session] = ()
    results: Sequence[Session] = ()
    rules: Sequence[Rule] = ()
    rule_texts: Mapping[int, str] = field(default_factory=dict)
    sees: bool = True
    status: Status | None = None
    first_lines: Sequence[str] = ()


def home(content: Home) -> dict[str, Any]:
    """The view, at most 100 blocks."""
    command = content.shown.command
    blocks: list[Block] = [header("Spotter")]
    if content.first_lines:
        blocks.append(first_block(content.first_lines))
    if content.status:
        blocks.append(section(mrkdwn("\n".join([f"*{format_verdict(content.status)}*", *alert_lines(content.status)]))))
    blocks += [age_block(content.shown), buttons(_top_buttons(content))]
    if not content.sees:
        return {"type": "home", "blocks": [*blocks, divider(), *settings_blocks(content.settings)]}
    if content.settings.is_linked:
        blocks += [divider(), section(mrkdwn("*To do as an observer*")), *_to_do(content)]
    blocks += [divider(), section(mrkdwn("*Last results*"))]
    blocks += [*coverage_blocks(content.shown.coverage), *_results(content, command)]
    blocks += [divider(), section(mrkdwn("*Your direct messages*")), *settings_blocks(content.settings)]
    blocks += [divider(), section(mrkdwn("*Rules*")), *_rules(content, command)]
    return {"type": "home", "blocks": blocks}


def _top_buttons(content: Home) -> list[Block]:
    settings = [button(actions.HOME_SETTINGS, "Settings")] if content.settings.is_linked else []
    return [button(actions.HOME_REFRESH, "Refresh"), *settings]


def _to_do(content: Home) -> list[Block]:
    if not content.to_do:
        return [context("Nothing to conduct or finish. Sessions planned for you in iSpring appear here by themselves.")]
    rows = [to_do_row(one, f"todo{n}", content.shown, content.now) for n, one in enumerate(content.to_do[:MAX_TO_DO])]
    return rows + _more(content.to_do, MAX_TO_DO, f"`{content.shown.command} todo` shows all")


def _results(content: Home, command: str) -> list[Block]:
    if not content.results:
        return [context(f"None yet. Once a session is completed, it is here; `{command} results` searches them.")]
    rows = [result_row(one, f"result{n}", content.shown) for n, one in enumerate(content.results[:MAX_RESULTS])]
    return rows + _more(content.results, MAX_RESULTS, f"`{command} results` shows all")


def _rules(content: Home, command: str) -> list[Block]:
    if not content.rules:
        return [context(f"You made none yet. Type `{command} subscribe` in a channel to have results posted there.")]
    text = [format_rule(rule, content.rule_texts.get(rule.rule_id, "")) for rule in content.rules[:MAX_RULES]]
    return [section(mrkdwn(line)) for line in text] + _more(content.rules, MAX_RULES, f"`{command} rules` shows all")


def _more(those: Sequence[object], shown: int, hint: str) -> list[Block]:
    return [context(f"and {len(those) - shown} more; {hint}")] if len(those) > shown else []
