"""`manifest`: what Slack is asked for, to be pasted there."""

import json
import os

import click

from bot.config import load
from bot.slack.manifest import manifest as slack_manifest


@click.command()
@click.option("--http", "http_url", metavar="URL", help="For HTTP mode: the bot's own address, https://bot.example.")
def manifest(http_url: str | None) -> None:
    """Print the Slack app's manifest (JSON), to be pasted into Slack."""
    click.echo(json.dumps(slack_manifest(load(os.environ).slack_command, http_url), indent=2))
