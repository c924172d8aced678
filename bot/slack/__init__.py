"""Speaks to Slack: its Web API, and what people type and press there."""
