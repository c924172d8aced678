"""How Slack passes on what somebody typed: names and links become marked-up ids, and three signs are escaped."""

from __future__ import annotations

import re

from bot.demo.slack.entities import Json
from bot.demo.slack.workspace import Workspace

_MENTION = re.compile(r"<[@#!][^<>]*>|(?<![\w/&])([@#])([\w.\-]+)|(https?://[^\s<>|]+)")
_BROADCASTS = {"channel", "here", "everyone"}


def escaped(text: str, workspace: Workspace) -> str:
    """A command's text with `should_escape` on.

    `@ana` becomes `<@U1|ana>`, `#shop` becomes `<#C1|shop>` (a private channel: `<#G1|>`), links stand in brackets.
    """
    return _translated(text, workspace, with_names=True)


def message_text(text: str, workspace: Workspace) -> str:
    """A message's text: as in a command, but a mention carries no name."""
    return _translated(text, workspace, with_names=False)


def rich_text(text: str, block_id: str) -> list[Json]:
    """The block in which Slack's own clients send what somebody typed."""
    section: Json = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}] if text else []


def _translated(text: str, workspace: Workspace, *, with_names: bool) -> str:
    tokens, done = [], 0
    for found in _MENTION.finditer(text):
        tokens.append(_safe(text[done : found.start()]))
        tokens.append(_marked(found, workspace, with_names))
        done = found.end()
    tokens.append(_safe(text[done:]))
    return "".join(tokens)


def _marked(found: re.Match[str], workspace: Workspace, with_names: bool) -> str:
    sign, name, link = found.groups()
    if link:
        return f"<{_safe(link)}>"
    if sign == "@":
        if name in _BROADCASTS:
            return f"<!{name}>"
        wanted = name.lower()
        user = next((one for one in workspace.users.values() if one.name.lower() == wanted and not one.deleted), None)
        if user is not None:
            return f"<@{user.id}|{user.name}>" if with_names else f"<@{user.id}>"
    if sign == "#":
        channel = workspace.channel_named(name)
        if channel is not None:
            return f"<#{channel.id}|{'' if channel.is_private else channel.name}>"
    return found.group(0)


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
