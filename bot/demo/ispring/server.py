"""The stand-in's door: real HTTP on loopback, tokens, and everything that can go wrong on the way."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from aiohttp import web

from bot.demo.ispring.answers import Answer, Answers, Refused
from bot.demo.ispring.quirks import Quirks
from bot.demo.ispring.wire import Wire
from bot.demo.world import World

HOST = "127.0.0.1"
TOKEN_PATH = "/api/v3/token"
TOKEN_SECONDS = 1800
LISTING_PATH = "/job-training/sessions/result/list"
KEPT_REQUESTS = 10_000

WEB_APP = b"<!DOCTYPE html><html><head><title>Northgate Academy</title></head><body><div id='app'></div></body></html>"
NESTED = b"[" * 100_000 + b"]" * 100_000


@dataclass(frozen=True)
class Request:
    """What was asked: `path` without the query, `at` by the stand-in's clock."""

    method: str
    path: str
    query: str
    at: datetime
    body: str
    headers: dict[str, str] = field(repr=False)

    @property
    def json(self) -> object:
        """The body, decoded; ValueError if it is not JSON."""
        return json.loads(self.body)


class IspringStandIn:
    """Speaks iSpring Learn's API for one world and one key.

    `async with IspringStandIn(world, client_id=…, client_secret=…) as ispring:` listens on a free port of loopback;
    `ispring.url` is the base address, `ispring.quirks` what it does wrong, `ispring.requests` what it was asked.
    """

    def __init__(
        self,
        world: World,
        *,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Dates are written in `zone`; tokens age by `now` (the world's clock if not given)."""
        self.world = world
        self.client_id = client_id
        self.client_secret = client_secret
        self.zone = zone
        self.quirks = Quirks()
        self.requests: list[Request] = []
        self._now = now or world.now
        self._tokens: dict[str, datetime] = {}
        self._random01 = Random(0)
        self._listing: Path | bytes | None = None
        self._answers: dict[str, bytes] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    # --- up and down -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on this port of loopback (0: any free one). OSError if it is taken."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A client that hung up gets nothing more: a hanging answer ends with its connection.
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the port and every connection. Safe to call again."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def down(self) -> None:
        """From now on connections are refused."""
        await self.stop()

    async def up(self) -> None:
        """Listen again, on the same port. Tokens given out before stay good."""
        if self._runner is None:
            await self.start(self._port)

    @property
    def is_up(self) -> bool:
        return self._runner is not None

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    # --- for tests and benchmarks ------------------------------------------------------------------------------

    def asked(self, path_part: str) -> list[Request]:
        """The requests whose path contains this text, oldest first."""
        return [request for request in self.requests if path_part in request.path]

    def revoke_tokens(self) -> None:
        """Every token given out so far is dead."""
        self._tokens.clear()

    def serve_listing_bytes(self, listing: Path | bytes | None) -> None:
        """Answer the listing of sessions with these bytes (a path is streamed); None: from the world again."""
        self._listing = listing

    def serve_bytes(self, path: str, answer: bytes) -> None:
        """Answer good requests for this path with these bytes; in those for a token, TOKEN becomes the token."""
        self._answers[path] = answer

    # --- one request -------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._note(request, body)
        quirks = self.quirks
        touched = quirks.touches(request.path, body.decode(errors="replace"))
        if touched and (spoiled := await self._spoil(request)) is not None:
            return spoiled
        xml = "application/json" not in request.headers.get("Accept", "")
        xml = (touched and quirks.spend("xml_answers")) or xml
        status = 200
        answer: Answer | web.StreamResponse
        try:
            answer = self._answer(request, body)
        except Refused as refused:
            status, answer = refused.status, Answer(self._error(refused.status, refused.message))
        if isinstance(answer, web.StreamResponse):
            return self._compressed(answer)
        text = Wire(quirks, self.zone).text(answer.value, xml=xml, item=answer.item)
        content_type = "application/xml" if xml else "application/json"
        if touched and quirks.spend("truncated_answers"):
            text = text[: len(text) // 2]
        if touched and quirks.spend("cut_off_answers"):
            return await self._cut_off(request, text, content_type)
        if touched and quirks.slow_body:
            return await self._drip(request, text, status, content_type)
        return self._compressed(web.Response(body=text, status=status, content_type=content_type, charset="utf-8"))

    def _error(self, status: int, message: str) -> dict[str, object]:
        said = self.quirks.error_message
        return {"code": status, "message": message if said is None else said}

    def _note(self, request: web.Request, body: bytes) -> None:
        if len(self.requests) >= KEPT_REQUESTS:
            # A demo may run for weeks.
            del self.requests[: KEPT_REQUESTS // 2]
        self.requests.append(
            Request(
                method=request.method,
                path=request.path,
                query=request.query_string,
                at=self._now(),
                body=body.decode(errors="replace"),
                headers=dict(request.headers),
            )
        )

    def _answer(self, request: web.Request, body: bytes) -> Answer | web.StreamResponse:
        """The answer; for any other path the web app's page with 200, as the vendor's host was seen to do."""
        path, query = request.path, request.rel_url.raw_query_string
        answers = Answers(self.world, self.quirks, Wire(self.quirks, self.zone), self._now, self._random01)
        training = {
            LISTING_PATH: answers.sessions,
            "/job-training/checklist/sessions/list": answers.checklists,
            "/job-training/completed-session/criterion-group/result/list": answers.areas,
            "/job-training/completed-session/criterion/result/list": answers.criteria,
        }
        if path == TOKEN_PATH:
            self._only("POST", request)
            return self._token(request, body)
        if path in training:
            self._only("POST", request)
            self._admit(request)
            if self.quirks.no_rights:
                raise Refused(403, "Permission denied")
            if path in self._answers:
                return self._prepared(self._answers[path])
            if request.content_type != "application/json":
                raise Refused(400, "Content-Type must be application/json")
            if path == LISTING_PATH and self._listing is not None and not _filters(body):
                return self._prepared(self._listing)
            return training[path](body)
        match path.split("/"):
            case ["", "users", "v2"]:
                self._only("GET", request)
                self._admit(request)
                return self._prepared(self._answers[path]) if path in self._answers else answers.people(query)
            case ["", "user", user_id, "v2"]:
                self._only("GET", request)
                self._admit(request)
                return answers.person(user_id)
            case ["", "departments"]:
                self._only("GET", request)
                self._admit(request)
                return self._prepared(self._answers[path]) if path in self._answers else answers.departments(query)
        return web.Response(body=WEB_APP, content_type="text/html")

    def _only(self, method: str, request: web.Request) -> None:
        if request.method != method:
            raise Refused(405, f"Use {method}")

    # --- tokens ------------------------------------------------------------------------------------------------

    def _token(self, request: web.Request, body: bytes) -> Answer | web.StreamResponse:
        if request.content_type != "application/x-www-form-urlencoded":
            raise Refused(400, "Content-Type must be application/x-www-form-urlencoded")
        form = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if missing := [name for name in ("client_id", "client_secret", "grant_type") if name not in form]:
            raise Refused(400, f"Missing: {', '.join(missing)}")
        if form["grant_type"] != "client_credentials":
            raise Refused(400, "Unsupported grant_type")
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            raise Refused(401, "Invalid client credentials")
        token = f"{self._random01.getrandbits(256):064x}"
        lives = TOKEN_SECONDS if self.quirks.token_seconds is None else self.quirks.token_seconds
        self._tokens[token] = self._now() + timedelta(seconds=lives)
        if TOKEN_PATH in self._answers:
            return self._prepared(self._answers[TOKEN_PATH].replace(b"TOKEN", token.encode()))
        return Answer({"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "bearer"})

    def _admit(self, request: web.Request) -> None:
        """Refuse without a living token. The word "Bearer" may be missing: the vendor's older clients leave it out."""
        given = request.headers.get("Authorization", "")
        scheme, _, rest = given.partition(" ")
        token = rest.strip() if scheme.lower() == "bearer" else given.strip()
        if self.quirks.tokens_die_after is not None:
            if self.quirks.tokens_die_after == 0:
                self.quirks.tokens_die_after = None
                self.revoke_tokens()
            else:
                self.quirks.tokens_die_after -= 1
        expires_at = self._tokens.get(token)
        refused = self.quirks.touches(request.path) and self.quirks.spend("refused_tokens")
        if refused or expires_at is None or expires_at <= self._now():
            raise Refused(401, "Unauthorized")

    # --- answers of another kind -------------------------------------------------------------------------------

    async def _spoil(self, request: web.Request) -> web.StreamResponse | None:
        quirks = self.quirks
        for part, status in quirks.refused_paths.items():
            if part in request.path:
                headers = {"Retry-After": quirks.retry_after} if quirks.retry_after and status == 429 else {}
                return web.json_response(self._error(status, "Refused"), status=status, headers=headers)
        if quirks.spend("hangs"):
            await asyncio.Event().wait()
        if quirks.spend("redirects"):
            return web.Response(status=302, headers={"Location": f"{self.url}/login"})
        if quirks.spend("throttled"):
            headers = {} if quirks.retry_after is None else {"Retry-After": quirks.retry_after}
            return web.Response(status=429, headers=headers)
        if quirks.spend("server_errors"):
            status = quirks.server_error_status
            if quirks.error_message is not None:
                return web.json_response(self._error(status, ""), status=status)
            return web.Response(status=status, text=f"<html><h1>{status}</h1></html>", content_type="text/html")
        if quirks.spend("html_answers"):
            return web.Response(body=WEB_APP, content_type="text/html")
        if quirks.spend("empty_answers"):
            return web.Response(body=b"", content_type="application/json")
        if quirks.spend("nested_answers"):
            return web.Response(body=NESTED, content_type="application/json")
        if quirks.spend("endless_answers"):
            return await self._endless(request)
        return None

    def _prepared(self, listing: Path | bytes) -> web.StreamResponse:
        if isinstance(listing, Path):
            return web.FileResponse(listing, headers={"Content-Type": "application/json"})
        return web.Response(body=listing, content_type="application/json")

    def _compressed(self, response: web.StreamResponse) -> web.StreamResponse:
        encoding = self.quirks.content_encoding
        if isinstance(response, web.Response) and isinstance(response.body, bytes) and encoding is not None:
            if encoding == "x-gzip":
                response.body = gzip.compress(response.body)
            response.headers["Content-Encoding"] = encoding
        elif self.quirks.compressed:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _cut_off(self, request: web.Request, text: bytes, content_type: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(text))})
        await response.prepare(request)
        await response.write(text[: len(text) // 2])
        if request.transport is not None:
            request.transport.close()
        return response

    async def _drip(self, request: web.Request, text: bytes, status: int, content_type: str) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": content_type})
        await response.prepare(request)
        tokens = 10
        size = -(-len(text) // tokens)
        for place in range(0, len(text), size):
            await asyncio.sleep(self.quirks.slow_body / tokens)
            await response.write(text[place : place + size])
        return response

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        async for piece in _without_end():
            await response.write(piece)
        return response


def _filters(body: bytes) -> bool:
    """Whether a request asks for some of the sessions only."""
    return body.strip() != b"{}"


async def _without_end() -> AsyncIterator[bytes]:
    yield b"["
    while True:
        yield b'{"checklistTitle":"' + b"x" * 65_000 + b'"},'
        # The writer does not always wait, and everyone else wants a turn.
        await asyncio.sleep(0)
