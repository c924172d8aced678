"""What the page's message box suggests after `/ojt`, until somebody who knows the bot's commands says better."""

from __future__ import annotations

from bot.demo.slack.entities import Json

QUERY_KEYS = ["checklist:", "outcome:", "observer:", "employee:", "dept:", "score:", "since:"]
QUERY_EXAMPLES = [
    "outcome:failed since:30d",
    "score:<60 since:7d",
    'checklist:"Espresso bar" since:30d',
    'dept:"Store 12" outcome:met',
]
RULE_EXAMPLES = ["outcome:failed", 'checklist:"Food safety line check"', "score:<60"]

COMMANDS: tuple[Json, ...] = (
    {
        "name": "help",
        "usage": "help [topic]",
        "about": "What can be asked, and how",
        "examples": ["results", "subscribe"],
    },
    {
        "name": "results",
        "usage": "results [query]",
        "about": "Sessions that fit, newest first",
        "examples": QUERY_EXAMPLES,
        "keys": QUERY_KEYS,
    },
    {"name": "show", "usage": "show ID", "about": "One session with its criteria and history"},
    {"name": "todo", "usage": "todo", "about": "What you have to conduct or finish"},
    {"name": "status", "usage": "status", "about": "Is it alive, is it late, what waits"},
    {
        "name": "subscribe",
        "usage": "subscribe [query]",
        "about": "Post sessions that fit to this channel",
        "examples": RULE_EXAMPLES,
        "keys": QUERY_KEYS,
    },
    {"name": "rules", "usage": "rules", "about": "What is posted where"},
    {"name": "unsubscribe", "usage": "unsubscribe N", "about": "End a rule", "examples": ["1", "2"]},
    {
        "name": "target",
        "usage": "target 80 [checklist]",
        "about": "The percentage people are to reach",
        "examples": ["80", '85 "Espresso bar"'],
    },
    {"name": "settings", "usage": "settings", "about": "What you are told yourself"},
)


def usual_hints(command: str = "/ojt") -> Json:
    """`command`, and its subcommands as {name, usage, about, examples?, keys?}."""
    return {"command": command, "entries": list(COMMANDS)}
