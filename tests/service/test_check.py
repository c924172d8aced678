"""`check` finds each thing that can be wrong, says what to do about it, and ends with 1; with 0 when all is well."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.service.house import ADMIN, ELSEWHERE, RESULTS, SHOP, House


async def _made_ready(house: House) -> None:
    """A poll has been made, dates prove their order, and the channel has its rule."""
    house.world.add_session(
        checklist=house.opening,
        employee=house.employee,
        observer=house.observer,
        completed_at=datetime(2026, 3, 28, 12, tzinfo=UTC),
    )
    assert (await house.say("poll")).code == 0


async def test_all_is_well(house: House) -> None:
    await _made_ready(house)
    said = await house.say("check", POLL_INTERVAL="120")
    assert "wrong " not in said.out
    assert "warning " not in said.out, said.out
    assert said.out.endswith("All is well.\n")
    assert said.code == 0
    assert said.err == ""


def _no_rights(house: House) -> None:
    house.ispring.quirks.no_rights = True


def _revoked(house: House) -> None:
    house.slack.faults.token_revoked = True


def _without(scope: str) -> Callable[[House], None]:
    return lambda house: house.slack.workspace.app.scopes.discard(scope)


def _out_of_the_channel(house: House) -> None:
    house.slack.workspace.channels[RESULTS].members.remove("U0SPOTTER")


def _archived(house: House) -> None:
    house.slack.workspace.channels[RESULTS].is_archived = True


def _shared(house: House) -> None:
    house.slack.workspace.channels[RESULTS].is_ext_shared = True


def _gone(house: House) -> None:
    del house.slack.workspace.channels[RESULTS]


def _month_first(house: House) -> None:
    house.ispring.quirks.date_style = "mdy"


def _mistyped(house: House) -> None:
    house.ispring.quirks.mistyped_rows = 1


def _nothing(_: House) -> None:
    """The settings are enough."""


WRONG: dict[str, tuple[Callable[[House], None], dict[str, str], str, str]] = {
    "wrong key": (_nothing, {"ISPRING_CLIENT_SECRET": "mistyped"}, "API key", "ISPRING_CLIENT_SECRET"),
    "wrong region": (_nothing, {"ISPRING_API_URL": "{ispring}/elsewhere"}, "web page", "ISPRING_API_URL"),
    "iSpring away": (_nothing, {"ISPRING_API_URL": "http://127.0.0.1:1"}, "iSpring", "ISPRING_API_URL"),
    "no rights": (_no_rights, {}, "403", "Account Owner"),
    "revoked token": (_revoked, {}, "token_revoked", "reinstall"),
    "wrong app token": (_nothing, {"SLACK_APP_TOKEN": "xapp-mistyped"}, "Socket Mode", "connections:write"),
    "missing scope": (_without("users:read.email"), {}, "users:read.email is missing", "reinstall"),
    "not a member": (_out_of_the_channel, {}, "not a member", "/invite"),
    "archived": (_archived, {}, "is archived", "Unarchive"),
    "shared outside": (_shared, {}, "shared with another company", "End the rule"),
    "gone": (_gone, {}, "channel_not_found", "rules remove"),
    "month first": (_month_first, {}, "order mdy", "ISPRING_DATE_ORDER=mdy"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_found_with_its_remedy(house: House, case: str) -> None:
    spoil, settings, what, remedy = WRONG[case]
    await _made_ready(house)
    spoil(house)
    given = {name: value.replace("{ispring}", house.ispring.url) for name, value in settings.items()}
    said = await house.say("check", POLL_INTERVAL="120", **given)
    assert said.code == 1
    wrong = _findings(said.out, "wrong")
    assert any(what in found for found in wrong), said.out
    assert any(remedy in found for found in wrong), said.out
    assert "mistyped" not in said.all
    assert said.err == f"{len(wrong)} thing{'s' if len(wrong) > 1 else ''} to mend.\n"


WARNINGS: dict[str, tuple[Callable[[House], None], dict[str, str], str, str]] = {
    "optional scope": (_without("channels:history"), {}, "may not read it back", "channels:history"),
    "no time zone": (_nothing, {"ISPRING_TIMEZONE": ""}, "ISPRING_TIMEZONE is not set", "time zone"),
    "wiped disk": (_nothing, {"DYNO": "worker.1"}, "DYNO", "volume"),
    "mistyped row": (_mistyped, {}, "can't be understood", "left out"),
    "short interval": (_nothing, {"POLL_INTERVAL": "5"}, "POLL_INTERVAL", "throttle"),
}


@pytest.mark.parametrize("case", WARNINGS)
async def test_what_may_surprise_is_warned_of_and_ends_with_0(house: House, case: str) -> None:
    spoil, settings, what, remedy = WARNINGS[case]
    await _made_ready(house)
    spoil(house)
    said = await house.say("check", **({"POLL_INTERVAL": "120"} | settings))
    warnings = _findings(said.out, "warning")
    assert any(what in found for found in warnings), said.out
    assert any(remedy in found for found in warnings), said.out
    assert said.code == 0


async def test_a_folder_that_cant_be_written_to_is_found(house: House) -> None:
    (house.folder / "a-file").write_text("")
    said = await house.say("check", DATABASE_URL=f"sqlite:///{house.folder}/a-file/spotter.db")
    assert said.code == 1
    assert any("Database" in found and "folder" in found for found in _findings(said.out, "wrong")), said.out
    assert any("iSpring: answers" in line for line in said.out.splitlines()), (
        "the other things are looked at all the same"
    )


async def test_a_check_beside_a_running_bot_disturbs_nobody_and_sees_every_rule(house: House) -> None:
    bot = await house.started()
    for channel in (SHOP, ELSEWHERE):
        assert (await house.say("rules", "add", channel)).code == 0
    said = await house.say("check", POLL_INTERVAL="120")
    assert f"channel {SHOP}: can be posted to and read back" in said.out
    assert bot.is_alive
    answer = await house.slack.command(ADMIN, RESULTS, "/ojt", "status")
    assert answer.failure is None


def _findings(out: str, level: str) -> list[str]:
    """Each finding of that level, with its remedy."""
    found: list[str] = []
    keep = False
    for line in out.splitlines():
        if not line.startswith(" "):
            keep = line.startswith(level)
        if keep and line.startswith(" "):
            found[-1] += " " + line.strip()
        elif keep:
            found.append(line)
    return found
