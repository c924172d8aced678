"""Everything that can be made to go wrong from the page, in plain words."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.demo.cast import Cast
from bot.demo.history import add_past
from bot.demo.ispring import ALWAYS, IspringStandIn, Quirks
from bot.demo.slack import SlackStandIn
from bot.demo.slack.entities import Json
from bot.demo.slack.faults import FAULTS

POST = "chat.postMessage"
SLACK_POSTS, SLACK_STANDING, SLACK_SOCKET = "Slack: the next posts", "Slack: from now on", "Slack: the connection"
ISPRING_ANSWERS, ISPRING_VALUES, ISPRING_LISTING = (
    "iSpring: the next answers",
    "iSpring: how values are written",
    "iSpring: what is listed",
)
READ_BACK_LAG = 10.0
CRITERIA_LAG = 30.0


@dataclass(frozen=True)
class Scene:
    """What troubles are made in."""

    slack: SlackStandIn
    ispring: IspringStandIn
    cast: Cast


PAST_SESSIONS = 14_000  # with them the whole list has 6.4 MB, which is above FULL_LISTING_LIMIT

Order: TypeAlias = Callable[[Scene, int], Awaitable[None]]


@dataclass(frozen=True)
class Trouble:
    """One entry of the page's menu. `once`: a state that lasts until "Clear all", or a single moment; no count."""

    key: str
    group: str
    name: str
    about: str
    order: Order
    once: bool = False

    def row(self) -> Json:
        return {"key": self.key, "group": self.group, "name": self.name, "about": self.about, "once": self.once}


async def _grow(scene: Scene, times: int) -> None:
    for _ in range(PAST_SESSIONS // 200):
        add_past(scene.ispring.world, 200)
        await asyncio.sleep(0)  # everybody else's turn


def _post(fault: str, name: str, about: str) -> Trouble:
    async def order(scene: Scene, times: int) -> None:
        # Under the menu's name, which tells the kinds that store from those that don't.
        scene.slack.faults.order(POST, dataclasses.replace(FAULTS[fault](), name=fault), times)

    return Trouble(f"slack.{fault}", SLACK_POSTS, name, about, order)


def _standing(key: str, name: str, about: str, switch: Callable[[Scene], None], group: str = SLACK_STANDING) -> Trouble:
    async def order(scene: Scene, times: int) -> None:
        switch(scene)
        scene.slack.workspace.report("fault_changed")

    return Trouble(key, group, name, about, order, once=True)


def _set_fault(**values: object) -> Callable[[Scene], None]:
    def switch(scene: Scene) -> None:
        for name, value in values.items():
            setattr(scene.slack.faults, name, value)

    return switch


def _answers(quirk: str, name: str, about: str, **beside: object) -> Trouble:
    async def order(scene: Scene, times: int) -> None:
        setattr(scene.ispring.quirks, quirk, getattr(scene.ispring.quirks, quirk) + times)
        for other, value in beside.items():
            setattr(scene.ispring.quirks, other, value)
        scene.slack.workspace.report("fault_changed")

    return Trouble(f"ispring.{quirk}", ISPRING_ANSWERS, name, about, order)


def _quirk(group: str, quirk: str, value: object, name: str, about: str) -> Trouble:
    def switch(scene: Scene) -> None:
        setattr(scene.ispring.quirks, quirk, value)

    suffix = f".{value}" if isinstance(value, str) else ""
    return _standing(f"ispring.{quirk}{suffix}", name, about, switch, group)


async def _archive(scene: Scene, times: int) -> None:
    await scene.slack.archive(scene.cast.results_channel, by=scene.cast.user_id("admin"))


async def _remove_the_bot(scene: Scene, times: int) -> None:
    await scene.slack.remove_bot(scene.cast.results_channel, by=scene.cast.user_id("admin"))


async def _refuse(scene: Scene, times: int) -> None:
    await scene.slack.refuse_connections()


async def _abort(scene: Scene, times: int) -> None:
    scene.slack.abort_socket()


async def _silence(scene: Scene, times: int) -> None:
    scene.slack.silence_socket()


async def _refresh(scene: Scene, times: int) -> None:
    await scene.slack.refresh_socket()


async def _ispring_down(scene: Scene, times: int) -> None:
    await scene.ispring.down()
    scene.slack.workspace.report("fault_changed")


async def _revoke_tokens(scene: Scene, times: int) -> None:
    scene.ispring.revoke_tokens()


TROUBLES: tuple[Trouble, ...] = (
    _post(
        "reply_lost",
        "Posted, but the reply is lost",
        "The message is in the channel; Spotter never hears so. It must look before it sends again.",
    ),
    _post(
        "request_lost",
        "Lost on the way",
        "The connection ends and nothing was posted. To Spotter this looks just like a lost reply.",
    ),
    _post("error_before", "503, not posted", "Slack answers with an error page and keeps nothing."),
    _post("error_after", "500, yet posted", "Slack answers with an error page although the message is there."),
    _post("hang", "Hangs, not posted", "No answer for a minute, then the connection ends."),
    _post("hang_stored", "Hangs, yet posted", "The message is there at once; the answer never comes."),
    _post("text_plain", "Plain text, not posted", "A proxy's words in place of JSON."),
    _post("text_plain_stored", "Plain text, yet posted", "A proxy's words in place of JSON, and the message is there."),
    _post("empty", "Empty answer, not posted", "200 without a body."),
    _post("empty_stored", "Empty answer, yet posted", "200 without a body, and the message is there."),
    _post("html", "A web page, not posted", "HTML in place of JSON."),
    _post("html_stored", "A web page, yet posted", "HTML in place of JSON, and the message is there."),
    _post("rate_limited", "Too fast: wait 2 seconds", "429 with Retry-After. Does not count as an attempt."),
    _post("accepted_late", "Posted 20 s after the connection ended", "The hardest one: at first nobody can see it."),
    _post("internal_error", "internal_error", "Slack's own trouble; whether it posted is open."),
    _post("fatal_error", "fatal_error", "Slack's own trouble; whether it posted is open."),
    _post("invalid_blocks", "The layout is refused", "invalid_blocks: Spotter sends the same news once as plain text."),
    _post("missing_scope", "A right is missing", "missing_scope: sending pauses for a minute, nothing is lost."),
    _standing(
        "slack.token_revoked",
        "The bot's token is revoked",
        "Every call is refused until you clear it; Spotter then tries again within a few minutes.",
        _set_fault(token_revoked=True),
    ),
    _standing(
        "slack.rate_limits",
        "Slack's real rates",
        "One message a second and channel, and the method tiers. Stays on.",
        _set_fault(rate_limits=True),
    ),
    _standing(
        "slack.history_lag",
        "Reading back lags 10 s",
        "New messages show in histories ten seconds late.",
        _set_fault(history_lag=READ_BACK_LAG),
    ),
    _standing(
        "slack.history_error",
        "Reading back is refused",
        "Histories answer missing_scope: Spotter can't look.",
        _set_fault(history_error="missing_scope"),
    ),
    Trouble(
        "slack.archived",
        SLACK_STANDING,
        "#ojt-results is archived",
        "Posts there are refused with is_archived. Clearing brings it back.",
        _archive,
        once=True,
    ),
    Trouble(
        "slack.removed",
        SLACK_STANDING,
        "Spotter is removed from #ojt-results",
        "not_in_channel until it is invited again (Clear all does).",
        _remove_the_bot,
        once=True,
    ),
    Trouble(
        "slack.down",
        SLACK_SOCKET,
        "Slack can't be reached",
        "New connections are refused until you clear it.",
        _refuse,
        once=True,
    ),
    Trouble(
        "slack.abort",
        SLACK_SOCKET,
        "The socket is torn down",
        "Without a closing handshake; Spotter connects again.",
        _abort,
        once=True,
    ),
    Trouble(
        "slack.silent",
        SLACK_SOCKET,
        "The socket goes silent",
        "Open, but nothing comes through, pongs included.",
        _silence,
        once=True,
    ),
    Trouble(
        "slack.refresh", SLACK_SOCKET, "Slack asks to reconnect", "As it does every few hours.", _refresh, once=True
    ),
    Trouble(
        "ispring.down",
        ISPRING_ANSWERS,
        "iSpring can't be reached",
        "Connections are refused until you clear it. /ojt still answers.",
        _ispring_down,
        once=True,
    ),
    Trouble(
        "ispring.revoke",
        ISPRING_ANSWERS,
        "All tokens end early",
        "401; Spotter fetches one new token.",
        _revoke_tokens,
        once=True,
    ),
    _answers("server_errors", "500 with an error page", "Spotter tries again, ever more slowly."),
    _answers("throttled", "Too many requests: wait 5 s", "429 with Retry-After.", retry_after="5"),
    _answers("html_answers", "The web app's page", "200 with HTML, as a wrong address gives."),
    _answers("xml_answers", "XML", "The right answer in the wrong form."),
    _answers("empty_answers", "Nothing", "200 with an empty body."),
    _answers("truncated_answers", "Half of the JSON", "With a length that says it is whole."),
    _answers("cut_off_answers", "Connection ends mid-body", "Half of the answer, then silence."),
    _answers("nested_answers", "JSON a hundred thousand lists deep", "A decoder that recurses would fall over."),
    _answers("endless_answers", "A body that never ends", "Spotter's deadline and size limit end it."),
    _answers("redirects", "A redirect to a log-in page", "Never followed: the key would leak."),
    _answers("refused_tokens", "401 for a good token", "One new token, one repeat."),
    _answers("hangs", "No answer at all", "Spotter's time limit ends it."),
    _quirk(ISPRING_ANSWERS, "slow_body", 5.0, "Bodies that take 5 seconds", "Until you clear it."),
    _quirk(ISPRING_ANSWERS, "no_rights", True, "The key has no administrator's rights", "403 on job training."),
    _quirk(ISPRING_VALUES, "date_style", "iso", "Dates in ISO with an offset", ""),
    _quirk(ISPRING_VALUES, "date_style", "iso_naive", "Dates in ISO without an offset", ""),
    _quirk(ISPRING_VALUES, "date_style", "mdy", "Dates with the month first", ""),
    _quirk(ISPRING_VALUES, "date_style", "mixed", "Dates in several styles", ""),
    _quirk(ISPRING_VALUES, "date_style", "unreadable", "Dates nobody can read", ""),
    _quirk(ISPRING_VALUES, "nulls", True, "null in place of absent values", ""),
    _quirk(ISPRING_VALUES, "numbers_as_strings", True, "Numbers as text", ""),
    _quirk(ISPRING_VALUES, "lone_item_as_object", True, "A list of one is sent as its item", ""),
    _quirk(ISPRING_VALUES, "fields_as_object", True, "A person's fields as an object", ""),
    _quirk(ISPRING_VALUES, "fields_lower_case", True, "A person's fields in lower case", ""),
    _quirk(ISPRING_VALUES, "user_wrapped", True, "A person wrapped in “response”", ""),
    _quirk(ISPRING_LISTING, "duplicate_rows", True, "A row twice", "Nobody may be told twice."),
    _quirk(
        ISPRING_LISTING,
        "new_status",
        "CANCELLED",
        "A status nobody knows",
        "The raw word is kept; the admin hears of it once.",
    ),
    _quirk(ISPRING_LISTING, "zero_total_points", True, "Everything skipped: 0 of 0 points", ""),
    _quirk(
        ISPRING_LISTING, "mistyped_rows", 3, "Three rows with wrong types", "Set aside and reported; the others go on."
    ),
    _quirk(ISPRING_LISTING, "empty_listing", True, "An empty listing", "Suspicious: nothing is marked missing."),
    _quirk(
        ISPRING_LISTING, "half_listing", True, "Half of the sessions missing", "Suspicious: nothing is marked missing."
    ),
    Trouble(
        "ispring.large",
        ISPRING_LISTING,
        "Two years of history: 14,000 more sessions",
        "After three polls Spotter reads only what may have changed; /ojt status says how many bytes.",
        _grow,
        once=True,
    ),
    _quirk(ISPRING_LISTING, "left_out_share", 0.3, "Filters that leave rows out", "For a large company; noticed."),
    _quirk(ISPRING_LISTING, "shuffled", True, "Another order each time", "No news at all."),
    _quirk(
        ISPRING_LISTING,
        "criteria_lag",
        CRITERIA_LAG,
        "Criteria come 30 s late",
        "The card goes out and is completed later.",
    ),
    _quirk(ISPRING_LISTING, "repeated_page_token", True, "A page that names itself as the next", ""),
)


def troubles_by_key() -> dict[str, Trouble]:
    return {alert.key: alert for alert in TROUBLES}


async def clear(scene: Scene) -> None:
    """Everything works again."""
    scene.slack.faults.clear()
    scene.slack.faults.rate_limits = False
    scene.ispring.quirks = Quirks()
    await scene.slack.up()
    await scene.ispring.up()
    channel = scene.slack.workspace.channels[scene.cast.results_channel]
    if channel.is_archived:
        await scene.slack.unarchive(channel.id, by=scene.cast.user_id("admin"))
    if scene.slack.workspace.app.bot_user_id not in channel.members:
        await scene.slack.invite_bot(channel.id, by=scene.cast.user_id("admin"))
    scene.slack.workspace.report("fault_changed")


def ordered(scene: Scene) -> list[Json]:
    """What is still ordered or lasting, in the menu's words."""
    names = {alert.key: alert.name for alert in TROUBLES}
    faults, quirks = scene.slack.faults, scene.ispring.quirks
    rows = [
        {"name": names.get(f"slack.{fault}", f"{method}: {fault}"), "left": str(times)}
        for method, fault, times, _ in faults.waiting
    ]
    identity_of = {
        "slack.token_revoked": faults.token_revoked,
        "slack.rate_limits": faults.rate_limits,
        "slack.history_lag": faults.history_lag > 0,
        "slack.history_error": faults.history_error is not None,
        "slack.archived": scene.slack.workspace.channels[scene.cast.results_channel].is_archived,
        "slack.removed": scene.slack.workspace.app.bot_user_id
        not in scene.slack.workspace.channels[scene.cast.results_channel].members,
        "slack.down": not scene.slack.is_up,
        "ispring.down": not scene.ispring.is_up,
    }
    rows += [{"name": names[key], "left": ""} for key, lasts in identity_of.items() if lasts]
    fresh = Quirks()
    for quirk in dataclasses.fields(quirks):
        value = getattr(quirks, quirk.name)
        if value == getattr(fresh, quirk.name):
            continue
        name = names.get(f"ispring.{quirk.name}") or names.get(f"ispring.{quirk.name}.{value}")
        if name is not None:
            counts = isinstance(value, int) and not isinstance(value, bool) and value < ALWAYS
            is_count = counts and quirk.name in COUNTDOWNS
            rows.append({"name": name, "left": str(value) if is_count else ""})
    return rows


COUNTDOWNS = frozenset(
    alert.key.removeprefix("ispring.") for alert in TROUBLES if alert.group == ISPRING_ANSWERS and not alert.once
)
