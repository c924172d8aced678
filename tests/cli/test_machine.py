"""The machine around the program: streams that can't be written, other encodings, the wrong folder, a busy port."""

import asyncio
import codecs
import csv
import io
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bot.store.database import Store
from tests.app.env import Env
from tests.store.given import NOON

READING = [
    ("outbox", "list"),
    ("outbox", "why", "0a1b2c3d"),
    ("outbox", "retry", "one"),
    ("people",),
    ("audit",),
    ("sessions",),
    ("rules", "list"),
    ("rules", "remove", "1"),
    ("backup", "copy.db"),
    ("erase", "somebody", "--yes"),
]


async def _shell(env: Env, command: str, **more: str) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_shell(
        command.replace("spotter", f"{sys.executable} -m bot"),
        cwd=env.folder,
        env=env.environment(more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err


async def test_commands_in_the_wrong_folder_name_the_missing_database_and_create_nothing(env: Env) -> None:
    for words in READING:
        said = await env.say(*words)
        assert said.code == 2, words
        assert f"no database at {env.folder}/spotter.db" in said.err and said.out == "", words
        assert not list(env.folder.glob("*.db*")), words


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
async def test_an_encoding_without_a_sign_gets_a_question_mark_and_json_an_escape(env: Env, encoding: str) -> None:
    person = env.world.add_person("Žofie 山田", email="zofie@bakery.example")
    env.world.add_session(checklist=env.opening, employee=person, observer=env.observer)
    assert (await env.say("poll")).code == 0
    code, out, err = await _shell(env, "spotter sessions --json", PYTHONIOENCODING=encoding)
    assert (code, err) == (0, b"")
    assert json.loads(out.decode(encoding))[0]["employee"] == "Žofie 山田"
    code, out, err = await _shell(env, "spotter sessions", PYTHONIOENCODING=encoding)
    assert (code, err) == (0, b"")
    assert "ofie ??" in out.decode(encoding)
    code, out, err = await _shell(env, "spotter sessions --csv", PYTHONIOENCODING=encoding)
    assert (code, err) == (0, b"")
    assert out.startswith(codecs.BOM_UTF8), "a file for spreadsheets, whatever the terminal"
    assert "Žofie 山田" in out.decode("utf-8")
    assert next(csv.DictReader(io.StringIO((await env.say("sessions", "--csv")).out)))["employee"] == "Žofie 山田"


async def test_output_that_cant_be_written_names_its_disk_and_a_closed_one_is_silent(env: Env) -> None:
    assert (await env.say("poll")).code == 0
    for words, unbuffered in (("sessions --json", "1"), ("sessions", ""), ("check", "1"), ("--help", ""), ("poll", "")):
        code, _, _ = await _shell(env, f"spotter {words} > /dev/full 2>err", PYTHONUNBUFFERED=unbuffered)
        err = (env.folder / "err").read_text()
        assert code == 1 and "/dev/full (No space left on device)" in err.splitlines()[-1], (words, err)
    assert await _shell(env, "spotter sessions >&-") == (0, b"", b"")
    assert await _shell(env, "spotter sessions >&- 2>&- <&-") == (0, b"", b"")
    assert (await _shell(env, "spotter run 2>/dev/full", POLL_INTERVAL="x"))[0] == 2


async def test_a_bot_whose_logs_reader_has_gone_goes_on(env: Env) -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=env.folder,
        env=env.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
    )
    os.close(writing)
    os.close(reading)
    try:
        async with asyncio.timeout(300):
            while not env.slack.sockets.connections or len(env.ispring.requests) < 30:
                assert process.returncode is None
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(300):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_busy_port_of_the_demo_is_named(env: Env) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = await env.say("demo", "--port", str(port))
    assert said.code == 1 and said.out == ""
    assert f"Port {port} can't be listened on" in said.err and len(said.err.splitlines()) == 1


async def test_temporary_files_lie_beside_the_database(tmp_path: Path) -> None:
    Store.open(tmp_path / "spotter.db", now=NOON).close()
    program = f"""
import os, sys
from pathlib import Path
from bot.store.sqlite import reader
connection = reader(Path({str(tmp_path)!r}) / "spotter.db")
connection.execute("PRAGMA cache_size = 10")
rows = connection.execute(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
    "SELECT hex(randomblob(20)) AS x FROM n ORDER BY x"
)
rows.fetchone()
for handle in os.listdir("/proc/self/fd"):
    path = os.path.realpath(f"/proc/self/fd/{{handle}}")
    if "etilqs" in path:
        print(os.path.dirname(path))
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    out, _ = await process.communicate()
    assert set(out.decode().split()) == {str(tmp_path)}
