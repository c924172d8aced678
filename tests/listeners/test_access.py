"""Nobody reads a foreign name, id or count in the bytes of any answer, whatever they ask and press."""

import pytest

from bot.blocks import actions
from bot.domain.changes import decide
from bot.domain.model import SessionKey, Targets
from bot.domain.permissions import AccessScope
from bot.listeners.actions import LISTENERS
from bot.listeners.commands import registry
from bot.query.parser import Names, Query
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    EMMA,
    FOREIGN,
    GUEST,
    HIGH,
    LOW,
    NORTH,
    OBSERVED,
    OLGA,
    OUTSIDE,
    PLANNED,
    PUBLIC,
    SAM,
    UNLINKED,
    Office,
    everything_in,
    facts,
)

pytestmark = pytest.mark.virtual_time

SOUTH = ("Zoltan", "Kovacs", "Vault", "50ee0000")
ULF = ("Ulf", "60ff0000")
YVES = ("Yves", "Colleague", "40dd0000")
NORTHERNERS = ("Emma Employee", "Olga Observer", "10aa0000", "20bb0000", "30cc0000", "Till check", "Kiosk 7")
HIDDEN_FROM = {
    UNLINKED: (*SOUTH, *ULF, *YVES, *NORTHERNERS, "Xenia"),
    GUEST: (*SOUTH, *ULF, *YVES, *NORTHERNERS, "Xenia"),
    EMMA: (*SOUTH, *ULF, *YVES, "Xenia", "Southern"),
    OLGA: (*SOUTH, *YVES, "Xenia"),
    SAM: (*SOUTH, *ULF),
    DANA: (*SOUTH, *ULF),
    ADMIN: (),
}

# Each subcommand with what somebody curious would type; nothing here holds a hidden name itself.
ASKED = {
    "": [""],
    "help": ["help", "help results", "help manager", "help nonsense"],
    "results": [
        "results",
        "results employee:zoltn",
        "results observer:xenja",
        "results checklist:valt",
        "results dept:sothern",
        "results employee:yvs",
        "results employee:o",
        "results outcome:failed since:90d",
        "results employee:<@U0EMMA>",
        "results employee:<id:zoltan>",
    ],
    "show": ["show 5", "show 50ee", "show 4", "show 10aa", "show"],
    "why": ["why", "why 5", "why 50ee", "why 10aa"],
    "follow-up": ["follow-up", "follow-up 5", "follow-up 50ee due:friday", 'follow-up 10aa "valt"'],
    "follow-ups": ["follow-ups", "follow-ups zoltn"],
    "todo": ["todo"],
    "status": ["status"],
    "trend": [
        "trend",
        "trend by:month since:365d",
        "trend by:checklist",
        "trend by:dept since:90d",
        "trend by:observer",
        "trend by:employee limit:40",
        "trend employee:zoltn",
        "trend by:criterion since:365d",
        "trend checklist:valt by:employee",
    ],
    "history": ["history", "history me", "history zoltn", "history employee:<id:zoltan>", "history emma"],
    "overdue": ["overdue", "overdue employee:zoltn", "overdue dept:sothern"],
    "attention": ["attention", "attention employee:zoltn", "attention since:365d dept:sothern"],
    "setup": ["setup"],
    "upcoming": ["upcoming", "upcoming 30d", "upcoming 7d dept:sothern"],
    "silent": ["silent", "silent 1d", "silent 365d", "silent 30d dept:sothern"],
    "export": ["export", "export employee:zoltn", "export outcome:failed criteria:yes", "export checklist:valt"],
    "subscribe": [
        "subscribe",
        "subscribe employee:zoltn",
        "subscribe checklist:valt",
        "subscribe -observer:<id:xenia>",
    ],
    "preview": ["preview", "preview employee:zoltn", "preview checklist:valt", "preview outcome:failed"],
    "mute": ["mute", "mute 4h for:me employee:zoltn", "mute 4h for:me checklist:valt", "mute 4h for:me outcome:failed"],
    "unmute": ["unmute", "unmute 1", "unmute 7"],
    "edit": ["edit", "edit 1", "edit 1 employee:zoltn", "edit 2 checklist:valt"],
    "handover": ["handover", "handover 1 <@U0GUEST>", "handover 9 <@U0OLGA>"],
    "rules": ["rules", "rules all"],
    "unsubscribe": ["unsubscribe", "unsubscribe 1", "unsubscribe 2"],
    "target": ["target", "target 70 valt", "target 70"],
    "settings": [
        "settings",
        "settings observer daily 09:00 below 70",
        "settings supervisor instantly below target",
        "settings supervisor weekly mon 09:00",
        "settings employee never",
        "settings zoltn never",
        "settings own off",
        "settings quiet",
        "settings reminders",
    ],
    "digest": [
        "digest",
        "digest now",
        "digest now employee:zoltn",
        "digest now checklist:valt",
        "digest weekly mon 09:00",
        "digest daily 9 dept:sothern",
        "digest weekly mon 9 for:me outcome:failed",
    ],
    "quiet": ["quiet", "quiet 20:00-07:00", "quiet off"],
    "reminders": ["reminders", "reminders off", "reminders planned on"],
    "holidays": ["holidays", "holidays add 2026-12-25"],
    "link": ["link", "link list", "link <@U0GUEST> zoltn", "link <@U0NOBODY> xen"],
    "unlink": ["unlink", "unlink <@U0DANA>"],
    "audit": ["audit", "audit 50", "audit zoltn"],
    "pause": ["pause", "pause 1", "pause 1 4h", "pause all"],
    "resume": ["resume", "resume 1", "resume all"],
    "shadow": [
        "shadow",
        "shadow here",
        f"shadow <#{NORTH}|>",
        f"shadow <#{PUBLIC}|public>",
        "shadow off",
        "shadow zoltn",
    ],
}
VALUES = {
    actions.DETAILS: [actions.session_value(FOREIGN)],
    actions.ACKNOWLEDGE: [actions.session_value(FOREIGN)],
    actions.ACKNOWLEDGE_ALL: [actions.encode(actions.Sessions((FOREIGN,))), "nonsense"],
    actions.FOLLOW_UP: [actions.session_value(FOREIGN), "nonsense"],
    actions.CLOSE_FOLLOW_UP: ["1", "nonsense"],
    actions.OPEN: [""],
    actions.MORE: [f"{actions.DETAILS} {actions.session_value(FOREIGN)}", f"{actions.OPEN} ", "why 50ee", "nonsense"],
    actions.RUN: ["results employee:zoltn", "show 50ee"],
    actions.PAGE: [actions.encode(actions.Page(0, "employee:zoltn")), "0|employee:zoltn", "0|", "5|"],
    actions.CONFIRM_SUBSCRIBE: [
        actions.encode(actions.Subscribe(NORTH, "employee:zoltn")),
        f"{NORTH}|employee:zoltn",
        f"{OUTSIDE}|",
        "nonsense",
    ],
    actions.SET_TARGET: [
        actions.encode(actions.SetTarget("vault audit", 70.0, "x")),
        actions.encode(actions.SetTarget("", None, "x")),
        "nonsense",
    ],
    actions.SET_CRITICAL: [actions.encode(actions.SetCritical("vault audit", "digest", True, "x")), "nonsense"],
    actions.CANCEL: [NORTH],
    actions.BEGIN_SHADOW: [
        actions.encode(actions.Shadow(NORTH, 9)),
        actions.encode(actions.Shadow(NORTH, 0)),
        actions.encode(actions.Shadow(PUBLIC, 9)),
        "nonsense",
    ],
    actions.GO_LIVE: ["5", "nonsense"],
    actions.NOT_ME: ["zoltan", "nonsense"],
    actions.SHARE: [
        actions.encode(actions.Share(session=FOREIGN)),
        actions.encode(actions.Share(query="employee:zoltn")),
        "q|",
        "nonsense",
    ],
    actions.CONFIRM_SHARE: [
        actions.encode(actions.ConfirmShare(NORTH, 5, 9, actions.Share(session=FOREIGN))),
        f"{NORTH}|5|9|s|{actions.session_value(FOREIGN)}",
        f"{NORTH}|5|9|q|",
        f"{PUBLIC}|5|all|q|",
        "nonsense",
    ],
    actions.UNSUBSCRIBE: ["1", "2"],
    actions.PAUSE: ["1 4h", "2 4h", "all"],
    actions.SAVE_DIGEST: [
        actions.encode(actions.SaveDigest(NORTH, "daily 09:00", "UTC", "employee:zoltn")),
        actions.encode(actions.SaveDigest("", "daily 09:00", "", "")),
        "nonsense",
    ],
    actions.SNOOZE: ["1h", "nonsense"],
    actions.NUDGE: ["xenia", "zoltan", "nonsense"],
    actions.EDIT_RULE: ["1", "2", "nonsense"],
    actions.CONFIRM_EDIT: [
        actions.encode(actions.EditRule(1, "employee:zoltn", 'employee:"Zoltan Kovacs"')),
        "nonsense",
    ],
    actions.ACCEPT_RULE: ["1", "2", "nonsense"],
    actions.AGREE_PUBLIC: ["1", "2", "nonsense"],
    actions.TAKE_OVER: ["1", "2", "nonsense"],
    actions.CONFIRM_TAKE_OVER: [
        actions.encode(actions.TakeOver(1, 'employee:"Zoltan Kovacs"')),
        '1|employee:"Zoltan Kovacs"',
        "2|",
        "nonsense",
    ],
    actions.CONFIRM_LINK: [
        actions.encode(actions.ConfirmLink("U0NOBODY", "xenia", 0)),
        actions.encode(actions.ConfirmLink("U0GUEST", "zoltan", 0)),
        "nonsense",
    ],
    actions.LINK_PERSON: ["U0NOBODY", "nonsense"],
    actions.DM_BELOW: [""],
    actions.DM_STOP: [""],
    actions.DM_ALL: [""],
    actions.DM_DAILY: [""],
    actions.DM_FEWER: ["observer,employee", "supervisor", "reminders", "nonsense"],
    actions.SET_CHOICE: [
        actions.encode(actions.SetChoice({"supervisor": "instantly"})),
        actions.encode(actions.SetChoice({"observer": "", "employee": "zoltn"})),
        "nonsense",
    ],
    actions.SET_OBSERVER: ["below", "nonsense"],
    actions.SET_EMPLOYEE: ["none"],
    actions.HOME_REFRESH: [""],
    actions.HOME_SETTINGS: [""],
}


def asserted_clean(said: str, typed: str, viewer: str) -> None:
    for hidden in HIDDEN_FROM[viewer]:
        assert hidden.lower() not in said.lower().replace(typed.lower(), ""), f"{viewer} read {hidden} in {said}"


def test_every_subcommand_has_a_case_here() -> None:
    assert set(ASKED) == {"", *(entry.verb for entry in registry())}


def test_every_button_has_a_case_here() -> None:
    constants = {
        value
        for name, value in vars(actions).items()
        if name.isupper() and isinstance(value, str) and not name.startswith(("INPUT_", "SERVER_", "SNOOZE_"))
    }
    forms = {value for name, value in vars(actions).items() if name.endswith("_FORM")}
    assert set(VALUES) == set(LISTENERS) == constants - forms


async def with_foreign_rules(office: Office) -> None:
    await office.rule(OUTSIDE, 'employee:"Zoltan Kovacs"')
    await office.rule(NORTH, 'employee:"Zoltan Kovacs"')
    await office.rule(PUBLIC, 'checklist:"Vault audit"')
    await office.rule(NORTH, "employee:<id:zoltan> checklist:<id:vault%20audit>")


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_an_answer_holds_nothing_foreign(office: Office, viewer: str) -> None:
    await with_foreign_rules(office)
    for text in (text for texts in ASKED.values() for text in texts):
        asserted_clean(everything_in(await office.ask(viewer, text)), text, viewer)


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_a_button_shows_nothing_foreign(office: Office, viewer: str) -> None:
    await with_foreign_rules(office)
    for action, value in ((action, value) for action, values in VALUES.items() for value in values):
        answer = await office.press(viewer, action, value, trigger_id=await office.trigger(viewer))
        for shown in (answer, *(one.payload for one in office.slack.workspace.modals.get(viewer, []))):
            asserted_clean(everything_in(shown), value, viewer)
    if viewer != ADMIN:
        record = await office.store.read(lambda tx: tx.sessions.record(FOREIGN))
        assert record is not None and record.acknowledgements == ()


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_home_shows_nothing_foreign(office: Office, viewer: str) -> None:
    await with_foreign_rules(office)
    asserted_clean(everything_in(await office.home(viewer)), "", viewer)


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize("viewer", HIDDEN_FROM)
async def test_an_exported_file_holds_nothing_foreign(office: Office, viewer: str) -> None:
    for text in ASKED["export"]:
        await office.ask(viewer, text)
    files = [one.content or b"" for one in office.slack.workspace.uploads.values()]
    assert bool(files) is (viewer not in (UNLINKED, GUEST))
    for content in files:
        asserted_clean(content.decode(), "", viewer)


SEEN = {
    UNLINKED: set(),
    GUEST: set(),
    EMMA: {LOW, HIGH},
    OLGA: {LOW, HIGH, OBSERVED},
    SAM: {LOW, HIGH, COLLEAGUE},
    DANA: {LOW, HIGH, COLLEAGUE},
    ADMIN: {LOW, HIGH, COLLEAGUE, FOREIGN, OBSERVED},
}


@pytest.mark.parametrize("viewer", SEEN)
async def test_everybody_sees_what_is_theirs(office: Office, viewer: str) -> None:
    said = everything_in(await office.ask(viewer, "results outcome:completed"))
    everything = await office.store.read(
        lambda tx: tx.search.find(Query(), AccessScope(everything=True), Names(), office.clock.now(), 50)
    )
    shown: set[SessionKey] = {one.key for one in everything.sessions if one.key.session_id[:8] in said}
    assert shown == SEEN[viewer]
    assert PLANNED not in shown


@pytest.mark.parametrize(
    ("viewer", "reason"),
    [(UNLINKED, "no active person in iSpring has the e-mail"), (GUEST, "guest")],
)
async def test_who_sees_nothing_is_answered_why(office: Office, viewer: str, reason: str) -> None:
    for text in ("results", "show 10aa", "todo", "subscribe", "rules", "target"):
        answer = await office.ask(viewer, text)
        assert reason in answer.text, answer.text


async def test_a_guest_named_in_admins_is_no_admin(office: Office) -> None:
    answer = await office.ask(GUEST, "target 70")
    assert "only admins" in answer.text


async def test_the_length_of_an_id_tells_nothing_of_sessions_one_may_not_see(office: Office) -> None:
    asked = ["results", "show 10aa0000", "why 10aa0000"]
    before = [everything_in(await office.ask(EMMA, text)) for text in asked]
    hidden = SessionKey("10aa0000-0000-4000-8000-000000000001", "zoltan")
    change = decide(None, facts(hidden, "xenia", result=1.0, days_ago=1), now=NOON, targets=Targets())
    assert change is not None
    await office.store.transact(lambda tx: tx.sessions.save(change, b"12345678"))

    assert [everything_in(await office.ask(EMMA, text)) for text in asked] == before
    whole = LOW.session_id.replace("-", "")
    assert whole not in everything_in(await office.home(EMMA))
    assert whole not in everything_in(await office.press_details(EMMA, LOW))
    assert whole in everything_in(await office.press_details(ADMIN, LOW)), "who sees both must tell them apart"
