"""Response addresses: up to five answers in half an hour, wherever the app may or may not be a member."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.demo.slack.answers import Answer
from bot.demo.slack.desk import AppContext, MethodError
from bot.demo.slack.entities import Json, Message
from bot.demo.slack.limits import MOST_TEXT, check_message, with_ids

MOST_USES = 5
LIFE = timedelta(minutes=30)


@dataclass
class ResponseUrl:
    answer: Answer
    channel: str
    until: datetime
    origin: Message | None
    """The message that `replace_original` replaces: the one acted on, or the last one answered with."""
    uses: int = 0


class ResponseUrls:
    """Gives out the addresses and takes what is sent to them."""

    def __init__(self, ctx: AppContext, base_url: Callable[[], str]) -> None:
        self._ctx = ctx
        self._base_url = base_url
        self._existing: dict[str, ResponseUrl] = {}

    def give(self, kind: str, channel: str, answer: Answer, origin: Message | None = None) -> str:
        """A new address for this answer."""
        secret = uuid.uuid4().hex
        self._existing[secret] = ResponseUrl(answer, channel, self._ctx.now() + LIFE, origin)
        answer.response_url = f"{self._base_url()}/respond/{kind}/{secret}"
        return answer.response_url

    def acknowledged(self, answer: Answer, body: Json) -> None:
        """Shows the message that came with a command's acknowledgement. Raises MethodError if Slack refuses it."""
        url = next(one for one in self._existing.values() if one.answer is answer)
        self._show(url, body)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        url = self._existing.get(request.match_info["secret"])
        if url is None:
            return _refused(404, "invalid_url")
        if self._ctx.now() > url.until:
            return _refused(404, "expired_url")
        if url.uses >= MOST_USES:
            return _refused(404, "used_url")
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            return _refused(400, "invalid_payload")
        if not isinstance(body, dict):
            return _refused(400, "invalid_payload")
        try:
            self._show(url, body)
        except MethodError as refusal:
            return _refused(404 if refusal.code == "message_not_found" else 400, refusal.code)
        url.uses += 1
        url.answer.uses += 1
        url.answer.add(None)
        return web.Response(text="ok")

    def _show(self, url: ResponseUrl, body: Json) -> None:
        workspace, now = self._ctx.workspace, self._ctx.now()
        if body.get("delete_original"):
            if url.origin is None or url.origin not in workspace.timelines[url.channel]:
                raise MethodError("message_not_found")
            workspace.delete(url.origin)
            return
        fresh = self._composed(url, body)
        if body.get("replace_original") and url.origin is not None:
            if url.origin not in workspace.timelines[url.channel]:
                raise MethodError("message_not_found")
            changed = {"text": fresh.text, "blocks": fresh.blocks, "attachments": fresh.attachments}
            url.answer.add(workspace.edit(url.origin, now, **changed))
            return
        fresh.ts = self._ctx.ts()
        workspace.post(fresh)
        if url.origin is None:
            url.origin = fresh
        url.answer.add(fresh)

    def _composed(self, url: ResponseUrl, body: Json) -> Message:
        text = str(body.get("text") or "")
        blocks = body.get("blocks")
        attachments = body.get("attachments")
        if not text.strip() and not blocks and not attachments:
            raise MethodError("no_text")
        if len(text) > MOST_TEXT:
            raise MethodError("msg_too_long")
        if body.get("response_type") not in (None, "ephemeral", "in_channel"):
            raise MethodError("invalid_response_type")
        check_message(blocks, attachments, self._ctx.workspace.refused_blocks)
        app = self._ctx.workspace.app
        return Message(
            channel=url.channel,
            ts="",
            text=text,
            user=app.bot_user_id,
            bot_id=app.bot_id,
            app_id=app.id,
            blocks=with_ids(blocks or [], self._ctx.workspace),
            attachments=attachments or [],
            thread_ts=body.get("thread_ts"),
            ephemeral_to=None if body.get("response_type") == "in_channel" else url.answer.user,
        )


def _refused(status: int, code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
