"""Verbs that need iSpring and Slack: run, poll, check, and the demo."""

import asyncio
import os

import click

from bot.config import Needs, load
from bot.core.errors import SpotterError
from bot.demo.director import USUAL_PORT, run_demo
from bot.doctor import Level, examine
from bot.service import SystemClock, configure_logs
from bot.service import poll as poll_once
from bot.service import run as run_service

_ALL = (Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)


@click.command()
def run() -> None:
    """Poll, send and answer until stopped."""
    settings = load(os.environ, *_ALL)
    configure_logs(settings.log_level, settings.log_format)
    asyncio.run(run_service(settings, SystemClock(settings.clock_offset)))


@click.command()
def poll() -> None:
    """Poll once and send what is due, waiting at most a minute for unclear sends to be settled."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK)
    configure_logs(settings.log_level, settings.log_format)
    report = asyncio.run(poll_once(settings, SystemClock(settings.clock_offset)))
    if report.error:
        raise SpotterError(report.error)
    what = "nothing new" if report.unchanged else f"{report.changed} of {report.listed} sessions new or changed"
    click.echo(f"Polled: {what}.")


@click.command()
def check() -> None:
    """Look at everything that can be wrong and say what to do about it."""
    settings = load(os.environ, *_ALL)
    configure_logs("ERROR", settings.log_format)  # each finding is printed; a log line would say it twice

    async def look() -> int:
        wrong = 0
        async for finding in examine(settings, os.environ, SystemClock(settings.clock_offset)):
            click.echo(f"{_SIGNS[finding.level]} {finding.what}")
            if finding.remedy:
                click.echo(f"          {finding.remedy}")
            wrong += finding.level is Level.WRONG
        return wrong

    wrong = asyncio.run(look())
    if wrong:
        raise SpotterError(f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    click.echo("All is well.")


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=USUAL_PORT, show_default=True, help="Of the page.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another company and another history.")
def demo(port: int, seed: int) -> None:
    """Watch Spotter work: stand-ins of iSpring and Slack on this machine, no account needed."""
    asyncio.run(run_demo(port=port, seed=seed))


_SIGNS = {Level.FINE: "fine     ", Level.WARNING: "warning  ", Level.WRONG: "wrong    "}
