"""What can be done from the page: as a person in Slack, as an observer with a checklist, as whoever pulls the plug."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Protocol

from bot.demo import sight
from bot.demo.company import Grade, Session
from bot.demo.history import pair
from bot.demo.slack import Message, NotPossible, SlackStandIn, View
from bot.demo.slack.entities import Json, elements_of
from bot.demo.stage import Deed, Impossible
from bot.demo.troubles import Scene, clear, troubles_by_key
from bot.demo.world import World
from bot.domain.outcomes import percent

FOOD_SAFETY, CRITICAL = "Food safety line check", "Line sheet signed"
BURST_LIMIT = 50
MOST_TIMES = 20
MOST_DAYS = 90
BURST_RESULTS = (52.0, 91.0, 67.0, 88.0)
SAYINGS = {
    "operation_timeout": "Spotter did not answer within 3 seconds (operation_timeout).",
    "dispatch_failed": "Spotter is not connected (dispatch_failed). Is the bot running?",
}


class Company(Protocol):
    """What deeds are done to."""

    @property
    def world(self) -> World: ...
    @property
    def slack(self) -> SlackStandIn: ...
    @property
    def scene(self) -> Scene: ...

    async def kill_bot(self) -> bool: ...
    async def restart_bot(self) -> None: ...
    async def pass_time(self, duration: timedelta) -> int: ...
    def let_happen(self, on: bool) -> None: ...


def _describe(deed: Deed) -> Deed:
    """What Slack would not let a person do, and what a request lacks, becomes a sentence for them."""

    @wraps(deed)
    async def done(order: Json) -> Json:
        try:
            return await deed(order)
        except NotPossible as reason:
            raise Impossible(f"Slack would not let you: {reason}") from reason
        except (KeyError, TypeError, ValueError) as missing:
            raise Impossible(f"That order can't be read: {missing}") from missing

    return done


class Deeds:
    """Every deed takes the page's JSON and answers more of it; Impossible says why it can't be done."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def by_name(self) -> dict[str, Deed]:
        deeds: tuple[Callable[[Json], Awaitable[Json]], ...] = (
            self.command,
            self.say,
            self.act,
            self.submit,
            self.close,
            self.open_home,
            self.plan,
            self.start,
            self.complete,
            self.correct,
            self.reopen,
            self.burst,
            self.zero,
            self.pass_time,
            self.happenings,
            self.fault,
            self.clear_faults,
            self.kill,
            self.restart,
        )
        return {deed.__name__: _describe(deed) for deed in deeds}

    # --- as a person in Slack ----------------------------------------------------------------------------------

    async def command(self, order: Json) -> Json:
        """{user, channel, text}: a slash command as typed. `/invite` and `/remove` are Slack's own."""
        slack = self._company.slack
        word, _, rest = str(order["text"]).partition(" ")
        user, channel = str(order["user"]), str(order["channel"])
        if word in ("/invite", "/remove"):
            if not self._means_the_app(rest):
                raise Impossible(f"In this demo only Spotter comes and goes: {word} @{slack.workspace.app.name}")
            await (slack.invite_bot if word == "/invite" else slack.remove_bot)(channel, by=user)
            return {}
        # Slack itself tells the person, in the channel, when the app did not answer.
        await slack.command(user, channel, word, rest.strip())
        return {}

    def _means_the_app(self, words: str) -> bool:
        return words.strip().lstrip("@").lower() == self._company.slack.workspace.app.name.lower()

    async def say(self, order: Json) -> Json:
        """{user, channel, text, thread_ts?}"""
        await self._company.slack.say(
            str(order["user"]), str(order["channel"]), str(order["text"]), thread_ts=order.get("thread_ts")
        )
        return {}

    async def act(self, order: Json) -> Json:
        """{user, channel, ts, only_for?} or {user, view_id}, and action: the button or menu as Slack would send it."""
        slack, action = self._company.slack, order["action"]
        user, target = str(order["user"]), self._target(order)
        action_id, block_id = str(action["action_id"]), action.get("block_id")
        if block_id not in {block["block_id"] for block in target.blocks}:
            block_id = None  # what was pressed was drawn before the app replaced it, and block ids are new each time
        if action.get("type") == "button":
            answer = await slack.press(user, target, action_id, action.get("value"), block_id=block_id)
        else:
            answer = await slack.choose(user, target, action_id, _held(action), block_id=block_id)
        if answer.failure is not None:
            raise Impossible(SAYINGS.get(answer.failure, f"Spotter answered wrongly ({answer.failure})."))
        return {}

    def _target(self, order: Json) -> Message | View:
        workspace = self._company.slack.workspace
        if "view_id" in order:
            view = workspace.views.get(str(order["view_id"]))
            if view is None:
                raise Impossible("That view is not there any more.")
            return view
        wanted = (str(order["ts"]), order.get("only_for"))
        for message in workspace.timelines.get(str(order["channel"]), []):
            if (message.ts, message.ephemeral_to) == wanted:
                return message
        raise Impossible("That message is not there any more.")

    async def submit(self, order: Json) -> Json:
        """{user, view_id, values: block id → action id → what it holds}; answers errors by block id."""
        view = self._target({"view_id": order["view_id"]})
        if not isinstance(view, View):
            raise Impossible("That is no view.")
        answer = await self._company.slack.submit(
            view.id, str(order["user"]), _filled_in(view, order.get("values", {}))
        )
        if answer.failure is not None:
            raise Impossible(SAYINGS.get(answer.failure, f"Spotter answered wrongly ({answer.failure})."))
        return {"errors": answer.errors, "ok": False} if answer.errors else {}

    async def close(self, order: Json) -> Json:
        """{user, view_id}: the modal on top."""
        await self._company.slack.close(str(order["view_id"]))
        return {}

    async def open_home(self, order: Json) -> Json:
        """{user}"""
        await self._company.slack.open_home(str(order["user"]))
        return {}

    # --- as an observer ----------------------------------------------------------------------------------------

    def _session(self, order: Json) -> Session:
        session_id, _, employee_id = str(order["id"]).partition("/")
        try:
            return self._company.world.session(session_id, employee_id or None)
        except KeyError:
            raise Impossible("That session is not there any more.") from None

    async def plan(self, order: Json) -> Json:
        """A session for a pair of colleagues, in half an hour."""
        session = self._planned()
        return {"said": f"Planned {_spoken(session)}"}

    def _planned(self) -> Session:
        world = self._company.world
        checklist = world.rng.choice([one for one in world.checklists.values() if one.published])
        employee, observer = pair(world, world.rng)
        return world.plan(checklist, employee, observer, world.now() + timedelta(minutes=30))

    async def start(self, order: Json) -> Json:
        """{id}"""
        session = self._session(order)
        if not session.is_open or session.started_at is not None:
            raise Impossible("It has been started already.")
        self._company.world.start(session)
        return {"said": f"Started {_spoken(session)}"}

    async def complete(self, order: Json) -> Json:
        """{id, result}"""
        session = self._session(order)
        if not session.is_open:
            raise Impossible("It is completed already. Correct it instead.")
        self._company.world.complete(session, percent=_percent(order))
        return {"said": f"Completed {_spoken(session)}: {percent(session.result or 0)}"}

    async def correct(self, order: Json) -> Json:
        """{id, result}"""
        session = self._completed(order)
        before = session.result
        self._company.world.correct(session, _percent(order))
        return {"said": f"Corrected {_spoken(session)}: {percent(before or 0)} → {percent(session.result or 0)}"}

    async def reopen(self, order: Json) -> Json:
        """{id}"""
        session = self._completed(order)
        self._company.world.reopen(session)
        return {"said": f"Re-opened {_spoken(session)}"}

    def _completed(self, order: Json) -> Session:
        session = self._session(order)
        if session.completed_at is None:
            raise Impossible("It is not completed yet.")
        return session

    async def burst(self, order: Json) -> Json:
        """{count}: so many sessions end at once, some of them low."""
        world, count = self._company.world, min(int(order["count"]), BURST_LIMIT)
        waiting = world.open_sessions()[:count]
        waiting += [self._planned() for _ in range(count - len(waiting))]
        for number, session in enumerate(waiting):
            world.complete(session, percent=BURST_RESULTS[number % len(BURST_RESULTS)])
        return {"said": f"{count} sessions ended"}

    async def zero(self, order: Json) -> Json:
        """A session that meets its target with nothing on one criterion, which an admin may have made critical."""
        world = self._company.world
        checklist = world.checklist_titled(FOOD_SAFETY)
        if checklist is None:
            raise Impossible(f"There is no checklist “{FOOD_SAFETY}”.")
        employee, observer = pair(world, world.rng)
        session = world.plan(checklist, employee, observer, world.now())
        world.complete(
            session,
            grades={one.id: Grade(0.0 if one.title == CRITICAL else float(one.points)) for one in checklist.criteria},
        )
        return {"said": f"Completed {_spoken(session)}: {percent(session.result or 0)}, nothing on “{CRITICAL}”"}

    # --- as whoever pulls the plug -----------------------------------------------------------------------------

    async def pass_time(self, order: Json) -> Json:
        """{seconds}"""
        duration = timedelta(seconds=float(order["seconds"]))
        if not timedelta(0) < duration <= timedelta(days=MOST_DAYS):
            raise Impossible(f"Time passes forwards, by up to {MOST_DAYS} days at once.")
        happened = await self._company.pass_time(duration)
        return {"said": f"{sight.spoken(duration)} passed; {happened} things happened meanwhile"}

    async def happenings(self, order: Json) -> Json:
        """{on}"""
        self._company.let_happen(bool(order["on"]))
        return {}

    async def fault(self, order: Json) -> Json:
        """{key, times?}: one of the menu's troubles."""
        alert = troubles_by_key().get(str(order["key"]))
        if alert is None:
            raise Impossible("There is no such fault.")
        times = min(max(int(order.get("times", 1)), 1), MOST_TIMES)
        await alert.order(self._company.scene, times)
        return {"said": f"Ordered: {alert.name}"}

    async def clear_faults(self, order: Json) -> Json:
        await clear(self._company.scene)
        return {}

    async def kill(self, order: Json) -> Json:
        if not await self._company.kill_bot():
            raise Impossible("It is not running.")
        return {"said": "Killed with SIGKILL"}

    async def restart(self, order: Json) -> Json:
        await self._company.restart_bot()
        return {"said": "Started"}


def _percent(order: Json) -> float:
    percent = float(order["result"])
    if not 0 <= percent <= 100:
        raise Impossible("A result lies between 0 and 100 %.")
    return percent


def _spoken(session: Session) -> str:
    return f"“{session.checklist.title}” of {session.employee.name}"


def _held(state: Mapping[str, Any]) -> Any:
    """What a menu or field holds, out of Slack's record of it."""
    return next((value for key, value in state.items() if key.startswith("selected_") or key == "value"), None)


def _filled_in(view: View, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the page says each field holds, by action id, or by block id where an action id is used twice."""
    fields = [(block["block_id"], one["action_id"]) for block in view.blocks for one in elements_of(block)]
    action_ids = [action_id for _, action_id in fields]
    filled: dict[str, Any] = {}
    for block_id, action_id in fields:
        state = values.get(block_id, {}).get(action_id)
        if state is not None:
            filled[action_id if action_ids.count(action_id) == 1 else block_id] = _held(state)
    return filled
