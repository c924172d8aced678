"""Settings: every mistake at once, by name, never with a value; blanks are unset."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Needs, Settings, load
from bot.domain.errors import ConfigError

ALL = (Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)
WORKING = {
    "ISPRING_API_URL": "https://api-learn.ispring.example/",
    "ISPRING_CLIENT_ID": "an-id",
    "ISPRING_CLIENT_SECRET": "hush",
    "SLACK_BOT_TOKEN": "xoxb-hush",
    "SLACK_APP_TOKEN": "xapp-hush",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load(os.environ, *ALL)


def problems(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    with pytest.raises(ConfigError) as caught:
        given(monkeypatch, **values)
    return str(caught.value)


def test_five_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **WORKING)
    assert settings.ispring_api_url == "https://api-learn.ispring.example"
    assert settings.poll_interval == 120
    assert settings.database_path == Path("spotter.db")
    assert settings.uses_socket


def test_all_mistakes_come_at_once_by_name_and_without_any_value(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "ISPRING_API_URL": "WRONG-a",
        "ISPRING_TIMEZONE": "WRONG-b",
        "ISPRING_DATE_ORDER": "WRONG-c",
        "SLACK_BOT_TOKEN": "WRONG-d",
        "SLACK_APP_TOKEN": "WRONG-e",
        "SLACK_API_URL": "WRONG-f",
        "SLACK_COMMAND": "WRONG g",
        "DATABASE_URL": "postgres://WRONG-h",
        "POLL_INTERVAL": "WRONG-i",
        "PASS_TARGET": "WRONG-j",
        "DEFAULT_CHANNEL": "#WRONG-k",
        "ADMINS": "WRONG-l",
        "NOTIFY_EMPLOYEES": "WRONG-m",
        "OPS_CHANNEL": "WRONG-n",
        "BASELINE": "WRONG-o",
        "PORT": "WRONG-p",
        "HEARTBEAT_URL": "WRONG-q",
        "LOG_LEVEL": "WRONG-r",
        "LOG_FORMAT": "WRONG-s",
        "CLOCK_OFFSET": "WRONG-t",
        "ISPRING_ACCOUNT_URL": "WRONG-u",
    }
    said = problems(monkeypatch, **wrong)
    assert [line.split()[0] for line in said.splitlines()] == sorted(
        [*wrong, "ISPRING_CLIENT_ID", "ISPRING_CLIENT_SECRET"]
    )
    assert "WRONG" not in said.upper().replace("ISPRING", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLL_INTERVAL", "0"),
        ("POLL_INTERVAL", "-3"),
        ("POLL_INTERVAL", "inf"),
        ("CLOCK_OFFSET", "1e18"),
        ("KEEP_DAYS", "99999999999"),
        ("PASS_TARGET", "100.5"),
        ("PORT", "70000"),
        ("BASELINE", "0d"),
    ],
)
def test_a_number_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert problems(monkeypatch, **WORKING, **{name: value}).startswith(f"{name} must be")


@pytest.mark.parametrize("name", ["ISPRING_API_URL", "HEARTBEAT_URL", "ISPRING_ACCOUNT_URL"])
@pytest.mark.parametrize(
    "value",
    [
        "https://hc.example:s3cret/x",
        "https://[::1",
        "https://hc exa.example",
        "https://",
        "https://hc.example/\u00fc",
        "https://hc.example/a b",
    ],
)
def test_an_address_without_a_usable_host_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    said = problems(monkeypatch, **(WORKING | {name: value}))
    assert said == f"{name} must be a web address beginning with https://."


def test_blank_settings_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **WORKING, PORT="", PASS_TARGET="  ", ADMINS="", ISPRING_TIMEZONE=" ")
    assert settings.port is None
    assert settings.pass_target is None
    assert settings.admins == frozenset()
    assert settings.ispring_timezone == "UTC"


def test_an_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in WORKING.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "PASS_TARGET=70", "POLL_INTERVAL=90", "SOMETHING_ELSE=1"]))
    settings = given(monkeypatch, POLL_INTERVAL="300")
    assert (settings.pass_target, settings.poll_interval) == (70, 300)


def test_another_kind_of_database_names_the_override_which_then_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SPOTTER_DATABASE_URL" in problems(monkeypatch, **WORKING, DATABASE_URL="postgres://u:p@h/d")
    settings = given(monkeypatch, SPOTTER_DATABASE_URL="sqlite:////data/spotter.db")
    assert settings.database_path == Path("/data/spotter.db")


def test_http_mode_needs_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    http = {name: value for name, value in WORKING.items() if name != "SLACK_APP_TOKEN"}
    assert problems(monkeypatch, **http).startswith("SLACK_APP_TOKEN is not set")
    assert problems(monkeypatch, SLACK_SIGNING_SECRET="hush").startswith("PORT is not set")
    assert not given(monkeypatch, PORT="8080").uses_socket


def test_surprising_combinations_are_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **WORKING, SLACK_SIGNING_SECRET="hush", POLL_INTERVAL="5")
    warnings = list(settings.warnings({"DYNO": "web.1"}))
    for word in ("ISPRING_TIMEZONE", "Socket Mode", "POLL_INTERVAL", "DYNO"):
        assert any(word in line for line in warnings), word
    assert not any("hush" in line for line in warnings)


def test_a_volume_at_the_databases_folder_causes_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    on_volume = given(monkeypatch, **WORKING, SPOTTER_DATABASE_URL="sqlite:////dev/shm/not-there-yet/spotter.db")
    assert not any("RENDER" in line for line in on_volume.warnings({"RENDER": "true"}))
    beside = given(monkeypatch, **WORKING, SPOTTER_DATABASE_URL="sqlite:////not-there-yet/spotter.db")
    assert any("RENDER" in line for line in beside.warnings({"RENDER": "true"}))


def test_any_positive_interval_is_accepted_and_a_huge_one_is_shortened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = given(monkeypatch, **WORKING, POLL_INTERVAL="1e300")
    assert settings.poll_interval == 30 * 86_400
    assert any("every 30 days" in line for line in settings.warnings({}))


def test_lists_and_periods_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **WORKING, ADMINS="U0AAA, W0BBB,", BASELINE="30D", LOG_LEVEL="debug")
    assert settings.admins == {"U0AAA", "W0BBB"}
    assert settings.summarise_back == timedelta(days=30)
    assert settings.log_level == "DEBUG"


def test_secrets_do_not_show_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hush" not in repr(given(monkeypatch, **WORKING))


def test_a_line_that_sets_nothing_is_told_by_its_number_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\r\n\r\nSLACK_BOT_TOKEN=\r\nxoxb-hidden-1\r\nADMINS U0HIDDEN\r\naGlkZGVu==\r\nPASS_TARGT=80\r\n",
        newline="",
    )
    said = " ".join(given(monkeypatch, **WORKING).warnings({}, file))
    assert f"{file} has no setting in lines 4, 5, 6. Write NAME=value in one line" in said
    assert "PASS_TARGT" in said and "Did you mean PASS_TARGET?" in said
    for hidden in ("hidden", "HIDDEN", "aGlk"):
        assert hidden not in said
    with pytest.raises(ConfigError) as failed:
        load({}, Needs.SLACK, env_file=file)
    assert "lines 4, 5, 6" in str(failed.value.problems) and "hidden" not in str(failed.value.problems)


def test_a_file_that_begins_with_a_mark_sets_its_first_name_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_bytes("\ufeffPASS_TARGET=81\nADMINS=U0ADMIN\n".encode())
    settings = load({}, env_file=file)
    assert settings.pass_target == 81.0 and settings.admins == {"U0ADMIN"}
    assert not [one for one in settings.warnings({}, file) if "no setting" in one]


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_not_taken_for_a_missing_one(tmp_path: Path, kind: str) -> None:
    file = tmp_path / ".env"
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(file)
    with pytest.raises(ConfigError) as failed:
        load({}, env_file=file)
    assert "put a file there" in failed.value.problems[0]
