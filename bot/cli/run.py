"""`run` and `poll`: the verbs that read iSpring and send to Slack."""

import asyncio
import os

import click

from bot.app.clock import SystemClock
from bot.app.logs import configure_logs
from bot.app.run import poll as poll_once
from bot.app.run import run as run_service
from bot.cli.terminal import echo
from bot.config import Needs, load
from bot.domain.errors import SpotterError


@click.command()
def run() -> None:
    """Poll, send and answer until stopped."""
    settings = load(os.environ, Needs.ISPRING, Needs.SLACK, Needs.CONVERSATION)
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
    echo(f"Polled: {what}.")
