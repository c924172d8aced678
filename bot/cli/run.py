"""Commands that start Spotter or prepare its start: `run`, `poll`, `demo`, `check`, `health`,
`manifest`."""

import asyncio
import os
import re
import sys

import click
import httpx

from bot.app.clock import SystemClock
from bot.app.logs import configure_logs, logging_to_stderr
from bot.app.run import poll as poll_once
from bot.app.run import run as run_service
from bot.checks import Level
from bot.checks.runner import run_checks
from bot.cli.terminal import echo, json_of
from bot.config import Needs, load
from bot.domain.alerts import is_silent
from bot.domain.errors import SpotterError
from bot.slack.http_endpoint import PATH
from bot.slack.manifest import manifest as slack_manifest
from bot.store.lock import Leadership

DEMO_PORT = 8642
HEALTH_TIMEOUT = 5.0  # seconds: a health check is repeated, and its caller waits about ten
_LEVELS = {Level.FINE: "fine     ", Level.WARNING: "warning  ", Level.WRONG: "wrong    "}


@click.command()
def run() -> None:
    """Poll, send and answer until stopped."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)
    with logging_to_stderr(settings.log_level, settings.log_format):
        asyncio.run(run_service(settings, SystemClock(settings.clock_offset)))


@click.command()
def poll() -> None:
    """Poll once and send what is due; wait at most a minute to read back messages without a clear answer."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK)
    with logging_to_stderr(settings.log_level, settings.log_format):
        report = asyncio.run(poll_once(settings, SystemClock(settings.clock_offset)))
    if report.error:
        raise SpotterError(report.error)
    what = "nothing new" if report.unchanged else f"{report.changed} of {report.listed} sessions new or changed"
    echo(f"Polled: {what}.")


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=DEMO_PORT, show_default=True, help="Port of the page.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes another company.")
def demo(port: int, seed: int) -> None:
    """Watch Spotter work with simulators of iSpring and Slack on this machine; no account needed."""
    from bot.demo.director import run_demo  # the other commands run without the simulators

    asyncio.run(run_demo(port=port, seed=seed))


@click.command()
def check() -> None:
    """Check everything that can be wrong, and say how to mend it."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)
    configure_logs("CRITICAL", settings.log_format)  # each result is printed; a log line would repeat it

    async def print_results() -> int:
        wrong = 0
        async for result in run_checks(settings, os.environ, SystemClock(settings.clock_offset), _show_progress):
            _show_progress("")
            echo(f"{_LEVELS[result.level]} {result.what}")
            if result.remedy:
                echo(f"          {result.remedy}")
            wrong += result.level is Level.WRONG
        return wrong

    wrong = asyncio.run(print_results())
    if wrong:
        raise SpotterError(f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    echo("All is well.")


@click.command()
def health() -> None:
    """Say whether a Spotter runs here: for a container's health check, also where PORT is not set."""
    settings = load(os.environ)
    signed_at = Leadership(settings.database_path).signed_at()
    if signed_at is None or is_silent(signed_at, SystemClock(settings.clock_offset).now()):
        raise SpotterError("No process that polls and sends gives a sign of life.")
    if settings.port:
        # The process itself knows more: whether its jobs go on, and whether its connection to Slack is up.
        url = f"http://127.0.0.1:{settings.port}/healthz"
        try:
            answer = httpx.get(url, timeout=HEALTH_TIMEOUT, trust_env=False)
        except httpx.HTTPError as error:
            raise SpotterError(f"PORT {settings.port} does not answer ({type(error).__name__}).") from None
        if not answer.is_success:
            raise SpotterError(f"A restart is needed: /healthz answers {answer.status_code}.")
    echo("Spotter runs.")


def _show_progress(sentence: str) -> None:
    """Shows the current step in one line that the next call replaces; only on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{sentence}", nl=False, err=True)


def _own_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Returns the address without the path that the manifest adds to it."""
    if value is None:
        return None
    address = value.strip().rstrip("/").removesuffix(PATH)
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?(/[!-~]*)?", address, re.ASCII):
        raise click.BadParameter("must be the bot's own address, which begins with https:// (Slack calls no other).")
    return address


@click.command()
@click.option(
    "--http",
    "http_url",
    metavar="URL",
    callback=_own_address,
    help="For HTTP mode: the bot's own address, https://bot.example.",
)
def manifest(http_url: str | None) -> None:
    """Print the Slack app's manifest (JSON), to be pasted into Slack."""
    echo(json_of(slack_manifest(load(os.environ).slack_command, http_url), indent=2))
