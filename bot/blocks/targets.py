"""Targets and critical criteria: the list, the question before a change is saved, and what was saved."""

from collections.abc import Mapping, Sequence

from bot.blocks import actions
from bot.blocks.elements import Block, button, context, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, safe
from bot.domain.model import CriticalCriterion, OutcomeKind, Targets
from bot.domain.notifications import Message
from bot.domain.outcomes import exact
from bot.domain.target_changes import DAYS_BACK, Turns
from bot.domain.text import count

MOST_LISTED = 40
_WORDS = {
    OutcomeKind.COMPLETED: "completed without a verdict",
    OutcomeKind.MET: "met",
    OutcomeKind.BELOW: "below",
    OutcomeKind.CRITICAL: "critical",
}
_FROM_NOW = "It counts for sessions completed from now on. Results that are there stay as they are."


def targets_list(
    targets: Targets, titles: Mapping[str, str], *, command: str, is_admin: bool, is_set_in_slack: bool
) -> Message:
    """What is in force: the target for all, each checklist's own, the critical criteria; for admins where the target
    for all is from, and how to set them."""
    own = [one for one in {**targets.per_checklist, **targets.critical} if one in titles]
    exceptions = " but these" if targets.per_checklist else ""
    general = format_general(targets, is_set_in_slack if is_admin else None)
    lines = [f"Target for every checklist{exceptions}: {general}"]
    lines += sorted(_own(one, titles[one], targets) for one in own)[:MOST_LISTED]
    if len(own) > MOST_LISTED:
        lines.append(f"and {len(own) - MOST_LISTED} more")
    hint = "Targets are set by admins of Spotter."
    if is_admin:
        hint = (
            f'Set one: `{command} target 80`, or for one checklist `{command} target 85 "Opening"`. Fail a session by '
            f'one criterion: `{command} target critical "Cold room logged"`.'
        )
    return message([section(mrkdwn("\n".join(lines), 2_900)), context(hint)])


def format_general(targets: Targets, is_set_in_slack: bool | None = None) -> str:
    """The target for all: `80 % (set in Slack, which wins over PASS_TARGET)`. `is_set_in_slack`: None not to say where
    it is from."""
    general = exact(targets.default) if targets.default is not None else "none"
    if is_set_in_slack:
        return f"{general} (set in Slack, which wins over PASS_TARGET)"
    if is_set_in_slack is None or targets.default is None:
        return general
    return f"{general} (PASS_TARGET; what is set in Slack wins over it)"


def _own(checklist_id: str, title: str, targets: Targets) -> str:
    percent = targets.per_checklist.get(checklist_id)
    parts = ["as for all" if percent is None else exact(percent)]
    if critical := targets.critical.get(checklist_id):
        parts.append(f"critical: {_titles(critical)}")
    return f"{safe(title, NAME)}: {'; '.join(parts)}"


def _titles(critical: Sequence[CriticalCriterion]) -> str:
    named = list(dict.fromkeys(one.title for one in critical))
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return ", ".join(f"“{safe(title, NAME)}”" for title in named[:5]) + more


# ---- the questions ---------------------------------------------------------------------------------------------------


def ask_target(
    before: Targets,
    after: Targets,
    checklist_id: str | None,
    title: str | None,
    turns: Turns,
    value: str,
    *,
    is_outdated: bool,
) -> Message:
    """Asks whether to save another target: what it was, what it will be, and what it would have turned."""
    now, then = _in_force(before, checklist_id), _in_force(after, checklist_id)
    percent = after.default if checklist_id is None else after.per_checklist.get(checklist_id)
    if percent is not None:
        question = f"Set the target {exact(percent)} for {_for(title)}?"
    else:
        old = before.default if checklist_id is None else before.per_checklist.get(checklist_id)
        question = f"Remove the target{'' if old is None else f' {exact(old)}'} {_of(title)}?"
    return _ask(question, f"It was: {now}. It will be: {then}.", turns, actions.SET_TARGET, value, is_outdated)


def ask_critical(
    title: str,
    checklist: str,
    was: Sequence[CriticalCriterion],
    will_be: Sequence[CriticalCriterion],
    turns: Turns,
    value: str,
    *,
    is_critical: bool,
    is_outdated: bool,
) -> Message:
    """Asks whether a criterion is to be critical, or no longer."""
    named = f"“{safe(title)}” of “{safe(checklist, NAME)}”"
    question = f"Make {named} critical? Zero points on it then fail the session, whatever its result."
    if not is_critical:
        question = f"Is {named} no longer to be critical?"
    before = _titles(was) if was else "none"
    after = _titles(will_be) if will_be else "none"
    change = f"Critical were: {before}. Critical will be: {after}."
    return _ask(question, change, turns, actions.SET_CRITICAL, value, is_outdated)


def _ask(question: str, change: str, turns: Turns, action: str, value: str, is_outdated: bool) -> Message:
    outdated = "The targets have changed since that was shown, so nothing was saved.\n" if is_outdated else ""
    made = [button(action, "Save", value, style="primary"), button(actions.CANCEL, "Cancel")]
    blocks: list[Block] = [
        section(mrkdwn(f"{outdated}*{question}*")),
        section(mrkdwn(f"{change}\n{format_turns(turns)}")),
        buttons(made),
        context(_FROM_NOW),
    ]
    return message(blocks)


def format_turns(turns: Turns) -> str:
    """`Had it been so in the last 30 days, 5 of 42 results would have come out otherwise: 3 from below to met, …`"""
    if not turns.results and not turns.unread:
        return f"No result of the last {DAYS_BACK} days is concerned."
    number = sum(turns.changed.values())
    found = sorted(turns.changed.items(), key=lambda pair: (-pair[1], *map(str, pair[0])))
    parts = [f"{many:,} from {_WORDS[old]} to {_WORDS[new]}" for (old, new), many in found]
    changed = f" would have come out otherwise{': ' if parts else ''}{', '.join(parts)}."
    text = (
        f"Had it been so in the last {DAYS_BACK} days, {number or 'none'} of {count(turns.results, 'result')}{changed}"
    )
    if turns.unread:
        text += f" Of {count(turns.unread, 'further one', 'further ones')} the criteria are not here."
    return text


def _in_force(targets: Targets, checklist_id: str | None) -> str:
    """The target in force in words: `80 %`, `80 %, as for all checklists`, `none`."""
    if checklist_id is None:
        return "none" if targets.default is None else exact(targets.default)
    own = targets.per_checklist.get(checklist_id)
    if own is not None:
        return exact(own)
    return "none" if targets.default is None else f"{exact(targets.default)}, as for all checklists"


def _for(title: str | None) -> str:
    return "every checklist without one of its own" if title is None else f"“{safe(title)}”"


def _of(title: str | None) -> str:
    return "for all checklists" if title is None else f"of “{safe(title)}”"


# ---- what was saved --------------------------------------------------------------------------------------------------


def target_set(targets: Targets, checklist_id: str | None, title: str | None, *, command: str) -> Message:
    """The target that was set or removed."""
    percent = targets.default if checklist_id is None else targets.per_checklist.get(checklist_id)
    hint = f"`{command} target` shows all targets."
    if percent is not None:
        return notice(f"Saved: the target for {_for(title)} is now {exact(percent)}. {_FROM_NOW} {hint}")
    in_force = "" if checklist_id is None else f" In force for it now: {_in_force(targets, checklist_id)}."
    gone = "Checklists without a target of their own now have none."
    if checklist_id is not None:
        gone = f"“{safe(title or '')}” has no target of its own any more.{in_force}"
    return notice(f"Saved: {gone} Sessions completed before keep theirs. {hint}")


def already_so(targets: Targets, checklist_id: str | None, title: str | None, *, command: str) -> Message:
    """Nothing would change."""
    whose = "for all checklists" if title is None else f"of “{safe(title)}”"
    own = targets.default if checklist_id is None else targets.per_checklist.get(checklist_id)
    if own is not None:
        return notice(f"The target {whose} is {exact(own)} already. `{command} target` shows all targets.")
    if checklist_id is None:
        return notice("There is no target for all checklists.")
    return notice(f"“{safe(title or '')}” has no target of its own. In force: {_in_force(targets, checklist_id)}.")


def critical_set(title: str, checklist: str, *, is_critical: bool) -> Message:
    """A criterion was made critical, or is no longer."""
    named = f"“{safe(title)}” of “{safe(checklist, NAME)}”"
    state = "is now critical: zero points on it fail the session" if is_critical else "is no longer critical"
    return notice(f"Saved: {named} {state}. {_FROM_NOW}")


def already_critical(title: str, checklist: str, *, is_critical: bool) -> Message:
    """Nothing would change."""
    state = "critical already" if is_critical else "not critical"
    return notice(f"“{safe(title)}” of “{safe(checklist, NAME)}” is {state}.")
