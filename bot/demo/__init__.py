"""The demo: two stand-ins that speak iSpring's and Slack's protocols, a world behind them, and a page to watch."""
