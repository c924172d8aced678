"""Bolt listeners that acknowledge first and work after: what the work needs, its limits, and answers to its errors."""

import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.blocks import answers
from bot.blocks.elements import notice
from bot.blocks.sending import with_first_lines
from bot.domain.errors import (
    AmbiguousQuery,
    BlocksRefused,
    MessengerError,
    NotAllowed,
    NotPossibleNow,
    QueryError,
    StoreBusy,
)
from bot.domain.notifications import Message
from bot.domain.ports import Reply
from bot.listeners.context import AppContext, lines_for, next_step, note_blocks_refused, takes_newest_blocks
from bot.listeners.middleware import KnownViewer
from bot.listeners.requests import (
    ActionRequest,
    Body,
    Event,
    OutdatedButton,
    Request,
    SlashCommand,
    read_action,
    read_command,
    read_event,
    read_submission,
)
from bot.slack.task_pool import TaskPool, TaskPoolFull, Work

R = TypeVar("R", bound=Request)
BoltListener = Callable[..., Awaitable[None]]
Answering = Callable[[AppContext, R, Reply], Coroutine[Any, Any, None]]
ReplyFor = Callable[[Request], Reply]

VIEWER_VALID_FOR = 1.0  # seconds from the request to its work

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AfterAck:
    """Makes Bolt listeners of plain functions. `known_viewer` is the middleware for those that ask who the user is."""

    ctx: AppContext
    pool: TaskPool
    reply_for: ReplyFor
    known_viewer: KnownViewer

    def command(self, answer: Answering[SlashCommand]) -> BoltListener:
        """A listener of a slash command."""
        return self._answered("command", read_command, answer)

    def action(self, answer: Answering[ActionRequest]) -> BoltListener:
        """A listener of a button or menu."""
        return self._answered("action", read_action, answer)

    def message(self, answer: Answering[Event]) -> BoltListener:
        """A listener of a message to the bot."""
        return self._answered("message", read_event, answer)

    def event(
        self,
        work: Callable[[AppContext, Event], Coroutine[Any, Any, None]],
        first: Callable[[AppContext, Event], Awaitable[None]] | None = None,
    ) -> BoltListener:
        """A listener of an event that is answered to no one. `first` stores what takes rights away: it waits for no
        place in the pool, which drops work when too much comes at once."""

        async def listener(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
            await ack()
            event = read_event(body, context)
            if first is not None:
                await first(self.ctx, event)
            self.start(event.kind, event, lambda: work(self.ctx, event))

        return listener

    def start(self, what: str, request: Request, work: Work, reply: Reply | None = None) -> None:
        """Runs work of a user in the pool. An error is logged, and answered if there is a `reply`."""

        async def failed(problem: Exception) -> None:
            message = error_message(self.ctx, problem, what, request.user_id)
            if reply is not None:
                await reply(message)

        self.pool.start(what, work, failed, request.user_id)

    async def on_error(self, error: Exception, body: dict[str, Any]) -> BoltResponse | None:
        """Bolt's `app.error`: what failed before an acknowledgement. A form stays open and says what went wrong."""
        if body.get("type") != "view_submission":
            log.error("request.failed", what=str(body.get("type") or "command"), exc_info=error)
            return None
        submission = read_submission(body)
        mistake = error_message(self.ctx, error, "form", submission.user_id).text
        return BoltResponse(status=200, body={"response_action": "errors", "errors": submission.errors({"": mistake})})

    def _answered(self, what: str, read: Callable[[Body, AsyncBoltContext], R], answer: Answering[R]) -> BoltListener:
        async def listener(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
            await ack()
            request, read_at = read(body, context), self.ctx.clock.monotonic()
            reply = _WithFirstLines(self.ctx, self.reply_for(request))

            async def work() -> None:
                # What was known of the user when the request came may be over once it had to wait for a place.
                has_waited = self.ctx.clock.monotonic() - read_at > VIEWER_VALID_FOR
                await answer(self.ctx, replace(request, viewer=None) if has_waited else request, reply)

            self.start(what, request, work, reply)

        return listener


@dataclass(frozen=True)
class _WithFirstLines:
    """A reply whose messages begin with what every reader has to know: see `blocks.sending.first_lines`."""

    ctx: AppContext
    reply: Reply

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        answer = with_first_lines(message, await lines_for(self.ctx))
        plain = Message(answer.text, answer.blocks)
        if answer.rich and await takes_newest_blocks(self.ctx):
            try:
                return await self.reply(Message(answer.text, answer.rich), replace=replace)
            except BlocksRefused:
                await note_blocks_refused(self.ctx)
        return await self.reply(plain, replace=replace)


def error_message(ctx: AppContext, problem: Exception, what: str, user_id: str) -> Message:
    """What a user reads instead of an answer; an error that is not the user's is logged, most with a reference."""
    match problem:
        case AmbiguousQuery():
            return answers.which_one(str(problem), problem.labels, problem.suggestions, command=ctx.command)
        case QueryError():
            return answers.did_you_mean(str(problem), problem.suggestions, command=ctx.command)
        case NotAllowed():
            return answers.not_allowed(str(problem), next_step(ctx, problem.remedy, user_id))
        case OutdatedButton():
            help_text = f"`{ctx.command}` shows what Spotter can do."
            return notice("This button no longer means anything.", help_text)
        case NotPossibleNow():
            return answers.not_possible_now(str(problem))
        case TaskPoolFull():
            return Message("Spotter has too much to do just now. Please try again in a minute.")
        case StoreBusy():
            log.warning("request.failed", what=what, reason="the database is busy")
            return notice("Spotter's database is busy just now.", "Nothing was changed. Try again in a moment.")
        case MessengerError() | TimeoutError():
            reference = secrets.token_hex(3)
            log.warning("request.failed", what=what, reference=reference, reason=type(problem).__name__)
            return Message(f"That did not work just now. Please try again in a minute. (Reference {reference})")
        case _:
            reference = secrets.token_hex(3)
            log.error("request.failed", what=what, reference=reference, exc_info=problem)
            return Message(
                f"Something went wrong in Spotter; nothing of yours was changed half-way. Please try again, and if it "
                f"happens again, give your admin the reference {reference}: the log says more under it."
            )
