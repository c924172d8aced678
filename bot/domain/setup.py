"""The check-list of a first run: what is done and what comes next, derived from stored facts. Nothing is ticked by
hand, and no tick is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.text import count


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFacts:
    """What the store knows of an installation.

    `missing_scopes`: None until Slack named the token's scopes. `reading_error`: why the last poll failed, "" if it
    did not. `observers`: who observed within 90 days; `matched`: those of them with a Slack account; `unmatched`: those
    known to have none. Slack was not asked about the others yet. `rules`: those that send, or wait only for their
    introduction. `shadow_channel`: where shadow mode shows everything, "" while it is off.
    """

    app_refused: str = ""
    missing_scopes: Sequence[str] | None = None
    is_baseline_stored: bool = False
    sessions: int = 0
    reading_error: str = ""
    people: int = 0
    observers: int = 0
    matched: int = 0
    unmatched: int = 0
    rules: int = 0
    is_target_set: bool = False
    ops_channel: str = ""
    shadow_channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupLine:
    """One line of the check-list; `next_step` is what to do while it is not done. `reason`: Slack's or iSpring's own
    words. `is_needed`: without it the set-up is not finished; the other lines are recommended."""

    what: str
    is_done: bool
    next_step: str = ""
    reason: str = ""
    is_needed: bool = True


def setup_lines(facts: SetupFacts, command: str) -> list[SetupLine]:
    """The check-list in the order in which an installation is set up. `command`: the slash command."""
    return [_token(facts), _scopes(facts), _reading(facts), _people(facts, command), *_use(facts, command)]


def is_finished(lines: Sequence[SetupLine]) -> bool:
    """Whether everything that is needed is done."""
    return all(line.is_done for line in lines if line.is_needed)


def _token(facts: SetupFacts) -> SetupLine:
    return SetupLine(
        what="Slack refuses the app" if facts.app_refused else "Slack accepts the bot token",
        reason=facts.app_refused,
        is_done=not facts.app_refused and facts.missing_scopes is not None,
        next_step="Copy SLACK_BOT_TOKEN again from OAuth & Permissions, and run `spotter check`.",
    )


def _scopes(facts: SetupFacts) -> SetupLine:
    missing = facts.missing_scopes
    if missing:
        what = f"Slack: {count(len(missing), 'scope')} missing: {', '.join(missing)}"
    else:
        what = "Slack: the app has all the scopes that it needs"
    return SetupLine(
        what=what,
        is_done=missing is not None and not missing,
        next_step="Put what `spotter manifest` prints in App Manifest at api.slack.com/apps, reinstall the app and "
        "restart Spotter.",
    )


def _reading(facts: SetupFacts) -> SetupLine:
    if facts.reading_error:
        what = "iSpring can't be read"
    elif facts.is_baseline_stored:
        what = f"iSpring is read: {count(facts.sessions, 'session')}"
    else:
        what = "iSpring: the first listing is being read"
    return SetupLine(
        what=what,
        reason=facts.reading_error,
        is_done=facts.is_baseline_stored and not facts.reading_error,
        next_step="Check the ISPRING_ settings with `spotter check`; reading is tried again by itself."
        if facts.reading_error
        else "Wait for the first listing; a large account takes minutes.",
    )


def _people(facts: SetupFacts, command: str) -> SetupLine:
    if not facts.people:
        return SetupLine(
            what="People of iSpring: not read yet",
            is_done=False,
            next_step="They are read by themselves. If not: give the API account the right to read users.",
        )
    if not facts.is_baseline_stored:
        return SetupLine(
            what=f"People matched: {facts.people:,} are read; who observed is known after the first listing",
            is_done=False,
            next_step="Wait for the first listing.",
            is_needed=False,
        )
    what = (
        f"People matched: {facts.matched:,} of {facts.observers:,} observers of the last 90 days have a Slack account"
    )
    unasked = facts.observers - facts.matched - facts.unmatched
    details = [f"{facts.unmatched:,} unmatched"] if facts.unmatched else []
    details += [f"{unasked:,} not asked about yet"] if unasked else []
    return SetupLine(
        what=f"{what} ({', '.join(details)})" if details else what,
        is_done=facts.matched == facts.observers,
        next_step=f"`spotter people --unmatched` asks Slack and says why; `{command} link @account PERSON` links one.",
        is_needed=False,  # somebody without a Slack account may stay so for good
    )


def _use(facts: SetupFacts, command: str) -> list[SetupLine]:
    return [
        SetupLine(
            what=f"Rules: {facts.rules:,}" if facts.rules else "A first rule",
            is_done=facts.rules > 0,
            next_step=f"In a channel: `/invite @Spotter`, then `{command} subscribe`.",
        ),
        SetupLine(
            what="A target is set" if facts.is_target_set else "A target",
            is_done=facts.is_target_set,
            next_step=f"`{command} target 80` says from which result on a session has met what you expect.",
        ),
        SetupLine(
            what="Alerts have a channel" if facts.ops_channel else "A channel for alerts",
            is_done=bool(facts.ops_channel),
            next_step="Set OPS_CHANNEL to a channel's id and restart; until then alerts stand only in "
            f"`{command} status`.",
            is_needed=False,
        ),
        _live(facts, command),
    ]


def _live(facts: SetupFacts, command: str) -> SetupLine:
    if facts.shadow_channel:
        return SetupLine(
            what=f"Shadow mode: everything is shown in <#{facts.shadow_channel}>",
            is_done=False,
            next_step=f"After a week or so go live: `{command} shadow off` asks first.",
            is_needed=False,
        )
    return SetupLine(
        what="Live: messages go to their channels and people" if facts.rules else "A first week in shadow mode",
        is_done=facts.rules > 0,
        next_step=f"`{command} shadow #channel` shows everything in one private channel before people get it.",
        is_needed=False,
    )
