"""A stand-in of Slack on loopback: the Web API, Socket Mode, HTTP deliveries, and the people who use them.

Start at `server.SlackStandIn`. What it knows lives in `workspace.Workspace`; what can be made to go
wrong, in `faults.Faults`.
"""

from bot.demo.slack.answers import Answer, NotPossible, ViewAnswer
from bot.demo.slack.entities import App, Channel, Message, Team, User, View
from bot.demo.slack.faults import Fault, Faults
from bot.demo.slack.reading import rendered_text
from bot.demo.slack.server import SlackStandIn
from bot.demo.slack.workspace import ApiCall, Happening, Workspace

__all__ = [
    "Answer",
    "ApiCall",
    "App",
    "Channel",
    "Fault",
    "Faults",
    "Happening",
    "Message",
    "NotPossible",
    "SlackStandIn",
    "Team",
    "User",
    "View",
    "ViewAnswer",
    "Workspace",
    "rendered_text",
]
