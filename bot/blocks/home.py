"""The Home tab: who you are, what needs you, your people, your own sessions, settings and rules."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot.blocks import actions
from bot.blocks.coverage import coverage_blocks
from bot.blocks.elements import Block, button, context, divider, header, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_up_lists import follow_up_blocks
from bot.blocks.links import Unmatched, own_link_row, unmatched_blocks
from bot.blocks.mutes import mute_blocks
from bot.blocks.overview import attention_blocks, unit_blocks
from bot.blocks.role_pages import RolePage
from bot.blocks.rule_lists import rule_blocks
from bot.blocks.sending import first_block
from bot.blocks.session_lists import RenderContext, age_text, result_row
from bot.blocks.settings import Settings, settings_blocks
from bot.blocks.status import Status, alert_lines, format_verdict
from bot.blocks.to_do_lists import own_planned_row, to_do_rows
from bot.domain.follow_ups import FollowedUp
from bot.domain.model import Session, SessionKey
from bot.domain.mutes import Mute
from bot.domain.rules import Rule
from bot.domain.viewers import Link
from bot.domain.whole_reports import Overview

MAX_TO_DO = 8
MAX_SESSIONS = 3  # of each kind, beside those to do
MAX_RULES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A person's own sessions: `planned` for them, the soonest first; `results` as employee and those they `observed`,
    the newest first. `to_do` are those they have to conduct or finish; `snoozed`: until when reminders of them were put
    off."""

    to_do: Sequence[Session] = ()
    planned: Sequence[Session] = ()
    results: Sequence[Session] = ()
    observed: Sequence[Session] = ()
    snoozed: Mapping[SessionKey, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """The open follow-ups of a person, and those of others on sessions that they may see, the one due first before the
    others. `today` is the date where they are, None without any."""

    own: Sequence[FollowedUp] = ()
    others: Sequence[FollowedUp] = ()
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything on one user's Home tab. `sees`: they may see sessions.

    `own` is None for a user without a person in iSpring, `overview` for one without people; `status` and `unmatched`
    are an admin's; `name` and `reason` are those of the reader's `link`.
    `rules` are those that the settings do not tell of; `rule_texts` are they in words, by number, and `may_end` are
    those that the user may change and end. `help_page` is the one of their role.
    """

    shown: RenderContext
    settings: Settings
    now: datetime
    own: Own | None = None
    overview: Overview | None = None
    rules: Sequence[Rule] = ()
    rule_texts: Mapping[int, str] = field(default_factory=dict)
    may_end: Collection[int] = ()
    help_page: RolePage | None = None
    sees: bool = True
    status: Status | None = None
    first_lines: Sequence[str] = ()
    link: Link | None = None
    name: str = ""
    reason: str = ""
    unmatched: Sequence[Unmatched] = ()
    mutes: Sequence[tuple[Mute, str]] = ()
    follow_ups: FollowUps = FollowUps()


def home(content: Home) -> dict[str, Any]:
    """The view, at most 100 blocks."""
    blocks: list[Block] = [header("Spotter")]
    if content.first_lines:
        blocks.append(first_block(content.first_lines))
    if content.status:
        blocks += _status(content.status)
    blocks += [*_who(content), buttons(_top_buttons(content))]
    if not content.sees:
        return {"type": "home", "blocks": [*blocks, divider(), *settings_blocks(content.settings)]}
    if _is_new(content):
        blocks += [divider(), *_welcome(content)]
    found = content.follow_ups
    if found.today is not None and (found.own or found.others):
        blocks += [divider(), *follow_up_blocks(found.own, found.others, content.shown, found.today)]
    if content.overview is not None:
        blocks += [divider(), *coverage_blocks(content.shown.coverage)]
        blocks += attention_blocks(content.overview, content.shown)
        blocks += [divider(), *unit_blocks(content.overview, content.shown.command)]
    if content.own is not None:
        blocks += _sessions(content, content.own)
    blocks += [divider(), section(mrkdwn("*Your direct messages*")), *settings_blocks(content.settings, is_home=True)]
    if content.unmatched:
        blocks += [divider(), *unmatched_blocks(content.unmatched, content.shown.command)]
    if content.mutes:
        mutes = [mute for mute, _ in content.mutes]
        said = {mute.mute_id: words for mute, words in content.mutes}
        blocks += [divider(), section(mrkdwn("*Muted*")), *mute_blocks(mutes, said, may_end=said.keys())]
    blocks += [divider(), section(mrkdwn("*Rules*")), *_rules(content)]
    return {"type": "home", "blocks": blocks}


def _status(status: Status) -> list[Block]:
    lines = [f"*{format_verdict(status)}*", *alert_lines(status)]
    return [section(mrkdwn("\n".join(lines)))]


def _who(content: Home) -> list[Block]:
    """Who the reader is, how Spotter knows, and how old the data is."""
    age = context(age_text(content.shown))
    if content.link is None or not content.name:
        return [age]
    return [*own_link_row(content.link, content.name, content.reason, command=content.shown.command), age]


def _top_buttons(content: Home) -> list[Block]:
    made = [button(actions.HOME_REFRESH, "Refresh")]
    if content.settings.is_linked:
        made.append(button(actions.HOME_SETTINGS, "Settings"))
    commands = [("Help", content.help_page.command if content.help_page else "help")]
    if content.sees:
        commands.insert(0, ("Results", "results"))
    if content.status is not None:
        commands += [("Status", "status"), ("All rules", "rules all"), ("People", "link list")]
        commands += [("Targets", "target"), ("Audit log", "audit")]
    return made + [button(actions.action_id(actions.RUN, f"top{n}"), *one) for n, one in enumerate(commands)]


# ---- the first time --------------------------------------------------------------------------------------------------


def _is_new(content: Home) -> bool:
    """Nothing to show yet: no session, and no rule."""
    own, team = content.own or Own(), content.overview
    has_sessions = bool(own.to_do or own.planned or own.results or own.observed)
    has_team = team is not None and bool(team.total.completed or team.open.total)
    return not (has_sessions or has_team or content.rules)


def _welcome(content: Home) -> list[Block]:
    command = content.shown.command
    if content.status is not None or content.overview is not None:
        first = f"First step: type `{command} subscribe` in a channel, and completed sessions are posted there."
    else:
        first = f"First step: ask something in your own words, for example `{command} my results`."
    lines = [
        "Spotter shows the results of on-the-job training here in Slack.",
        "Sessions that you conduct, or in which you are observed, appear here by themselves.",
        first,
    ]
    return [section(mrkdwn("\n".join(lines)))]


# ---- one's own sessions ----------------------------------------------------------------------------------------------


def _sessions(content: Home, own: Own) -> list[Block]:
    """What the reader has to conduct, their own sessions, and those they observed. Who only observes, or is only
    observed, reads nothing of the other; who has nothing yet reads of both."""
    has_own, observes = bool(own.planned or own.results), bool(own.to_do or own.observed)
    blocks: list[Block] = []
    if observes or not has_own:
        blocks += [divider(), section(mrkdwn("*To do as an observer*")), *_to_do(content, own)]
    if has_own or not (observes or content.overview):
        blocks += [divider(), section(mrkdwn("*Your own sessions*")), *_own(content, own)]
    if own.observed:
        blocks += [divider(), section(mrkdwn("*Observed by you*"))]
        blocks += [result_row(one, f"seen{n}", content.shown) for n, one in enumerate(own.observed[:MAX_SESSIONS])]
        blocks.append(context(f"`{content.shown.command} results observer:me` shows all"))
    return blocks


def _to_do(content: Home, own: Own) -> list[Block]:
    if not own.to_do:
        return [context("Nothing to conduct or finish. Sessions planned for you in iSpring appear here by themselves.")]
    rows: list[Block] = []
    for n, one in enumerate(own.to_do[:MAX_TO_DO]):
        rows += to_do_rows(one, f"todo{n}", content.shown, content.now, own.snoozed.get(one.key))
    return rows + _more(own.to_do, MAX_TO_DO, f"`{content.shown.command} todo` shows all")


def _own(content: Home, own: Own) -> list[Block]:
    command = content.shown.command
    if not (own.planned or own.results):
        return [context(f"None yet. `{command} history me` will show how your results change.")]
    blocks = [
        own_planned_row(one, f"planned{n}", content.shown, content.now)
        for n, one in enumerate(own.planned[:MAX_SESSIONS])
    ]
    rows = own.results[:MAX_SESSIONS]
    blocks += [result_row(one, f"own{n}", content.shown, is_own=True) for n, one in enumerate(rows)]
    if len(own.results) > MAX_SESSIONS:
        blocks.append(context(f"`{command} history me` shows all, and how they change"))
    return blocks


def _rules(content: Home) -> list[Block]:
    command = content.shown.command
    if not content.rules:
        return [context(f"You made none yet. Type `{command} subscribe` in a channel to have results posted there.")]
    listed = rule_blocks(content.rules[:MAX_RULES], content.rule_texts, may_end=content.may_end)
    return listed + _more(content.rules, MAX_RULES, f"`{command} rules` shows all")


def _more(those: Sequence[object], shown: int, hint: str) -> list[Block]:
    return [context(f"and {len(those) - shown} more; {hint}")] if len(those) > shown else []
