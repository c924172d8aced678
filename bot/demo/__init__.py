"""The demo: two stand-ins that speak iSpring's and Slack's protocols, a world behind them, and a page to watch."""

from bot.demo.director import Director, run_demo

__all__ = ["Director", "run_demo"]
