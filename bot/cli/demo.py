"""`demo`: Spotter between two stand-ins, for somebody to watch."""

import asyncio

import click

from bot.demo.director import USUAL_PORT, run_demo


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=USUAL_PORT, show_default=True, help="Of the page.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another company and another history.")
def demo(port: int, seed: int) -> None:
    """Watch Spotter work: stand-ins of iSpring and Slack on this machine, no account needed."""
    asyncio.run(run_demo(port=port, seed=seed))
