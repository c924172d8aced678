"""Buttons and forms with values that no message of ours has: never an error, a write, or what others may see."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from bot.blocks import actions
from bot.listeners.actions import LISTENERS
from tests.listeners.office import (
    EMMA,
    FOREIGN,
    GUEST,
    NORTH,
    OUTSIDE,
    PUBLIC,
    SAM,
    TEAM,
    UNLINKED,
    Office,
    Replies,
    everything_in,
    nothing_breaks,
)
from tests.listeners.test_access import HIDDEN_FROM, with_foreign_rules

pytestmark = pytest.mark.virtual_time

FOREIGN_KEY = [FOREIGN.session_id, FOREIGN.employee_id]
# Not "me", "" or a number of the presser's own: each names what is not theirs, or nothing at all.
TEXTS = [
    "\x00", "\u202e\u2066", "\ud83d", "x" * 3_000, "[" * 3_000, "٣", "²", "-1", "1e9", "99999999999999999999", "null",
    "true", "{}", "[]", '["page"]', '["page",0]', '["page",-1,""]', '["page",1e99,""]', "|",
    "||||", "1|", "../../etc/passwd", "' OR 1=1 --", "<!channel> <@U0EMMA> <https://evil.example|x>", "50ee:zoltan",
    f"{FOREIGN.session_id}:{FOREIGN.employee_id}", "details 50ee:zoltan", "1", "2", "3", "4", "9", "zoltan", "U0ADMIN",
]  # fmt: skip
QUERIES = ["employee:<id:zoltan>", "employee:zoltn", 'checklist:"Vault audit"', "x" * 3_000, "\x00", "(((("]
VALUES: list[list[Any]] = [
    *(["subscribe", channel, query, edits, names]
      for channel in (OUTSIDE, PUBLIC, "C0NONE", "../x", "\x00") for query in QUERIES
      for edits, names in ((True, "full"), ("yes", "full"), (True, "everybody"))),
    *(["digest", channel, schedule, zone, query]
      for channel in (OUTSIDE, "C0NONE") for query in ("", *QUERIES[:2])
      for schedule, zone in (("daily 09:00", "UTC"), ("daily 09:00", "America"), ("every second", ""))),
    *(["digest", NORTH, schedule, zone, ""]
      for schedule, zone in (("daily 09:00", "America"), ("daily 09:00", "../../etc/passwd"), ("daily 09:00", "\x00"),
                             ("daily 99:00", ""), ("daily 09:00 UTC", ""), ("daily 09:00 <!here>", ""), ("\x00", ""))),
    # Without a letter there is no condition: a digest that the presser could type.
    *(["digest", NORTH, "daily 09:00", "UTC", query] for query in QUERIES if any(map(str.isalnum, query))),
    *(["edit", number, query, basis] for number in (1, 2, 3, 4, 9, -1, 10**12) for query in QUERIES[:3]
      for basis in ("", query, "0" * 8)),
    *(["take_over", number, basis] for number in (1, 2, 3, 4, 9) for basis in ("", 'employee:"Zoltan Kovacs"', "....")),
    *(["page", offset, query] for offset in (0, 5, 10**8) for query in QUERIES),
    *(["set_target", checklist, percent, "x"] for checklist in ("", "vault audit", "\x00")
      for percent in (None, 0, 1e9)),
    ["set_critical", "vault audit", "digest", True, "x"],
    *(["confirm_link", user, person, 0] for user in (SAM, UNLINKED, GUEST, "U0NONE", "\x00")
      for person in ("zoltan", "nobody", "\x00")),
    ["share", FOREIGN_KEY, ""], *(["share", None, query] for query in QUERIES),
    *(["confirm_share", channel, at, readers, ["share", FOREIGN_KEY, ""]] for channel in (PUBLIC, OUTSIDE, "D0SAM")
      for at, readers in ((0, None), (5, 9), (10**13, 0))),
]  # fmt: skip
TAGS = {
    actions.CONFIRM_SUBSCRIBE: "subscribe", actions.SAVE_DIGEST: "digest", actions.CONFIRM_EDIT: "edit",
    actions.CONFIRM_TAKE_OVER: "take_over", actions.ACCEPT_RULE: "take_over", actions.PAGE: "page",
    actions.SET_TARGET: "set_target", actions.SET_CRITICAL: "set_critical", actions.CONFIRM_LINK: "confirm_link",
    actions.SHARE: "share", actions.CONFIRM_SHARE: "confirm_share",
}  # fmt: skip
ASKING = {
    actions.ACCEPT_RULE,
    actions.UNSUBSCRIBE,
    actions.PAUSE,
    actions.RUN,
}  # both the question and its answer are tried
# What a value is not needed for: each is the presser's own choice, which changes what they get.
OWN_CHOICES = {actions.DM_BELOW, actions.DM_STOP, actions.DM_ALL, actions.DM_DAILY}
# A person's own views, which come with any press.
NOT_COMPARED = {"home_views", "slack_users", "channels", "sqlite_sequence"}


def stored(office: Office) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(office.store.path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {
            name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in tables if name not in NOT_COMPARED
        }


def unseen(viewer: str, typed: str) -> list[str]:
    """What a viewer may not read, without what they typed themselves: an answer may repeat that."""
    return [hidden.lower() for hidden in HIDDEN_FROM[viewer] if hidden.lower() not in typed.lower()]


def forged_for(action: str) -> list[str]:
    tag = TAGS.get(action)
    fitting = [value for value in VALUES if value[0] == tag]
    others = [next(value for value in VALUES if value[0] == other) for other in sorted(set(TAGS.values()) - {tag})]
    return [*TEXTS, *(json.dumps(value) for value in (*fitting, *others))]


@pytest.mark.parametrize("action", sorted(set(LISTENERS) - OWN_CHOICES))
@pytest.mark.parametrize("viewer", [EMMA, GUEST])
async def test_a_forged_value_does_nothing_and_shows_nothing(office: Office, action: str, viewer: str) -> None:
    await with_foreign_rules(office)
    for user in (viewer, EMMA):  # whom a value mentions: Slack is asked who they are, and their address links them
        await office.ask(user, "")
    before = stored(office)
    with nothing_breaks():
        for value in forged_for(action):
            for name in (actions.asked(action), action) if action in ASKING else (action,):
                answer = await office.press(viewer, name, value, is_ephemeral=True)
                said = everything_in(answer).lower() if answer else ""
                assert not [one for one in unseen(viewer, value) if one in said], (value, said)
    assert stored(office) == before


@pytest.mark.parametrize("viewer", [EMMA, UNLINKED, GUEST])
@pytest.mark.parametrize("form", [actions.SETTINGS_FORM, actions.RULE_FORM, actions.DETAILS_FORM, "no_form"])
async def test_a_forged_form_does_nothing_and_shows_nothing(office: Office, form: str, viewer: str) -> None:
    await with_foreign_rules(office)
    await office.ask(viewer, "")
    before = stored(office)
    names = [value for name, value in vars(actions).items() if name.startswith("INPUT_")]
    with nothing_breaks():
        for text in TEXTS:
            state = {name: {name: {"type": "plain_text_input", "value": text}} for name in names}
            for metadata in ("1", "1:", "1:....", text, "9:x", ""):
                view = {"id": "V1", "type": "modal", "callback_id": form, "private_metadata": metadata,
                        "state": {"values": state}}  # fmt: skip
                body = {
                    "type": "view_submission",
                    "user": {"id": viewer, "team_id": TEAM},
                    "team": {"id": TEAM},
                    "view": view,
                }
                if form in (actions.DETAILS_FORM, "no_form"):
                    continue
                response = await office.dispatch(body, Replies())
                assert not [one for one in unseen(viewer, text) if one in (response.body or "").lower()]
    assert stored(office) == before
