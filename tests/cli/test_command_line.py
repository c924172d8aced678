"""The command line: every mistake ends with a sentence and the right exit code, never with a traceback."""

import asyncio
import json
import signal
import sqlite3
import sys
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from bot.cli import VERBS
from bot.demo.ispring import Request
from bot.slack.manifest import EVENTS, SCOPES
from tests.app.env import RESULTS, Env

# Slack's limits for a manifest of version 2; of lists the number of entries, of texts the characters.
LONGEST = {
    ("display_information", "name"): 35,
    ("display_information", "description"): 140,
    ("features", "bot_user", "display_name"): 80,
    ("features", "slash_commands"): 50,
    ("features", "slash_commands", 0, "command"): 32,
    ("features", "slash_commands", 0, "description"): 2000,
    ("features", "slash_commands", 0, "usage_hint"): 1000,
}
KEYS = {
    (): {"_metadata", "display_information", "features", "oauth_config", "settings"},
    ("_metadata",): {"major_version", "minor_version"},
    ("display_information",): {"name", "description", "long_description", "background_color"},
    ("features",): {"app_home", "bot_user", "slash_commands", "shortcuts", "unfurl_domains"},
    ("features", "app_home"): {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    ("features", "bot_user"): {"display_name", "always_online"},
    ("features", "slash_commands", 0): {"command", "url", "description", "usage_hint", "should_escape"},
    ("oauth_config",): {"redirect_urls", "scopes", "token_management_enabled", "pkce_enabled"},
    ("oauth_config", "scopes"): {"bot", "user", "bot_optional", "user_optional"},
    ("settings",): {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
        "allowed_ip_address_ranges",
        "incoming_webhooks",
    },
    ("settings", "event_subscriptions"): {"request_url", "bot_events", "user_events", "metadata_subscriptions"},
    ("settings", "interactivity"): {"is_enabled", "request_url", "message_menu_options_url"},
}


def _at(tree: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of names and list positions."""
    for step in path:
        tree = tree[step]
    return tree


@pytest.mark.parametrize("address", ["bot.example", "http://bot.example", "https://", "https://bot exa.example"])
async def test_an_address_that_slack_would_not_call_is_refused(env: Env, address: str) -> None:
    said = await env.say("manifest", "--http", address)
    assert said.code == 2
    assert "https://" in said.err and "Traceback" not in said.err


async def test_an_address_that_has_the_path_already_gets_it_once(env: Env) -> None:
    said = await env.say("manifest", "--http", "https://bot.example/slack/events/")
    [command] = json.loads(said.out)["features"]["slash_commands"]
    assert command["url"] == "https://bot.example/slack/events"


@pytest.mark.parametrize("url", [None, "https://bot.example"], ids=["Socket Mode", "HTTP"])
async def test_slack_accepts_the_manifest(env: Env, url: str | None) -> None:
    said = await env.say("manifest", *(("--http", url) if url else ()))
    assert said.code == 0
    manifest = json.loads(said.out)
    for path, allowed in KEYS.items():
        assert _at(manifest, path).keys() <= allowed, path
    for path, most in LONGEST.items():
        assert len(_at(manifest, path)) <= most, path

    scopes = manifest["oauth_config"]["scopes"]
    assert scopes["bot"] == [grant.scope for grant in SCOPES]
    assert set(scopes["bot_optional"]) == {"channels:history", "groups:history", "files:write"}
    assert set(scopes["bot_optional"]) <= set(scopes["bot"])
    settings = manifest["settings"]
    assert settings["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert settings["socket_mode_enabled"] is (url is None)
    [command] = manifest["features"]["slash_commands"]
    assert command["should_escape"] is True
    asked = [command.get("url"), settings["interactivity"].get("request_url")]
    asked.append(settings["event_subscriptions"].get("request_url"))
    assert asked == [f"{url}/slack/events" if url else None] * 3


async def test_a_manifest_needs_no_settings_and_names_the_set_command(env: Env) -> None:
    bare = dict.fromkeys(env.settings, "")
    assert (await env.say("manifest", **bare)).code == 0
    other = await env.say("manifest", **(bare | {"SLACK_COMMAND": "/coaching"}))
    assert json.loads(other.out)["features"]["slash_commands"][0]["command"] == "/coaching"


async def test_every_mistake_in_the_settings_is_named_at_once_and_no_value_is_shown(env: Env) -> None:
    wrong = {
        "ISPRING_API_URL": "api-learn.mistyped-a1",
        "ISPRING_CLIENT_SECRET": "",
        "ISPRING_TIMEZONE": "Mistyped/B2",
        "SLACK_BOT_TOKEN": "mistyped-c3",
        "POLL_INTERVAL": "mistyped-d4",
        "PASS_TARGET": "170.25",
        "ADMINS": "@mistyped-e5",
        "DATABASE_URL": "postgres://user:mistyped-f6@db/spotter",
    }
    for said in await asyncio.gather(*(env.say(verb, **wrong) for verb in ("run", "check", "poll"))):
        assert said.code == 2
        for name in wrong:
            assert name in said.err
        assert "mistyped" not in said.all.lower()
        assert "170.25" not in said.all


@pytest.mark.parametrize("words", [["tell"], ["run", "--fast"], ["rules", "ad"], ["sessions", "--limit", "none"], []])
async def test_an_unknown_word_on_the_command_line_ends_with_2(env: Env, words: list[str]) -> None:
    said = await env.say(*words)
    assert said.code == 2
    assert "Usage" in said.err


@pytest.mark.parametrize(
    "words",
    [
        *(["rules", "remove", number] for number in ("0", "9" * 19, "9" * 30)),
        *([verb, *more, "--limit", "9" * 30] for verb, *more in (["audit"], ["sessions"], ["outbox", "list"])),
        ["erase", "Ann\udcff"],
        ["sessions", "employee:\udcff"],
        ["rules", "add", RESULTS, "employee:\udcff"],
        ["outbox", "why", "\udcff"],
        ["outbox", "drop", "\udcff"],
    ],
)
async def test_a_number_or_text_that_can_not_be_one_is_a_mistake_of_the_command_line(
    env: Env, words: list[str]
) -> None:
    said = await env.say(*words)
    assert said.code == 2, said.all
    assert "Usage" in said.err and "Spotter itself" not in said.err


@pytest.mark.promise("bug")
async def test_an_error_of_spotter_is_one_line_with_its_place_and_without_data(env: Env) -> None:
    assert (await env.say("rules", "add", RESULTS)).code == 0
    with closing(sqlite3.connect(env.folder / "spotter.db")) as file, file:
        file.execute("UPDATE rules SET destination = ?", (f"{env.employee.name}:{RESULTS}",))
    said = await env.say("rules", "list")
    assert said.code == 1
    assert "ValueError at" in said.err and "Traceback" not in said.err
    assert len(said.err.splitlines()) == 1 and env.employee.name not in said.all


async def test_every_verb_has_help(env: Env) -> None:
    whole = await env.say("--help")
    assert whole.code == 0
    for verb in VERBS:
        assert verb in whole.out
    said = await asyncio.gather(*(env.say(verb, "--help") for verb in VERBS))
    assert [one.code for one in said] == [0] * len(VERBS)
    assert all(one.out.startswith("Usage: ") for one in said)


async def test_a_database_that_cant_be_used_is_one_line_with_its_remedy(env: Env) -> None:
    for address in (f"sqlite:///{env.folder}/nowhere/spotter.db", f"sqlite:///{env.folder}"):
        said = await env.say("rules", "list", DATABASE_URL=address)
        assert said.code == 1
        assert len(said.err.strip().splitlines()) == 1
        assert str(env.folder) in said.err


async def test_a_port_that_is_taken_is_one_line(env: Env) -> None:
    bot = await env.run(PORT=str(env.ispring.port))
    assert await bot.cancelled() == 1
    assert f"PORT {env.ispring.port}" in bot.log()


async def test_a_reader_that_closes_the_pipe_gets_no_traceback(env: Env) -> None:
    for _ in range(300):
        env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer)
    assert (await env.say("poll")).code == 0
    command = f"{sys.executable} -m bot sessions --json --limit 100000 | head -n 1"
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=env.folder,
        env=env.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert out == b"[\n"
    assert err == b""


async def test_ctrl_c_ends_every_wait_without_a_traceback(env: Env) -> None:
    env.ispring.quirks.hangs = 1000
    for verb in ("poll", "check"):
        already = len(_questions(env))
        waiting = await env.run(verb)
        await waiting.until(partial(_has_more, env, already), "iSpring is asked")
        await waiting.terminate(signal.SIGINT)
        assert waiting.code == 130
    bot = await env.run()
    await bot.has_logged("leader.acquired")
    await bot.terminate(signal.SIGINT)
    assert bot.code == 0


def _questions(env: Env) -> list[Request]:
    """Requests to iSpring except those for tokens, which it answers even while it hangs."""
    return [one for one in env.ispring.requests if not one.path.endswith("/token")]


def _has_more(env: Env, already: int) -> bool:
    return len(_questions(env)) > already
