"""The kinds of notifications, one entry each: how they wait and are sent, who may see them, what they are called.

A new kind needs its member of `NotificationKind`, its entry here, its renderer in `bot.blocks.notifications`, and the
code that queues it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.directory import Directory
from bot.domain.model import SessionFacts
from bot.domain.notifications import NotificationKind
from bot.domain.permissions import Verdict, may_see, may_share
from bot.domain.viewers import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind of notification; the flags say how it differs from the other kinds."""

    name: str
    """What the command line calls it."""

    may_show: Callable[[Viewer, SessionFacts, Directory], Verdict] = may_see
    """Whether its session may be shown on behalf of a rule's owner, the user who shared it, or its recipient."""

    about_people: bool = False
    """It names people or counts their results: a channel must have been checked recently before it is posted there."""

    goes_alone: bool = True
    """It has priority 0 and is not grouped with others. Others have priority 1 if the result is failing, else 2."""

    waits_with_rule: bool = False
    """It waits while all its rules are paused or not introduced yet."""

    can_be_muted: bool = False
    """A mute of its destination holds it back."""

    waits_for_mutes: bool = False
    """It waits while a mute of everything, or of exactly its rule's query, runs where it goes; no recap counts it."""

    is_shadowed: bool = False
    """Shadow mode shows it in its channel instead. Others are alerts, notices about rules, and what a person asks for.
    """

    ignores_quiet: bool = False
    """A person gets it in their quiet time, too."""

    sent_once: bool = False
    """A restored copy of the database counts it in a summary: it may have been sent. Others are better sent twice."""

    is_summary: bool = False
    """It counts sessions; its readers get the number of those that they may see."""


KINDS: Mapping[NotificationKind, KindSpec] = {
    NotificationKind.SESSION: KindSpec(
        name="a session's result",
        about_people=True,
        goes_alone=False,
        is_shadowed=True,
        waits_with_rule=True,
        can_be_muted=True,
        sent_once=True,
    ),
    NotificationKind.COUNTED: KindSpec(
        name="a count of sessions",
        about_people=True,
        is_shadowed=True,
        waits_with_rule=True,
        can_be_muted=True,
        is_summary=True,
    ),
    NotificationKind.OUTAGE: KindSpec(
        name="a count after an outage",
        about_people=True,
        is_shadowed=True,
        waits_with_rule=True,
        can_be_muted=True,
        is_summary=True,
    ),
    NotificationKind.RECAP: KindSpec(
        name="what a mute held back",
        about_people=True,
        is_shadowed=True,
        waits_with_rule=True,
        can_be_muted=True,
        is_summary=True,
    ),
    NotificationKind.INTRO: KindSpec(
        name="a rule's introduction",
        about_people=True,  # its query may name people
        is_shadowed=True,
    ),
    NotificationKind.RULE_PAUSED: KindSpec(name="a paused rule"),
    NotificationKind.RULE_OFFERED: KindSpec(name="a rule to take over"),
    NotificationKind.OPS: KindSpec(name="an alert", ignores_quiet=True),
    NotificationKind.SETUP: KindSpec(name="the check-list of the first run"),
    NotificationKind.DIGEST: KindSpec(
        name="a digest",
        about_people=True,
        is_shadowed=True,
        waits_with_rule=True,
        waits_for_mutes=True,
        sent_once=True,
    ),
    NotificationKind.REMINDER: KindSpec(name="a reminder", about_people=True, is_shadowed=True, waits_for_mutes=True),
    NotificationKind.SHARED: KindSpec(
        name="a shared session", may_show=may_share, about_people=True, waits_with_rule=True, sent_once=True
    ),
}
