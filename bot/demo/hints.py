"""What the page's message box suggests after the slash word: the bot's own registry, and the keys of its language."""

from __future__ import annotations

from bot.demo.slack.entities import Json
from bot.listeners.commands import registry
from bot.listeners.commands.registry import Subcommand
from bot.query.keys import Key


def usual_hints(command: str = "/ojt") -> Json:
    """`command`, and its subcommands as {name, usage, about, examples, keys}; examples without the verb."""
    return {"command": command, "entries": [_hint(entry) for entry in registry()]}


def _hint(entry: Subcommand) -> Json:
    verb, topic = entry.verb, entry.topic
    return {
        "name": verb,
        "usage": topic.usage,
        "about": topic.summary,
        "examples": [words for one in topic.examples if (words := one.removeprefix(verb).strip())],
        "keys": [f"{key}:" for key in Key] if entry.takes_query else [],
    }
