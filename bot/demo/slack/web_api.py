"""The Web API's door: who asks, may they, is a fault ordered, is the rate kept; then the method itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.demo.slack.desk import AppContext, Args, MethodError
from bot.demo.slack.entities import Json
from bot.demo.slack.faults import Fault
from bot.demo.slack.methods import METHODS, Method
from bot.demo.slack.rates import Rates
from bot.demo.slack.workspace import ApiCall

_READING_BACK = ("conversations.history", "conversations.replies")


class WebApi:
    """Answers `POST` and `GET /api/<method>`."""

    def __init__(
        self, ctx: AppContext, *, bot_token: str, app_token: str, open_connection: Callable[[], str], time_scale: float
    ) -> None:
        self._ctx = ctx
        self._bot_token = bot_token
        self._app_token = app_token
        self._open_connection = open_connection
        self._time_scale = time_scale
        self._rates = Rates(ctx.now)
        self._later: set[asyncio.TimerHandle] = set()
        self._ending = asyncio.Event()
        self._count = 0

    def close(self) -> None:
        """Wakes every call that hangs and forgets what was to be accepted late."""
        self._ending.set()
        for timer in self._later:
            timer.cancel()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        if self._ctx.faults.delay:
            await self._pause(self._ctx.faults.delay)
        destination = args.text("channel") or args.text("users")
        fault = self._ctx.faults.take(method, destination)
        if fault is not None and fault.answer != "refused":
            return await self._meet(fault, request, method, args)
        if method in _READING_BACK and self._ctx.faults.history_delay:
            await self._pause(self._ctx.faults.history_delay)
        if fault is None:
            status, answer, headers = self._answer(request, method, args)
        else:
            status, answer = fault.status, {"ok": False, "error": fault.error, **fault.extra}
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        self._record(method, args, status, answer, fault)
        return self._response(status, json.dumps(answer), "application/json", headers)

    async def _meet(self, fault: Fault, request: web.Request, method: str, args: Args) -> web.StreamResponse:
        answer = None
        if fault.done == "yes":
            _, answer, _ = self._answer(request, method, args)
        elif fault.done == "late":
            self._accept_later(fault.seconds, request, method, args)
        self._record(method, args, fault.status if fault.answer == "spoiled" else None, answer, fault)
        if fault.answer == "spoiled":
            return self._response(fault.status, fault.body, fault.content_type, {})
        if fault.done != "late" and fault.seconds:
            await self._pause(fault.seconds)
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    def _accept_later(self, seconds: float, request: web.Request, method: str, args: Args) -> None:
        loop = asyncio.get_running_loop()

        def accept() -> None:
            self._later.discard(timer)
            self._answer(request, method, args)

        timer = loop.call_later(seconds * self._time_scale, accept)
        self._later.add(timer)

    def _answer(self, request: web.Request, method: str, args: Args) -> tuple[int, Json, dict[str, str]]:
        """Status, body and headers as Slack gives them when nothing goes wrong on the way."""
        app = self._ctx.workspace.app
        headers = {"x-slack-req-id": f"{self._count:032x}"}
        try:
            known = METHODS.get(method)
            if known is None:
                raise MethodError("unknown_method", req_method=method)
            self._check_token(request, args, known)
            if not known.for_app_token:
                headers["x-oauth-scopes"] = ",".join(sorted(app.scopes))
            needed = known.scope(self._ctx, args)
            if needed is not None:
                headers["x-accepted-oauth-scopes"] = needed
                if needed not in app.scopes:
                    raise MethodError("missing_scope", needed=needed, provided=",".join(sorted(app.scopes)))
            wait = self._rates.take(method, known.tier, args) if self._ctx.faults.rate_limits else 0
            if wait:
                headers["Retry-After"] = str(wait)
                return 429, {"ok": False, "error": "ratelimited"}, headers
            if method == "apps.connections.open":
                return 200, {"ok": True, "url": self._open_connection()}, headers
            return 200, {"ok": True, **known.run(self._ctx, args)}, headers
        except MethodError as refusal:
            return 200, {"ok": False, "error": refusal.code, **refusal.extra}, headers

    def _check_token(self, request: web.Request, args: Args, method: Method) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() or args.text("token")
        if method.is_open:
            return
        if not token:
            raise MethodError("not_authed")
        if token not in (self._bot_token, self._app_token):
            raise MethodError("invalid_auth")
        if self._ctx.faults.token_revoked:
            raise MethodError("token_revoked")
        if (token == self._app_token) != method.for_app_token:
            raise MethodError("not_allowed_token_type")

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds * self._time_scale):
                await self._ending.wait()
        except TimeoutError:
            return

    def _record(self, method: str, args: Args, status: int | None, answer: Json | None, fault: Fault | None) -> None:
        self._count += 1
        visible = {name: value for name, value in args.values.items() if name != "token"}
        name = None if fault is None else fault.name
        call = ApiCall(self._count, self._ctx.now(), method, visible, status, answer, name)
        self._ctx.workspace.calls.append(call)
        self._ctx.workspace.report("api_called", channel=args.text("channel"), subject=call)

    def _response(self, status: int, body: str, content_type: str, headers: dict[str, str]) -> web.Response:
        date = format_datetime(self._ctx.now(), usegmt=True)
        return web.Response(
            status=status, text=body, content_type=content_type, charset="utf-8", headers={**headers, "Date": date}
        )


async def _arguments(request: web.Request) -> Args:
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        try:
            parsed = json.loads(body) if body else {}
        except json.JSONDecodeError:
            parsed = {}
        if isinstance(parsed, dict):
            values |= parsed
    elif request.can_read_body:
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return Args(values)
