"""`check` finds each thing that can be wrong, gives its remedy, and exits with 1; with 0 when all is well."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.demo.ispring import ALWAYS
from tests.app.env import ADMIN, BAKERY, BOT, ELSEWHERE, OPS, RESULTS, SHOP, Env


async def _prepare(env: Env) -> None:
    """Makes one poll, with a date that proves the order; the channel has its rule."""
    env.world.add_session(
        checklist=env.opening,
        employee=env.employee,
        observer=env.observer,
        completed_at=datetime(2026, 3, 28, 12, tzinfo=UTC),
    )
    assert (await env.say("poll")).code == 0


async def test_all_is_well(env: Env) -> None:
    await _prepare(env)
    said = await env.say("check", POLL_INTERVAL="120")
    logged = {line.split()[0] for line in said.out.splitlines() if not line.startswith(" ")}
    assert logged == {"fine", "All"}, said.out
    assert said.out.endswith("All is well.\n")
    assert (said.code, said.err) == (0, "")


@dataclass(frozen=True)
class Case:
    """Faults made at once, and for each expected result a part of its text and of its remedy."""

    spoil: tuple[Callable[[Env], None], ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    wrong: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()


def _no_rights(env: Env) -> None:
    env.ispring.quirks.no_rights = True


def _revoked(env: Env) -> None:
    env.slack.faults.token_revoked = True


def _two_scopes_missing(env: Env) -> None:
    env.slack.workspace.app.scopes -= {"users:read.email", "channels:history"}


def _archived(env: Env) -> None:
    env.slack.workspace.channels[RESULTS].is_archived = True


def _out_of_the_channel(env: Env) -> None:
    env.slack.workspace.channels[RESULTS].members.remove(BOT)


def _shared(env: Env) -> None:
    env.slack.workspace.channels[RESULTS].is_ext_shared = True


def _gone(env: Env) -> None:
    del env.slack.workspace.channels[RESULTS]


def _month_first(env: Env) -> None:
    env.ispring.quirks.date_style = "mdy"


def _a_new_status(env: Env) -> None:
    env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer, status="ABANDONED")


def _a_row_mistyped(env: Env) -> None:
    for _ in range(3):
        env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer)
    env.ispring.quirks.mistyped_rows = 1


def _some_rows_left_out(env: Env) -> None:
    for _ in range(4):
        env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer)
    env.ispring.quirks.most_rows = 2


def _a_round_number_and_no_checklists(env: Env) -> None:
    for _ in range(1_000):
        env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer)
    env.ispring.quirks.most_rows = 1_000
    env.ispring.quirks.only = ("checklist/sessions",)
    env.ispring.quirks.html_answers = ALWAYS


def _parts_refused(env: Env) -> None:
    env.ispring.quirks.only = ("/departments", "/criterion-group/")
    env.ispring.quirks.server_errors, env.ispring.quirks.server_error_status = ALWAYS, 403


def _odd_people(env: Env) -> None:
    env.ispring.serve_bytes("/users/v2", b'{"userProfiles":[{"userId":"a","subordination":5},{"userId":"b"}]}')


CASES = {
    "a wrong key, a scope and the right to read back missing": Case(
        (_two_scopes_missing,),
        {"ISPRING_CLIENT_SECRET": "mistyped", "DYNO": "worker.1"},
        (("refuses", "ISPRING_CLIENT_SECRET"), ("users:read.email is missing", "reinstall")),
        (
            ("channels:history is missing", "reinstall"),
            (f"OPS_CHANNEL {OPS}: the bot may not read it back", "Grant channels:history"),
            (f"channel {RESULTS}: the bot may not read it back", "Grant channels:history"),
            ("DYNO", "volume"),
        ),
    ),
    "a wrong region and a revoked bot token": Case(
        (_revoked,),
        {"ISPRING_API_URL": "{ispring}/elsewhere"},
        (("iSpring", "ISPRING_API_URL"), ("token_revoked", "reinstall")),
    ),
    "no rights in iSpring, a wrong app token, and not a member": Case(
        (_no_rights, _out_of_the_channel),
        {"SLACK_APP_TOKEN": "xapp-mistyped"},
        (
            ("iSpring: refuses", "Account Owner"),
            ("Socket Mode", "connections:write"),
            ("not a member", "/invite"),
        ),
    ),
    "iSpring out of reach and an archived channel": Case(
        (_archived,),
        {"ISPRING_API_URL": "http://127.0.0.1:1", "ISPRING_TIMEZONE": ""},
        (("iSpring: can't be reached", "ISPRING_API_URL"), ("is archived", "Unarchive")),
        (("ISPRING_TIMEZONE is not set", "time zone"),),
    ),
    "month-first dates, a mistyped row, a channel shared with another company": Case(
        (_month_first, _a_row_mistyped, _shared),
        {"POLL_INTERVAL": "5"},
        (("need the order mdy", "ISPRING_DATE_ORDER=mdy"), ("shared with another company", "end the rule")),
        (("can't be understood", "left out"), ("POLL_INTERVAL", "throttle")),
    ),
    "a channel that is gone, an unknown status, and a setting of the demo": Case(
        (_gone, _a_new_status),
        {"CLOCK_OFFSET": "1"},
        (("channel_not_found", "rules remove"),),
        (("does not know ('ABANDONED')", "report it"), ("CLOCK_OFFSET", "Remove it")),
    ),
    "a listing that leaves sessions out": Case(
        (_some_rows_left_out,), warnings=(("name 3 sessions that its list of sessions leaves out", "support"),)
    ),
    "a listing that ends at a round number, and checklists that can't be asked": Case(
        (_a_round_number_and_no_checklists,),
        warnings=(("exactly 1,000 sessions", "report in iSpring"), ("checklists name can't be read", "leaves any out")),
    ),
    "departments and areas that may not be read, and an odd person": Case(
        (_parts_refused, _odd_people),
        warnings=(
            ("departments can't be read", "the right to read departments"),
            ("areas can't be read", "shown without them"),
            ("1 row of its people can't be read as a whole", "What could be read"),
        ),
    ),
    "no channel for alerts and no admin": Case(
        (),
        {"OPS_CHANNEL": "", "ADMINS": ""},
        (),
        (("OPS_CHANNEL is not set", "an alert is posted"), ("ADMINS is not set", "link accounts")),
    ),
    "a channel for alerts that the bot is not in": Case(
        (), {"OPS_CHANNEL": ELSEWHERE}, ((f"OPS_CHANNEL {ELSEWHERE}: the bot is not a member", "set another one"),)
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_fault_is_found_with_its_remedy(env: Env, name: str) -> None:
    case = CASES[name]
    await _prepare(env)
    for spoil in case.spoil:
        spoil(env)
    settings = {setting: value.replace("{ispring}", env.ispring.url) for setting, value in case.settings.items()}
    said = await env.say("check", **({"POLL_INTERVAL": "120"} | settings))
    for level, expected in (("wrong", case.wrong), ("warning", case.warnings)):
        found = _results(said.out, level)
        for what, remedy in expected:
            assert [one for one in found if what in one and remedy in one], f"{what}, {remedy}:\n{said.out}"
        assert len(found) == len(expected), said.out
    things = len(case.wrong)
    assert said.err == (f"{things} thing{'s' if things > 1 else ''} to mend.\n" if things else "")
    assert said.code == bool(things)
    assert "mistyped" not in said.all


async def test_a_missing_folder_is_found_and_the_other_checks_run(env: Env) -> None:
    said = await env.say("check", DATABASE_URL=f"sqlite:///{env.folder}/nowhere/spotter.db")
    assert said.code == 1
    assert [one for one in _results(said.out, "wrong") if "Store" in one and "create it" in one], said.out
    assert "iSpring: answers" in said.out
    assert "Slack: the bot token works" in said.out
    assert not (env.folder / "nowhere").exists()


async def test_a_check_beside_a_running_bot_disturbs_nothing_and_sees_every_rule(env: Env) -> None:
    bot = await env.started()
    for channel in (SHOP, BAKERY, ELSEWHERE):
        assert (await env.say("rules", "add", channel)).code == 0
    said = await env.say("check")
    for channel in (RESULTS, SHOP, BAKERY):
        assert f"channel {channel}: can be posted to and read back" in said.out
    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "status")
    assert answer.failure is None
    assert bot.is_alive


def _results(out: str, level: str) -> list[str]:
    """Each result of that level, with its remedy."""
    found: list[str] = []
    is_wanted = False
    for line in out.splitlines():
        if not line.startswith(" "):
            is_wanted = line.startswith(f"{level} ")
            found += [line] if is_wanted else []
        elif is_wanted:
            found[-1] += " " + line.strip()
    return found
