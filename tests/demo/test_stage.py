"""The page's backend: every control does its deed, and nobody else's page may order one."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest

from bot.config import Settings
from bot.demo.company import IN_PROGRESS
from bot.demo.director import Director
from bot.demo.slack.entities import Json
from bot.demo.troubles import TROUBLES
from bot.domain.errors import SpotterError
from bot.listeners.commands import registry
from tests.clock import until

T = TypeVar("T")
SMALL_BOT = (sys.executable, str(Path(__file__).with_name("small_bot.py")))
QUIET_BOT = "import os, json, time\nprint(json.dumps(dict(os.environ)), flush=True)\ntime.sleep(600)\n"


class Visitor:
    """A page's way to the stage, without the page."""

    def __init__(self, director: Director, session: aiohttp.ClientSession) -> None:
        self.director = director
        self.session = session
        self.url = director.stage.url

    async def do(self, deed: str, **order: Any) -> Json:
        async with self.session.post(f"{self.url}do/{deed}", json=order) as reply:
            assert reply.status == 200, await reply.text()
            answer: Json = await reply.json()
        return answer

    async def sessions(self, verb: str, query: str = "") -> list[Json]:
        async with self.session.get(f"{self.url}sessions", params={"verb": verb, "q": query}) as reply:
            rows: list[Json] = (await reply.json())["sessions"]
        return rows


@asynccontextmanager
async def visiting(director: Director) -> AsyncIterator[Visitor]:
    async with director, aiohttp.ClientSession() as session:
        yield Visitor(director, session)


@pytest.fixture
def quiet(tmp_path: Path) -> Director:
    """A demo whose bot does nothing but print what it was told."""
    script = tmp_path / "quiet.py"
    script.write_text(QUIET_BOT)
    return Director(seed=1, port=0, folder=tmp_path, happenings=False, command=(sys.executable, str(script)))


@pytest.fixture
def talking() -> Director:
    """A demo whose bot answers through Slack's own protocols."""
    return Director(seed=1, port=0, happenings=False, command=SMALL_BOT)


async def test_the_page_is_served_with_everything_it_needs_from_here(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        async with connection.session.get(connection.url) as reply:
            page = await reply.text()
            assert "Spotter demo" in page
            policy = reply.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page
        for file in ("app.js", "theme.css", "spotter.svg"):
            async with connection.session.get(connection.url + file) as reply:
                assert reply.status == 200
        async with connection.session.get(connection.url + "stage.py") as reply:
            assert reply.status == 404


async def test_another_sites_page_can_order_nothing(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        elsewhere = {"Origin": "https://elsewhere.example"}
        async with connection.session.post(f"{connection.url}do/kill", json={}, headers=elsewhere) as reply:
            assert reply.status == 403
        async with connection.session.get(connection.url, headers={"Host": "rebound.example"}) as reply:
            assert reply.status == 403
        async with connection.session.post(f"{connection.url}do/kill", data="{}") as reply:
            assert reply.status == 400
        assert quiet.bot_state()["state"] == "running"


async def test_a_page_that_connects_gets_everything_and_then_the_news(quiet: Director) -> None:
    async with visiting(quiet) as connection, connection.session.ws_connect(f"{connection.url}live") as socket:
        first = json.loads((await socket.receive()).data)
        assert first["all"]
        assert {"people", "channels", "cast", "faults", "hints", "bot", "clock"} <= set(first)
        await connection.do("say", user=quiet.cast.user_id("admin"), channel=quiet.cast.results_channel, text="Hello")
        news: Json = {}
        while not news.get("messages"):
            news = json.loads((await socket.receive()).data)
        assert news["messages"][0]["text"] == "Hello"
        assert news["messages"][0]["raw"]["type"] == "message"


async def test_the_bot_is_given_settings_and_nothing_of_our_environment(
    quiet: Director, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("ISPRING_CLIENT_ID", "of-a-real-account")
    async with visiting(quiet) as connection:
        await until(quiet.bot_log)
        notified = json.loads(quiet.bot_log()[0])
        assert notified["ISPRING_API_URL"] == quiet.ispring.url
        assert notified["SLACK_API_URL"] == quiet.slack.api_url
        assert notified["ISPRING_CLIENT_ID"] != "of-a-real-account"
        assert notified["DEFAULT_CHANNEL"] == quiet.cast.results_channel
        assert notified["CLOCK_OFFSET"] == "0"
        assert not [name for name in notified if "proxy" in name.lower()]
        assert connection.director.bot_state()["pid"] != os.getpid()


async def test_sessions_are_completed_started_corrected_and_reopened(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        planned = (await connection.sessions("start"))[0]
        assert (await connection.do("start", id=planned["id"]))["ok"]
        session = quiet.world.session(*planned["id"].split("/"))
        assert session.status == IN_PROGRESS
        assert not (await connection.do("start", id=planned["id"]))["ok"]
        assert (await connection.do("complete", id=planned["id"], result=55))["ok"]
        assert session.result == pytest.approx(55, abs=3)
        assert planned["id"] == (await connection.sessions("correct"))[0]["id"]
        session.result = 92.5
        assert (await connection.sessions("correct"))[0]["state"] == "93 %", "rounded as its card is"
        assert "→" in (await connection.do("correct", id=planned["id"], result=92))["said"]
        assert session.result == pytest.approx(92, abs=3)
        assert (await connection.do("reopen", id=planned["id"]))["ok"]
        assert session.completed_at is None
        assert "0 and 100" in (await connection.do("complete", id=planned["id"], result=101))["error"]


async def test_sessions_are_found_by_any_words_of_theirs(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        rows = await connection.sessions("correct", "espresso store 14")
        assert rows
        assert all(row["checklist"] == "Espresso bar" and row["place"] == "Store 14" for row in rows)


async def test_a_burst_ends_as_many_sessions_as_were_asked_for(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        before = len(quiet.world.completed_sessions())
        assert (await connection.do("burst", count=40))["ok"]
        assert len(quiet.world.completed_sessions()) == before + 40


async def test_time_passes_for_the_world_both_stand_ins_and_the_bot(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        await until(quiet.bot_log)
        first_pid, before = quiet.bot_state()["pid"], quiet.world.now()
        answer = await connection.do("pass_time", seconds=86400)
        assert answer["said"].startswith("1 day passed")
        assert quiet.world.now() - before >= timedelta(days=1)
        assert quiet.bot_state()["pid"] not in (None, first_pid)
        await until(lambda: len(quiet.bot_log()) == 2)
        assert json.loads(quiet.bot_log()[1])["CLOCK_OFFSET"] == "86400"
        admin = quiet.cast.user_id("admin")
        said = await quiet.slack.say(admin, quiet.cast.results_channel, "The next day")
        assert float(said.ts) >= (before + timedelta(days=1)).timestamp()
        assert not (await connection.do("pass_time", seconds=-1))["ok"]


async def test_a_killed_bot_stays_dead_until_it_is_restarted(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        pid = quiet.bot_state()["pid"]
        assert (await connection.do("kill"))["ok"]
        assert quiet.bot_state() == {"state": "killed", "pid": None, "code": -signal.SIGKILL, "connected": False}
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert "not running" in (await connection.do("kill"))["error"]
        assert (await connection.do("restart"))["ok"]
        assert quiet.bot_state()["state"] == "running"


async def test_a_bot_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "short.py"
    script.write_text("import sys; print('no luck'); sys.exit(2)")
    async with Director(seed=1, port=0, happenings=False, command=(sys.executable, str(script))) as director:
        await until(lambda: director.bot_state()["state"] == "exited")
        assert director.bot_state()["code"] == 2
        assert director.bot_log() == ["no luck"]


async def test_every_fault_of_the_menu_can_be_ordered_and_cleared(quiet: Director) -> None:
    moments = {"slack.abort", "slack.silent", "slack.refresh", "ispring.revoke", "ispring.large"}
    async with visiting(quiet) as connection:
        for alert in TROUBLES:
            assert (await connection.do("fault", key=alert.key, times=2))["ok"], alert.key
            shown = [row["name"] for row in quiet.faults()["ordered"]]
            assert (alert.name in shown) == (alert.key not in moments), alert.key
            assert (await connection.do("clear_faults"))["ok"]
            assert quiet.faults()["ordered"] == []
        assert not (await connection.do("fault", key="nonsense"))["ok"]
        assert quiet.slack.workspace.app.bot_user_id in quiet.workspace.channels[quiet.cast.results_channel].members


async def test_things_happen_by_themselves_and_can_be_held_still(tmp_path: Path) -> None:
    script = tmp_path / "quiet.py"
    script.write_text(QUIET_BOT)
    director = Director(seed=1, port=0, rhythm=(0.01, 0.02), command=(sys.executable, str(script)))
    async with visiting(director) as connection:
        await until(lambda: len(director.world.events) > 3)
        first = director.world.events[0]
        assert first.kind == "completed"
        assert first.result == pytest.approx(52, abs=3)
        await connection.do("happenings", on=False)
        count = len(director.world.events)
        assert director.clock()["happenings"] is False
        await connection.do("happenings", on=True)
        await until(lambda: len(director.world.events) > count)


async def test_people_command_press_choose_and_open_their_home(talking: Director) -> None:
    async with visiting(talking) as connection:
        await talking.slack.connected()
        admin, channel = talking.cast.user_id("admin"), talking.cast.results_channel
        assert (await connection.do("command", user=admin, channel=channel, text="/ojt post"))["ok"]
        card = (await until(lambda: talking.slack.messages(channel)))[0]
        block_id = next(one["block_id"] for one in card.blocks if one["type"] == "actions")
        action = {"type": "button", "action_id": "acknowledge", "block_id": block_id, "value": "1"}
        assert (await connection.do("act", user=admin, channel=channel, ts=card.ts, only_for=None, action=action))["ok"]
        await until(lambda: card.edited)
        option = {"text": {"type": "plain_text", "text": "Choice 1"}, "value": "1"}
        # The block's id is of the message as it was drawn before the app edited it.
        picked = {"type": "static_select", "action_id": "pick", "block_id": "Before", "selected_option": option}
        assert (await connection.do("act", user=admin, channel=channel, ts=card.ts, only_for=None, action=picked))["ok"]
        await until(lambda: [one for one in talking.slack.visible_to(admin, channel) if one.text == "Took pick"])
        assert (await connection.do("open_home", user=admin))["ok"]
        await until(lambda: admin in talking.workspace.homes)


async def test_a_modal_gives_back_its_errors_and_then_closes(talking: Director) -> None:
    async with visiting(talking) as connection:
        await talking.slack.connected()
        admin, channel = talking.cast.user_id("admin"), talking.cast.results_channel
        await connection.do("command", user=admin, channel=channel, text="/ojt target")
        view = await until(lambda: talking.slack.modal_of(admin))

        assert view is not None
        view_id = view.id

        async def submit(percent: str) -> Json:
            values = {"percent": {"percent": {"type": "plain_text_input", "value": percent}}}
            return await connection.do("submit", user=admin, view_id=view_id, values=values)

        assert (await submit("many"))["errors"] == {"percent": "A number from 0 to 100"}
        assert (await submit("80"))["ok"]
        assert talking.slack.modal_of(admin) is None


async def test_what_slack_would_not_let_a_person_do_is_said_in_words(quiet: Director) -> None:
    async with visiting(quiet) as connection:
        guest = quiet.cast.user_id("guest")
        answer = await connection.do("say", user=guest, channel=quiet.cast.operations_channel, text="Hello")
        assert answer["error"].startswith("Slack would not let you")
        assert not (await connection.do("say", user=guest))["ok"]
        admin, third = quiet.cast.user_id("admin"), quiet.workspace.channel_named("store-21-station-square")
        assert third is not None
        assert (await connection.do("command", user=admin, channel=third.id, text="/invite @spotter"))["ok"]
        assert quiet.workspace.app.bot_user_id in third.members


async def test_the_bot_knows_every_setting_it_is_given(quiet: Director) -> None:
    async with quiet:
        assert set(quiet.settings) - {"PYTHONPATH"} <= {name.upper() for name in Settings.model_fields}


async def test_the_hints_name_every_subcommand(quiet: Director) -> None:
    entries = quiet.hints["entries"]
    assert [entry["name"] for entry in entries] == [entry.verb for entry in registry()]
    results = next(entry for entry in entries if entry["name"] == "results")
    assert "outcome:failed since:30d" in results["examples"]
    assert "since:" in results["keys"]


async def test_the_demo_says_where_it_is_and_ends_cleanly_at_ctrl_c(tmp_path: Path) -> None:
    program = "import asyncio; from bot.demo import run_demo; asyncio.run(run_demo(port=0, seed=1))"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert demo.stdout is not None
    async with asyncio.timeout(300):
        address = (await demo.stdout.readline()).decode().split()[-1]
        assert b"Ctrl-C" in await demo.stdout.readline()
        hint = (await demo.stdout.readline()).decode()
        folder = Path(hint.partition("cd ")[2].partition(" ")[0])
        assert folder == next(tmp_path.glob("spotter-demo-*"))
        settings = (folder / ".env").read_text().splitlines()
        assert f"DATABASE_URL=sqlite:///{folder}/spotter.db" in settings, (
            "the command line needs no more than this folder"
        )
        assert (folder / ".env").stat().st_mode & 0o077 == 0
        async with aiohttp.ClientSession() as session, session.get(address) as reply:
            assert reply.status == 200
        assert list(tmp_path.glob("spotter-demo-*"))
        demo.send_signal(signal.SIGINT)
        assert await demo.wait() == 0
    assert await demo.stdout.read() == b""
    assert not list(tmp_path.glob("spotter-demo-*"))


async def test_a_demo_that_is_killed_leaves_no_bot_behind(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    bot = f"import time; held = open({str(alive)!r}, 'w'); print('here', file=held, flush=True); time.sleep(600)"
    program = f"""
import asyncio, sys
from bot.demo import Director
async def main():
    async with Director(seed=1, port=0, command=(sys.executable, "-c", {bot!r})):
        await asyncio.sleep(600)
asyncio.run(main())
"""
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    demo = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment, cwd=tmp_path)
    async with asyncio.timeout(300):
        with await asyncio.to_thread(alive.open) as blocked:
            assert await asyncio.to_thread(blocked.readline) == "here\n"
            demo.kill()
            await demo.wait()
            assert await asyncio.to_thread(blocked.read) == ""  # the end of file: nobody holds it open any more


async def test_a_taken_port_is_an_error_that_names_it(quiet: Director) -> None:
    async with quiet:
        other = Director(seed=1, port=quiet.stage.port, happenings=False, command=SMALL_BOT)
        with pytest.raises(SpotterError, match=f"Port {quiet.stage.port} can't be listened on"):
            async with other:
                pass


async def test_the_demo_leaves_nothing_behind(talking: Director) -> None:
    async with talking:
        pid, folder = talking.bot_state()["pid"], talking.folder
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_cast_holds_everyone_the_story_needs(quiet: Director) -> None:
    cast, users = quiet.cast, quiet.workspace.users
    assert {role.name for role in cast.roles} >= {"admin", "supervisor", "observer", "employee", "guest"}
    assert users[cast.user_id("guest")].is_restricted
    mailbox = users[cast.user_id("mailbox")]
    assert sum(person.email == mailbox.email for person in quiet.world.people.values()) == 2
    assert any(person.id not in cast.user_ids for person in quiet.world.people.values())
    assert all(users[user_id].email == quiet.world.person(person).email for person, user_id in cast.user_ids.items())
    names = {channel.name: channel for channel in quiet.workspace.channels.values()}
    bot = quiet.workspace.app.bot_user_id
    assert bot in names["ojt-results"].members
    assert bot in names["bot-ops"].members
    assert bot not in names["random"].members
    assert names["l-and-d"].is_private
