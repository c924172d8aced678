"""A small company, its sessions in a real database and its people on the Slack stand-in, before the real Bolt app."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.response import BoltResponse
from structlog.typing import EventDict, WrappedLogger

from bot.blocks import actions
from bot.demo.slack import Channel, SlackStandIn, User, Workspace
from bot.domain.changes import decide
from bot.domain.model import AreaResult, CriterionResult, Details, Moment, SessionFacts, SessionKey, Targets
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.polling import PollReport
from bot.domain.rules import Rule, RuleState
from bot.domain.staff import Department, Person, Subordination
from bot.jobs.send import SendJob
from bot.listeners.bolt_app import build_app
from bot.listeners.context import AppContext
from bot.slack.answers import BotIdentity
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.slack.task_pool import TaskPool
from bot.store.database import Store, Tx
from tests.blocks.limits import assert_fits_slack
from tests.clock import NOON, FakeClock
from tests.environment import database, messenger_of, sender, slack_simulator
from tests.settings import settings_of

BOT = "U0SPOTTER"
TEAM = "T0SPOTTER"
IDENTITY = BotIdentity(team_id=TEAM, bot_user_id=BOT, bot_id="B0SPOTTER", scopes=frozenset())
ADMIN, EMMA, OLGA, SAM, DANA = "U0ADMIN", "U0EMMA", "U0OLGA", "U0SAM", "U0DANA"
UNLINKED, GUEST = "U0NOBODY", "U0GUEST"
NORTH, PUBLIC, OUTSIDE, SHARED, OUTAGE = "G0NORTH", "C0PUBLIC", "G0OUTSIDE", "C0SHARED", "C0AWAY"

SAVE_BUTTONS = (actions.SET_TARGET, actions.SET_CRITICAL)
LOW, HIGH, PLANNED = (
    SessionKey(f"{first}-0000-4000-8000-000000000000", "emma") for first in ("10aa0000", "20bb0000", "30cc0000")
)
COLLEAGUE = SessionKey("40dd0000-0000-4000-8000-000000000000", "yves")
FOREIGN = SessionKey("50ee0000-0000-4000-8000-000000000000", "zoltan")
OBSERVED = SessionKey("60ff0000-0000-4000-8000-000000000000", "ulf")  # of another site, observed by Olga

DETAILS = Details(
    areas=(AreaResult("a1", "Cash desk", 40.0), AreaResult("a2", "Greeting", 95.0)),
    criteria=(
        CriterionResult("c1", "Counts the float", "a1", False, 1, 5),
        CriterionResult("c2", "Greets every customer", "a2", False, 5, 5),
        CriterionResult("c3", "Wears gloves", "a2", True),
    ),
)


@dataclass
class Office:
    """The Bolt app with everything behind it, and the verbs of people who use it. Answers are recorded, not posted."""

    ctx: AppContext
    store: Store
    slack: SlackStandIn
    clock: FakeClock
    deliver: SendJob
    nudges: list[datetime] = field(default_factory=list)
    background: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        assert isinstance(self.ctx.messenger, SlackMessenger)
        self._reply = Replies()
        self._pool = TaskPool(shutdown_grace=60.0)
        self._app = build_app(self.ctx, self.ctx.messenger.web, IDENTITY, self._pool, lambda _: self._reply)

    async def ask(self, user: str, text: str, channel: str = NORTH) -> Message:
        """The one answer to a slash command."""
        body = {"command": "/ojt", "user_id": user, "channel_id": channel, "team_id": TEAM, "text": text}
        return await self._answer(body)

    async def link(self, admin: str, user: str, person: str) -> Message:
        """The answer to a link that an admin asks for and confirms."""
        question = await self.ask(admin, f"link <@{user}> {person}")
        [yes] = [one for one in buttons_of(question) if one["action_id"] == actions.CONFIRM_LINK]
        answer = await self.press(admin, actions.CONFIRM_LINK, yes["value"])
        assert answer is not None
        return answer

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """The one answer to a direct message, or to a mention in a channel."""
        is_direct = channel.startswith("D")
        kind = {"type": "message", "channel_type": "im"} if is_direct else {"type": "app_mention"}
        event = {**kind, "user": user, "channel": channel, "text": text, "ts": "1.0", "thread_ts": thread_ts}
        return await self._answer(_event(event))

    async def press(self, user: str, action: str, value: str = "", **where: Any) -> Message | None:
        """The last answer to a button, None if there is none."""
        reply = Replies()
        await self.press_with(reply, user, action, value, **where)
        return reply.messages[-1] if reply.messages else None

    async def subscribe(self, user: str, text: str = "", channel: str = NORTH) -> Message:
        """The answer to the button that saves the rule that a command proposed; the proposal if it has none."""
        proposal = await self.ask(user, f"subscribe {text}".strip(), channel)
        for one in buttons_of(proposal):
            if one["action_id"] == actions.CONFIRM_SUBSCRIBE:
                saved = await self.press(user, one["action_id"], one["value"], channel_id=channel, is_ephemeral=True)
                assert saved is not None
                return saved
        return proposal

    async def press_yes(self, user: str, asked: Message, **where: Any) -> Message | None:
        """The answer to the button that answers a question with yes."""
        [yes] = [one for one in buttons_of(asked) if actions.was_asked(one["action_id"])]
        return await self.press(user, yes["action_id"], yes.get("value", ""), **where)

    async def press_with(
        self,
        reply: "Replies",
        user: str,
        action: str,
        value: str = "",
        *,
        channel_id: str | None = NORTH,
        message_ts: str | None = None,
        trigger_id: str = "",
        view_id: str | None = None,
        view_type: str = "home",
        is_ephemeral: bool = False,
    ) -> None:
        """Presses a button; its answers go to `reply`."""
        container = {"channel_id": channel_id, "message_ts": message_ts, "is_ephemeral": is_ephemeral}
        body: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "trigger_id": trigger_id,
            "container": {name: found for name, found in container.items() if found is not None},
            "actions": [{"type": "button", "block_id": "b", "action_id": action, "value": value}],
        }
        if channel_id is not None:
            body["channel"] = {"id": channel_id}
        if view_id is not None:
            body["view"] = {"id": view_id, "type": view_type}
        await self.dispatch(body, reply)

    async def trigger(self, user: str) -> str:
        """A word from Slack that lets us open one modal; nobody is connected, so nothing else comes of the command."""
        return (await self.slack.command(user, PUBLIC, "/ojt")).trigger_id

    async def press_details(self, user: str, key: SessionKey, **where: Any) -> dict[str, Any]:
        """The modal that Details opened, as it is in the end."""
        trigger_id = await self.trigger(user)
        await self.press(user, actions.DETAILS, actions.session_value(key), trigger_id=trigger_id, **where)
        view = self.slack.modal_of(user)
        assert view is not None, "no modal is open"
        return view.payload

    async def submit(self, user: str, form: str, **values: str) -> dict[str, str]:
        """The mistakes in a form by the name of the input; each input is in a block of its name."""
        state = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in values.items()}
        view = {"id": "V1", "type": "modal", "callback_id": form, "state": {"values": state}}
        body = {"type": "view_submission", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "view": view}
        response = await self.dispatch(body, Replies())
        return dict(json.loads(response.body)["errors"]) if response.body else {}

    def with_store(self, store: Store, contacts: SlackContacts | None = None) -> "Office":
        """The same office with another connection to the database."""
        ctx = replace(self.ctx, store=store, contacts=contacts or self.ctx.contacts)
        return replace(self, ctx=ctx, store=store)

    async def home(self, user: str) -> dict[str, Any]:
        self.slack.workspace.homes.pop(user, None)
        await self.dispatch(_event({"type": "app_home_opened", "user": user, "tab": "home"}), Replies())
        return self.slack.workspace.homes[user].payload

    async def dispatch(self, body: dict[str, Any], reply: "Replies") -> BoltResponse:
        """Hands a request of Slack's to the Bolt app, and waits until the work after the acknowledgement is done."""
        self._reply = reply
        with nothing_breaks():
            async with self._pool:
                self._app.listener_runner.listener_completion_handler = completed = Completed()
                response = await self._app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
                await completed.event.wait()  # an event is acknowledged before its listener runs
        assert response.status == 200, response.body
        return response

    async def set_target(self, typed: str) -> Message:
        """An admin asks for a target and presses Save."""
        return await self.save(await self.ask(ADMIN, f"target {typed}"))

    async def save(self, question: Message, user: str = ADMIN) -> Message:
        """The answer to the button that saves what was asked about a target."""
        button = next(one for one in buttons_of(question) if one["action_id"] in SAVE_BUTTONS)
        answer = await self.press(user, button["action_id"], button["value"], is_ephemeral=True)
        assert answer is not None
        return answer

    async def rule(
        self, channel: str, query: str = "", owner: str = ADMIN, state: RuleState = RuleState.ACTIVE
    ) -> Rule:
        place = Destination(DestinationKind.CHANNEL, channel)
        return await self.store.transact(lambda tx: tx.rules.add(place, owner, query, state, self.clock.now()))

    async def send(self) -> None:
        """Sends everything owed."""
        await self.deliver.once(until_idle=False)

    def sends_meanwhile(self, first: Callable[[], None] = lambda: None) -> None:
        """From now on everything owed is sent while somebody waits, as by a bot at work; `first` happens before."""

        async def send() -> None:
            while True:
                await self.clock.sleep(0.1)
                first()
                await self.send()

        if not self.background:
            self.background.append(asyncio.create_task(send()))

    async def posted(self, channel: str) -> list[str]:
        return [message.text for message in self.slack.messages(channel)]

    async def audit_log(self) -> list[tuple[str, str, str]]:
        entries = await self.store.read(lambda tx: tx.audit_log.entries(20))
        return [(entry.who, entry.verb, entry.subject) for entry in entries]

    async def _answer(self, body: dict[str, Any]) -> Message:
        reply = Replies()
        await self.dispatch(body, reply)
        assert len(reply.messages) == 1, reply.messages
        return reply.messages[0]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": TEAM, "event": event}


@contextmanager
def nothing_breaks() -> Iterator[None]:
    """Fails if an exception is logged meanwhile: users read a calm sentence instead of it."""
    broken: list[str] = []

    def note(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if "exc_info" in event:
            broken.append(repr(event))
        return event

    processors = structlog.get_config()["processors"]
    processors.insert(0, note)
    try:
        yield
    finally:
        processors.remove(note)
    assert not broken, broken


class Completed(AsyncListenerCompletionHandler):
    """Notes that Bolt has run a listener."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self.event.set()


class Replies:
    """What somebody was answered, in order; fulfils `domain.ports.Reply`."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.replaced: list[bool] = []

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        assert_fits_slack(message)
        self.messages.append(message)
        self.replaced.append(replace)
        return True


def everything_in(answer: Message | dict[str, Any] | None) -> str:
    """All bytes of an answer, button values included."""
    if isinstance(answer, Message):
        return answer.text + json.dumps(answer.blocks, ensure_ascii=False)
    return json.dumps(answer, ensure_ascii=False)


def buttons_of(answer: Message | dict[str, Any]) -> list[dict[str, Any]]:
    """Every button and menu of an answer, in order."""
    found: list[dict[str, Any]] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "action_id" in node:
                found.append(node)
            for value in node.values():
                walk(value)
        elif isinstance(node, (list, tuple)):
            for item in node:
                walk(item)

    walk(answer.blocks if isinstance(answer, Message) else answer)
    return found


def suggestions_of(answer: Message) -> list[str]:
    """The commands that an answer offers as buttons."""
    return [one["value"] for one in buttons_of(answer) if actions.action_of(one["action_id"]) == actions.RUN]


def deliver_of(ctx: AppContext, admin: str) -> SendJob:
    """What sends for a desk; `admin` is who ADMINS names."""
    return sender(ctx.store, ctx.messenger, ctx.contacts, ctx.clock, admins={admin})


@asynccontextmanager
async def open_office(
    folder: Path, *, as_if_employees_are_told: bool = False, company: Callable[[Tx], None] | None = None
) -> AsyncIterator[Office]:
    """An office before `company`, the one of `fill` if it is None."""
    clock = FakeClock()
    slack = slack_simulator(workspace(), clock)
    async with database(folder, clock) as store, messenger_of(slack, clock) as messenger:
        await store.transact(company or fill)
        contacts = SlackContacts(messenger, store, clock, {ADMIN, GUEST})
        nudges: list[datetime] = []
        ctx = AppContext(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            wake_sender=lambda: nudges.append(clock.now()),
            settings=settings_of(notify_employees=as_if_employees_are_told),
        )
        office = Office(ctx, store, slack, clock, deliver_of(ctx, ADMIN), nudges)
        try:
            yield office
        finally:
            for task in office.background:
                task.cancel()
            await asyncio.gather(*office.background, return_exceptions=True)


def workspace() -> Workspace:
    """Everybody who may come to the desk, and the channels they come from."""
    made = Workspace()
    for user_id, name in ((ADMIN, "Ada"), (EMMA, "Emma"), (OLGA, "Olga"), (SAM, "Sam"), (DANA, "Dana")):
        made.add_user(User(id=user_id, name=name.lower(), real_name=name, email=f"{name.lower()}@shop.example"))
    made.add_user(User(id=UNLINKED, name="nobody", real_name="Nobody", email="nobody@shop.example"))
    made.add_user(User(id=GUEST, name="guest", real_name="Guest", email="yves@shop.example", is_restricted=True))
    everybody = [ADMIN, EMMA, OLGA, SAM, DANA, UNLINKED, GUEST]
    made.add_channel(Channel(id=NORTH, name="north", is_private=True, members=[*everybody, BOT]))
    made.add_channel(Channel(id=PUBLIC, name="public", members=[*everybody, BOT]))
    made.add_channel(Channel(id=OUTSIDE, name="outside", is_private=True, members=[*everybody]))
    made.add_channel(Channel(id=SHARED, name="shared", members=[*everybody, BOT], is_ext_shared=True))
    made.add_channel(Channel(id=OUTAGE, name="away", members=[*everybody]))
    return made


def fill(tx: Tx) -> None:
    """The company's people and sessions. Emma and Yves work in Kiosk 7, in the North; Zoltan and Ulf in the South."""
    manual, inherit = Subordination.MANUAL, Subordination.INHERIT

    def person(ident: str, name: str, place: str, **more: Any) -> Person:
        return Person(person_id=ident, name=name, email=f"{ident}@shop.example", department_id=place, **more)

    people = [
        person("emma", "Emma Employee", "kiosk7"),
        person("yves", "Yves Colleague", "kiosk7"),
        person("olga", "Olga Observer", "kiosk7"),
        person("sam", "Sam Supervisor", "north", subordination=Subordination.NONE),
        person("dana", "Dana Manager", "root", subordination=Subordination.NONE, manages_departments=("north",)),
        person("zoltan", "Zoltan Kovacs", "south"),
        person("ulf", "Ulf Lind", "south"),
        person("xenia", "Xenia Papas", "south"),
    ]
    places = [
        Department(department_id="root", name="Bakery", subordination=Subordination.NONE),
        Department(department_id="north", name="North", parent_id="root", subordination=Subordination.NONE),
        Department(
            department_id="kiosk7", name="Kiosk 7", parent_id="north", subordination=manual, supervisor_id="sam"
        ),
        Department(department_id="south", name="Southern Kiosk", parent_id="root", subordination=inherit),
    ]
    tx.people.replace_directory(people, places, NOON)
    rows = [
        facts(LOW, "olga", result=72.0, days_ago=1),
        facts(HIGH, "olga", result=90.0, days_ago=9),
        facts(PLANNED, "olga", status="NOT_STARTED", days_ago=-1),
        facts(COLLEAGUE, "xenia", result=66.0, days_ago=2),
        facts(FOREIGN, "xenia", result=55.0, days_ago=3, checklist="Vault audit"),
        facts(OBSERVED, "olga", result=81.0, days_ago=40),
    ]
    for row in rows:
        change = decide(None, row, now=NOON, targets=Targets(default=80.0))
        assert change is not None
        tx.sessions.save(change, b"12345678")
    tx.details.save(LOW, DETAILS, NOON)
    tx.polls.record(PollReport(started_at=NOON, ended_at=NOON, listed=len(rows)))


def facts(
    key: SessionKey,
    observer: str,
    *,
    status: str = "PASSED",
    result: float | None = None,
    days_ago: int,
    checklist: str = "Till check",
) -> SessionFacts:
    """A row of a listing; `days_ago` is when it was completed, or is planned for."""
    at = NOON - timedelta(days=days_ago)
    moment = Moment(at.isoformat(), at)
    is_over = status == "PASSED"
    return SessionFacts(
        key=key,
        checklist_id=checklist.lower(),
        checklist_title=checklist,
        observer_id=observer,
        status=status,
        scheduled=moment,
        started=moment if is_over else Moment(),
        finished=moment if is_over else Moment(),
        result=result,
    )
