"""Modals of the Slack stand-in: opened in time, filled in, submitted, stacked and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.demo.slack import NotPossible, SlackStandIn, View
from tests.clock import FakeClock
from tests.demo.slack_room import (
    ANA,
    BEN,
    SHOP,
    actions,
    bolt_app,
    button,
    connected,
    menu,
    modal,
    question,
    section,
    web_client,
)

pytestmark = pytest.mark.virtual_time

Body = dict[str, Any]


@pytest.fixture
async def app(slack: SlackStandIn) -> AsyncIterator[AsyncApp]:
    app = bolt_app(slack)

    @app.command("/ojt")
    async def ojt(ack: Any) -> None:
        await ack()

    async with connected(slack, app):
        yield app


TARGET = question("target", {"type": "plain_text_input", "action_id": "percent", "initial_value": "80"})


async def opened(slack: SlackStandIn, view: Body, user: str = ANA) -> View:
    """That modal before this person."""
    answer = await slack.command(user, SHOP, "/ojt")
    await web_client(slack).views_open(trigger_id=answer.trigger_id, view=view)
    found = slack.modal_of(user)
    assert found is not None
    return found


async def refused(slack: SlackStandIn, trigger_id: str, view: Body | None = None) -> str:
    with pytest.raises(SlackApiError) as refusal:
        await web_client(slack).views_open(trigger_id=trigger_id, view=view or modal(section()))
    return str(refusal.value.response["error"])


async def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: SlackStandIn, app: AsyncApp, clock: FakeClock
) -> None:
    first, second = await slack.command(ANA, SHOP, "/ojt"), await slack.command(ANA, SHOP, "/ojt")
    await web_client(slack).views_open(trigger_id=first.trigger_id, view=modal(section()))
    assert await refused(slack, first.trigger_id) == "exchanged_trigger_id"
    clock.advance(timedelta(seconds=4))
    assert await refused(slack, second.trigger_id) == "expired_trigger_id"
    assert await refused(slack, "1.2.made-up") == "invalid_trigger_id"


async def test_a_bad_view_leaves_its_trigger_usable(slack: SlackStandIn, app: AsyncApp) -> None:
    answer = await slack.command(ANA, SHOP, "/ojt")
    assert await refused(slack, answer.trigger_id, modal({"type": "novelty"})) == "invalid_arguments"
    await web_client(slack).views_open(trigger_id=answer.trigger_id, view=modal(section()))


async def test_what_is_filled_in_arrives_as_state(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.view("settings")
    async def save(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    kinds = question("kinds", menu("which", "low", "all", kind="checkboxes"), optional=True)
    who = question("who", {"type": "users_select", "action_id": "person"}, optional=True)
    view = await opened(slack, modal(TARGET, kinds, who, private_metadata="r7"))
    result = await slack.submit(view.id, ANA, {"kinds": ["low"], "person": BEN})
    assert (result.ok, result.view, slack.modal_of(ANA)) == (True, None, None)
    [body] = bodies
    values = body["view"]["state"]["values"]
    assert values["target"]["percent"] == {"type": "plain_text_input", "value": "80"}
    assert [one["value"] for one in values["kinds"]["which"]["selected_options"]] == ["low"]
    assert values["who"]["person"]["selected_user"] == BEN
    assert (body["view"]["private_metadata"], body["type"]) == ("r7", "view_submission")
    assert body["response_urls"] == []


async def test_a_required_field_left_empty_never_reaches_the_app(slack: SlackStandIn, app: AsyncApp) -> None:
    view = await opened(slack, modal(question("why", {"type": "plain_text_input", "action_id": "reason"})))
    result = await slack.submit(view.id, ANA)
    assert list(result.errors) == ["why"]
    with pytest.raises(NotPossible):
        await slack.submit(view.id, ANA, {"colour": "red"})
    with pytest.raises(NotPossible):
        await slack.submit(view.id, BEN)


async def test_errors_keep_the_modal_open(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.view("settings")
    async def save(ack: Any, view: Body) -> None:
        if view["state"]["values"]["target"]["percent"]["value"] == "180":
            await ack(response_action="errors", errors={"target": "Between 0 and 100, please."})
        else:
            await ack()

    view = await opened(slack, modal(TARGET))
    result = await slack.submit(view.id, ANA, {"percent": "180"})
    assert result.errors == view.errors == {"target": "Between 0 and 100, please."}
    assert (await slack.submit(view.id, ANA, {"percent": "70"})).ok
    assert slack.modal_of(ANA) is None


async def test_a_submit_can_update_push_and_clear(slack: SlackStandIn, app: AsyncApp) -> None:
    steps: Iterator[Body] = iter(
        [
            {"response_action": "update", "view": modal(TARGET, callback_id="second")},
            {"response_action": "push", "view": modal(section("sure?"), callback_id="third")},
            {"response_action": "clear"},
        ]
    )

    @app.view({"type": "view_submission", "callback_id": "settings"})
    @app.view({"type": "view_submission", "callback_id": "second"})
    @app.view({"type": "view_submission", "callback_id": "third"})
    async def step(ack: Any) -> None:
        await ack(**next(steps))

    view = await opened(slack, modal(section()))
    updated = await slack.submit(view.id, ANA)
    assert updated.view is view
    assert view.callback_id == "second"
    pushed = (await slack.submit(view.id, ANA)).view
    assert pushed is not None
    assert (pushed.callback_id, pushed.previous_view_id, pushed.root_view_id) == ("third", view.id, view.id)
    with pytest.raises(NotPossible):
        await slack.submit(view.id, ANA)
    assert (await slack.submit(pushed.id, ANA)).view is None


async def test_a_view_slack_would_not_show_fails_the_submit(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.view("settings")
    async def save(ack: Any) -> None:
        await ack(response_action="update", view=modal(section("x" * 3001)))

    view = await opened(slack, modal(section()))
    result = await slack.submit(view.id, ANA)
    assert result.failure is not None
    assert "/view/blocks/0/text/text" in result.failure
    assert slack.modal_of(ANA) is view


async def test_typed_values_survive_an_update_that_keeps_the_ids(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.action("scope")
    async def scope(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    select = {**actions(menu("scope", "all", "one")), "block_id": "where"}
    view = await opened(slack, modal(TARGET, select))
    await slack.choose(ANA, view, "scope", "one")
    assert bodies[0]["container"] == {"type": "view", "view_id": view.id}
    assert "response_url" not in bodies[0]
    client = web_client(slack)
    updated = await client.views_update(view_id=view.id, hash=view.hash, view=modal(section("more"), select))
    assert updated["view"]["state"]["values"]["where"]["scope"]["selected_option"]["value"] == "one"
    with pytest.raises(SlackApiError) as refusal:
        await client.views_update(view_id=view.id, hash=bodies[0]["view"]["hash"], view=modal(section()))
    assert refusal.value.response["error"] == "hash_conflict"
    await client.views_update(view_id=view.id, view=modal(section("none")))
    assert view.state == {}


async def test_at_most_three_modals_lie_on_each_other(slack: SlackStandIn, app: AsyncApp) -> None:
    answers: list[str] = []

    def more_than(notified: int) -> bool:
        return len(answers) > notified

    @app.action("deeper")
    async def deeper(ack: Any, body: Body, client: Any) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=modal(actions(button("deeper"))))
            answers.append("pushed")
        except SlackApiError as refusal:
            answers.append(refusal.response["error"])

    await opened(slack, modal(actions(button("deeper"))))
    for _ in range(3):
        top, notified = slack.modal_of(ANA), len(answers)
        assert top is not None
        await slack.press(ANA, top, "deeper")
        await slack.until(partial(more_than, notified))
    assert answers == ["pushed", "pushed", "push_limit_reached"]


async def test_closing_is_reported_only_to_those_who_asked(slack: SlackStandIn, app: AsyncApp) -> None:
    closed: list[Body] = []

    @app.view_closed("settings")
    async def gone(ack: Any, body: Body) -> None:
        closed.append(body)
        await ack()

    quiet = await opened(slack, modal(section()))
    await slack.close(quiet.id)
    loud = await opened(slack, modal(section(), notify_on_close=True))
    await slack.close(loud.id, clear=True)
    assert [body["is_cleared"] for body in closed] == [True]
    assert slack.modal_of(ANA) is None


async def test_external_ids_are_unique_and_find_their_view(slack: SlackStandIn, app: AsyncApp) -> None:
    view = await opened(slack, modal(section(), external_id="e1"))
    other = await slack.command(BEN, SHOP, "/ojt")
    assert await refused(slack, other.trigger_id, modal(section(), external_id="e1")) == "duplicate_external_id"
    await web_client(slack).views_update(external_id="e1", view=modal(section("found"), external_id="e1"))
    assert view.blocks[0]["text"]["text"] == "found"


async def test_a_menu_asks_the_app_for_its_options(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.options("person")
    async def people(ack: Any, payload: Body) -> None:
        await ack(options=[{"text": {"type": "plain_text", "text": payload["value"].title()}, "value": "p1"}])

    view = await opened(slack, modal(question("who", {"type": "external_select", "action_id": "person"})))
    [option] = await slack.suggest(view.id, ANA, "person", "ben")
    assert option["text"]["text"] == "Ben"


async def test_a_channel_chosen_in_a_modal_can_give_a_response_address(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.view("settings")
    async def save(ack: Any, body: Body, respond: Any) -> None:
        await ack()
        await respond("Saved", response_type="in_channel")

    select = {"type": "conversations_select", "action_id": "channel", "response_url_enabled": True}
    view = await opened(slack, modal(question("where", select)))
    result = await slack.submit(view.id, ANA, {"channel": SHOP})
    assert (await result.answers[0].first()).text == "Saved"
    assert [one.text for one in slack.messages(SHOP)] == ["Saved"]
