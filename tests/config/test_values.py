"""Values as people and secret stores write them; addresses of a database that mean something else are refused."""

import os
from pathlib import Path

import pytest

from bot.config import Needs, Settings, load, zone_named
from bot.config.env_file import ROOT, needless_readers
from bot.config.values import cleaned
from bot.domain.errors import ConfigError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        "xoxb-1\n",
        "xoxb-1\r\n",
        " xoxb-1\t",
        "\ufeffxoxb-1",
        "xoxb-1\u200b",
        "\u00a0xoxb-1\u2060",
        '"xoxb-1"',
        "' xoxb-1 '",
        "\u201cxoxb-1\u201d\n",
    ],
)
def test_ends_that_nobody_sees_are_taken_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert cleaned(value) == "xoxb-1"
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "ISPRING_CLIENT_SECRET"):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PORT", "8080\n")
    monkeypatch.setenv("DEFAULT_CHANNEL", " C0123456789\u200b")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///x.db\n")
    monkeypatch.setenv("ADMINS", "\u200b\n")
    settings = load(os.environ)
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert settings.slack_signing_secret.get_secret_value() == "xoxb-1"
    assert settings.ispring_client_secret.get_secret_value() == "xoxb-1"
    assert (settings.port, settings.default_channel, settings.admins) == (8080, "C0123456789", frozenset())
    assert settings.database_path == Path("x.db")


@pytest.mark.parametrize("value", ["xoxb-", "xoxb-1\n2", "xoxb-1 2", "xoxb-1\u200b2", '"xoxb-1'])
def test_a_token_with_something_in_its_middle_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", value)
    with pytest.raises(ConfigError, match=r"^SLACK_BOT_TOKEN must be"):
        load(os.environ)


def test_an_address_for_the_heartbeat_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEAT_URL", "https://hc.example/ping/5f1c/")
    monkeypatch.setenv("ISPRING_API_URL", "https://api.example/")
    settings = load(os.environ)
    assert settings.heartbeat_url == "https://hc.example/ping/5f1c/"
    assert settings.ispring_api_url == "https://api.example"


@pytest.mark.parametrize(
    "name", ["America", "Europe", "", None, "../etc/passwd", "/etc/passwd", "x" * 5000, 7, "zone.tab"]
)
def test_what_is_no_zone_is_none(name: object) -> None:
    assert zone_named(name) is None
    assert zone_named("America/New_York") is not None


@pytest.mark.parametrize("value", ["America", "../etc/passwd", "x" * 5000])
def test_a_zone_setting_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ISPRING_TIMEZONE", value)
    with pytest.raises(ConfigError, match=r"^ISPRING_TIMEZONE must be an IANA time zone"):
        load(os.environ)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite:///:memory:", "memory"),
        ("sqlite:///file::memory:?cache=shared", "memory"),
        ("sqlite:///x.db?mode=rwc", "question mark"),
        ("sqlite:///C:\\bot\\spotter.db", "Windows"),
        ("sqlite:///C:/bot/spotter.db", "Windows"),
        ("sqlite:///bot\\spotter.db", "backslash"),
        ("sqlite:////data/my%20bot.db", "percent-encoded"),
        ("sqlite:///~/spotter.db", "~"),
        ("sqlite:///$HOME/spotter.db", "variable"),
        ("sqlite:///file:spotter.db", "scheme"),
        ("sqlite:///sqlite:///spotter.db", "scheme"),
        ("sqlite:////data/", "folder"),
        ("sqlite:///..", "folder"),
        ("sqlite:///", "names no file"),
        ("sqlite://spotter.db", "not a SQLite address"),
        ("sqlite:spotter.db", "not a SQLite address"),
        ("sqlite+aiosqlite:///spotter.db", "not a SQLite address"),
        ("spotter.db", "not a SQLite address"),
        ("mysql://u:s3cret@h/d", "not a SQLite address"),
        ("sqlite:///" + "x" * 300, "too long"),
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "SPOTTER_DATABASE_URL"])
def test_an_odd_address_of_a_database_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str, reason: str
) -> None:
    monkeypatch.setenv(name, address)
    with pytest.raises(ConfigError) as caught:
        load(os.environ)
    [problem] = caught.value.problems
    assert problem.startswith(f"{name} ") and reason in problem
    assert "s3cret" not in problem and "xxx" not in problem


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///spotter.db", "spotter.db"),
        ("sqlite:////data/spotter.db", "/data/spotter.db"),
        ("sqlite:///./my bot/100%.db", "my bot/100%.db"),
        ("sqlite:///Größe#1.db", "Größe#1.db"),
    ],
)
def test_an_address_is_the_path_as_it_is(monkeypatch: pytest.MonkeyPatch, address: str, path: str) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    assert load(os.environ).database_path == Path(path)


# ---- names in .env ---------------------------------------------------------------------------------------------------


def test_a_mistyped_name_in_env_is_named_with_the_nearest(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SLACK_COMAND=/coaching\nexport slack_bot_tokn=xoxb-1\nHTTPS_PROXY=http://p\nCOMPOSE_FILE=x\n")
    said = "\n".join(load(os.environ).warnings({}))
    assert "SLACK_COMAND in .env is no setting. Did you mean SLACK_COMMAND?" in said
    assert "slack_bot_tokn in .env is no setting. Did you mean SLACK_BOT_TOKEN?" in said
    assert "HTTPS_PROXY in .env has no effect" in said
    assert "COMPOSE_FILE in .env is no setting. Remove it" in said
    assert "coaching" not in said and "xoxb" not in said


def test_a_mistyped_name_stands_beside_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLACK_COMAND", "/another-programs")
    (tmp_path / ".env").write_text("SLACK_BOT_TOKN=xoxb-1\nPOLL_INTERVAL=x\nCOMPOSE_FILE=x\n")
    with pytest.raises(ConfigError) as caught:
        load(os.environ)
    assert [one.split()[0] for one in caught.value.problems] == ["POLL_INTERVAL", "SLACK_BOT_TOKN"]
    assert caught.value.hint == ""


def test_without_env_the_hint_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POLL_INTERVAL", "x")
    with pytest.raises(ConfigError) as caught:
        load(os.environ)
    assert caught.value.hint.startswith(f"There is no .env in {tmp_path}")


@pytest.mark.parametrize("secret", ["hush", "x" * 32, "0123456789abcdef" * 3])
def test_a_signing_secret_of_another_shape_is_a_warning(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", secret)
    assert any(one.startswith("SLACK_SIGNING_SECRET") for one in load(os.environ).warnings({}))
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef" * 2)
    assert not any(one.startswith("SLACK_SIGNING_SECRET") for one in load(os.environ).warnings({}))


@pytest.mark.parametrize("blank", ["", "   ", "\n", "\u200b", '""', "' '"])
def test_a_blank_variable_does_not_hide_the_same_name_in_the_file(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    Path(".env").write_text(
        "SLACK_BOT_TOKEN=xoxb-1\nPOLL_INTERVAL=300\nADMINS=U0ADMIN\nDATABASE_URL=sqlite:///kept.db\nKEEP_DAYS=90\n"
    )
    for name in ("SLACK_BOT_TOKEN", "POLL_INTERVAL", "ADMINS", "DATABASE_URL", "KEEP_DAYS", "SPOTTER_DATABASE_URL"):
        monkeypatch.setenv(name, blank)
    settings = load(os.environ, Needs.SLACK)
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert (settings.poll_interval, settings.keep_days) == (300, 90)
    assert settings.admins == {"U0ADMIN"}
    assert settings.database_path == Path("kept.db")
    monkeypatch.setenv("poll_interval", "60")
    monkeypatch.delenv("POLL_INTERVAL")
    assert load(os.environ).poll_interval == 60


def test_an_env_file_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SLACK_COMMAND=/coaching\n")
    for mode, readers in ((0o644, "o"), (0o604, "o"), (0o600, "")):
        env_file.chmod(mode)
        said = [one for one in load(os.environ).warnings({}) if "can be read by every user" in one]
        assert len(said) == bool(readers), oct(mode)


@pytest.mark.parametrize(
    ("mode", "readers"), [(0o640, "g"), (0o660, "g"), (0o644, "go"), (0o604, "o"), (0o600, ""), (0o620, "")]
)
def test_the_group_needs_no_right_if_spotter_owns_the_file(tmp_path: Path, mode: int, readers: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SLACK_COMMAND=/coaching\n")
    env_file.chmod(mode)
    if os.geteuid() == ROOT:
        os.chown(env_file, 1234, -1)
    owner = env_file.stat().st_uid
    assert needless_readers(env_file, owner) == readers
    for other in (owner + 1, ROOT):  # a service that reads root's file through its group; and root
        assert needless_readers(env_file, other) == readers.replace("g", "")
