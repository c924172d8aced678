"""Shadow mode: everything goes to one private channel and nowhere else, and stays there whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise, permutations
from pathlib import Path

import pytest

from bot.blocks.alerts import alert_text
from bot.blocks.direct_messages import OBSERVER_REASON
from bot.demo.slack import Channel, faults
from bot.domain.alerts import Facts
from bot.domain.delivery import Throttled, after_post
from bot.domain.kinds import KINDS
from bot.domain.notifications import DeliveryState, Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import NotificationState, ShadowCounts, ShadowMode
from bot.domain.routing import introduction
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.jobs.attempts import attempt_of
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.services import muting, pausing
from bot.services.shadow import begin_shadow, go_live
from bot.store.database import Tx
from tests.clock import until
from tests.demo.slack_room import ANA, BOT, NOTICES, OFFICE
from tests.jobs.outbox_room import SHOP_CHANNEL, Room
from tests.jobs.outbox_room import room as a_room
from tests.jobs.test_channels import a_round
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

SHADOW = Destination(DestinationKind.CHANNEL, OFFICE)
POST = "chat.postMessage"
ANA_HERSELF = Destination(DestinationKind.PERSON, "ana")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(tmp_path) as made:
        yield made


async def begin(room: Room) -> ShadowMode:
    mode = await room.store.transact(lambda tx: begin_shadow(tx, OFFICE, OPERATOR, room.clock.now()))
    assert mode is not None
    return mode


async def live(room: Room) -> ShadowCounts:
    done = await room.store.transact(lambda tx: go_live(tx, OPERATOR, room.clock.now()))
    assert done is not None
    return done[1]


def direct(room: Room) -> list[str]:
    """What Ana got herself."""
    return room.texts(room.slack.direct_message(ANA).id)


def opened(room: Room) -> int:
    return room.calls("conversations.open")


# ---- where it goes ---------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
async def test_cards_and_direct_messages_are_shown_there_only_with_where_they_would_have_gone(room: Room) -> None:
    await begin(room)
    await room.complete(72.0)
    await room.send()
    await room.complete(60.0, to=ANA_HERSELF, rules=())
    await room.send()
    card, to_ana = room.texts(OFFICE)
    assert card.splitlines()[:2] == [
        "Shadow mode: would have gone to #shop",
        "🔴 J. Doe · 72 %, below target 80 %",
    ]
    assert to_ana.splitlines()[0] == "Shadow mode: would have gone to Ana López as a direct message"
    assert (room.texts(), opened(room)) == ([], 0), "nobody else gets anything, and no conversation is opened"
    assert all("<@" not in str(one.blocks[0]) for one in room.posted(OFFICE)), "names ping nobody"


async def test_what_is_unknown_by_name_is_shown_all_the_same(room: Room) -> None:
    await room.store.transact(lambda tx: begin_shadow(tx, OFFICE, OPERATOR, room.clock.now()))
    await room.complete(to=Destination(DestinationKind.CHANNEL, "C0NEVERSEEN"), rules=(room.rule.rule_id,))
    await room.send()
    [text] = room.texts(OFFICE)
    assert text.splitlines()[0] == "Shadow mode: would have gone to <#C0NEVERSEEN>"


@pytest.mark.promise("shadowed")
@pytest.mark.parametrize("kind", NotificationKind)
async def test_a_kind_goes_there_or_where_it_belongs_and_never_to_both(room: Room, kind: NotificationKind) -> None:
    """Alerts, notices about rules and what a person asked for go on; everything else is shown there."""
    goes_on = {
        NotificationKind.OPS,
        NotificationKind.SETUP,
        NotificationKind.RULE_PAUSED,
        NotificationKind.RULE_OFFERED,
        NotificationKind.SHARED,
    }
    await begin(room)
    one = Notification(kind=kind, destination=SHOP_CHANNEL, subject="one", reason="test")
    now = room.clock.now()
    await room.store.transact(lambda tx: tx.notifications.enqueue(one, now))
    schedule = await room.store.read(lambda tx: tx.outbox.schedule(now))
    assert bool(schedule.posts) is (kind in goes_on)
    assert list(schedule.shadowed) == ([] if kind in goes_on else [(SHOP_CHANNEL, SHADOW)])
    assert KINDS[kind].is_shadowed is (kind not in goes_on)


async def test_a_rule_of_the_channel_itself_posts_there_as_ever(room: Room) -> None:
    await begin(room)
    await room.complete(to=SHADOW, rules=(room.rule.rule_id,))
    await room.send()
    [text] = room.texts(OFFICE)
    assert "Shadow mode" not in text


async def test_a_new_rule_introduces_itself_there_and_begins(room: Room) -> None:
    await begin(room)
    now = room.clock.now()

    def subscribe(tx: Tx) -> Rule:
        rule = tx.rules.add(SHOP_CHANNEL, OPERATOR, "outcome:failed", RuleState.PENDING, now)
        tx.notifications.enqueue(introduction(rule), now)
        return rule

    rule = await room.store.transact(subscribe)
    await room.send()
    [text] = room.texts(OFFICE)
    assert text.startswith("Shadow mode: would have gone to #shop\n") and room.texts() == []
    stored = await room.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert stored is not None and stored.state is RuleState.ACTIVE


async def test_who_would_have_got_nothing_is_not_shown(room: Room) -> None:
    await begin(room)
    key = await room.complete(to=Destination(DestinationKind.PERSON, "joe"), rules=())
    await room.send()
    assert room.texts(OFFICE) == []
    status = await room.notified(key)
    assert (status.state, status.cancelled) == (
        NotificationState.CANCELLED,
        "no Slack account has this person's e-mail address",
    )


async def test_all_of_it_goes_at_the_pace_of_one_channel(room: Room) -> None:
    await begin(room)
    for number in range(6):
        await room.complete(to=Destination(DestinationKind.CHANNEL, f"C0SITE{number}"), rules=(room.rule.rule_id,))
    await room.send()
    stamps = [float(one.ts) for one in room.posted(OFFICE)]
    assert len(stamps) == 6
    assert min(later - sooner for sooner, later in pairwise(stamps)) >= 1.0


# ---- whatever happens ------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
async def test_a_lost_reply_is_read_back_there_also_after_going_live(room: Room) -> None:
    room.slack.workspace.dedupes_client_msg_id = False
    await begin(room)
    room.slack.faults.order(POST, "reply_lost")
    key = await room.complete()
    await room.send(limit_seconds=2)
    assert await room.state(key) is DeliveryState.AMBIGUOUS
    await live(room)
    await room.send()
    assert await room.state(key) is DeliveryState.SENT
    assert (len(room.texts(OFFICE)), room.texts()) == (1, [])


@pytest.mark.promise("shadowed")
async def test_what_slack_never_got_is_tried_again_there(room: Room) -> None:
    await begin(room)
    room.slack.faults.order(POST, faults.error_before(503))
    key = await room.complete()
    await room.send(limit_seconds=200)
    assert await room.state(key) is DeliveryState.SENT
    assert (len(room.texts(OFFICE)), room.texts()) == (1, [])


@pytest.mark.promise("shadowed")
async def test_a_crash_while_posting_is_resolved_there(room: Room) -> None:
    await begin(room)
    key = await room.complete()
    now = room.clock.now()
    claimed = await room.store.transact(
        lambda tx: tx.outbox.claim(SHOP_CHANNEL, now, room.messenger.slack_time(), "d1", SHADOW)
    )
    assert claimed is not None and (claimed.shadow, claimed.posted_to) == (SHADOW, SHADOW)
    await live(room)
    await room.send()
    delivery = await room.delivery(key)
    assert (delivery.state, delivery.channel) == (DeliveryState.SENT, OFFICE)
    assert (len(room.texts(OFFICE)), room.texts()) == (1, [])


async def test_a_refused_message_goes_there_as_plain_text(room: Room) -> None:
    await begin(room)
    room.slack.faults.order(POST, "invalid_blocks")
    await room.complete()
    await room.send()
    [posted] = room.posted(OFFICE)
    assert posted.text.startswith("Shadow mode: would have gone to #shop\n") and room.texts() == []


# ---- the channel -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
@pytest.mark.parametrize("gone", ["is_archived", "not_in_channel", "shared_outside", "public"])
async def test_if_the_channel_is_gone_all_waits_and_nothing_goes_elsewhere(room: Room, gone: str) -> None:
    await begin(room)
    await room.complete()
    await room.send()
    channel = room.slack.workspace.channels[OFFICE]
    _spoil(channel, gone)
    room.clock.advance(timedelta(minutes=6))
    waiting = [await room.complete(), await room.complete(to=ANA_HERSELF, rules=())]
    await room.send(limit_seconds=60)
    assert (len(room.texts(OFFICE)), room.texts(), opened(room)) == (1, [], 0)
    assert [await room.stands(key) for key in waiting] == [NotificationState.BLOCKED] * 2
    counts = await room.counts()
    assert counts.blocked == 2 and counts.shadow is not None

    _mend(channel)
    room.clock.advance(timedelta(minutes=70))
    await a_round(room)
    await room.send()
    assert (len(room.texts(OFFICE)), room.texts(), opened(room)) == (3, [], 0)


@pytest.mark.promise("shadowed")
@pytest.mark.parametrize("is_private", [True, False])
async def test_how_the_channel_is_is_looked_at_before_anything_is_shown(room: Room, is_private: bool) -> None:
    """It was public a minute ago; the command line asks nobody whether it is private by now."""

    def saw(tx: Tx) -> None:
        tx.destinations.describe(SHADOW, "office", is_public=True)
        tx.destinations.record_check(SHADOW, room.clock.now())
        tx.destinations.record_check(SHOP_CHANNEL, room.clock.now())

    await room.store.transact(saw)
    room.slack.workspace.channels[OFFICE].is_private = is_private
    await begin(room)
    await room.complete()
    await room.send(limit_seconds=60)
    assert (len(room.texts(OFFICE)), room.texts()) == (int(is_private), [])


def _spoil(channel: Channel, gone: str) -> None:
    channel.is_archived = gone == "is_archived"
    channel.is_ext_shared = gone == "shared_outside"
    channel.is_private = gone != "public"
    if gone == "not_in_channel":
        channel.members.remove(BOT)


def _mend(channel: Channel) -> None:
    channel.is_archived = channel.is_ext_shared = False
    channel.is_private = True
    if BOT not in channel.members:
        channel.members.append(BOT)


@pytest.mark.promise("shadowed")
async def test_what_waited_for_a_channel_that_is_gone_goes_where_it_belongs_once_live(room: Room) -> None:
    await begin(room)
    room.slack.workspace.channels[OFFICE].is_archived = True
    key = await room.complete()
    await room.send(limit_seconds=60)
    assert await room.stands(key) is NotificationState.BLOCKED
    assert (await live(room)).messages == 0
    await room.send()
    [text] = room.texts()
    assert "Shadow mode" not in text and await room.state(key) is DeliveryState.SENT


@pytest.mark.promise("shadowed")
async def test_what_can_not_be_looked_for_in_its_channel_after_going_live_is_an_alert(room: Room) -> None:
    await begin(room)
    room.slack.faults.order(POST, "reply_lost")
    key = await room.complete()
    await room.send(limit_seconds=2)
    room.slack.workspace.channels[OFFICE].members.remove(BOT)
    assert await unresolved(room) is None
    await live(room)
    await room.send(limit_seconds=120)
    assert await room.state(key) is DeliveryState.AMBIGUOUS
    facts = await unresolved(room)
    assert facts == {"messages": 1, "channel": OFFICE, "reason": "channel_not_found"}
    said = alert_text({"code": "shadow_unresolved", **facts})
    assert said.startswith(f"1 message that shadow mode may have shown in <#{OFFICE}> can't be looked for there")

    room.slack.workspace.channels[OFFICE].members.append(BOT)
    await room.store.transact(lambda tx: tx.destinations.unblock(SHADOW, room.clock.now()))
    await room.send(limit_seconds=120)
    assert (len(room.texts(OFFICE)), room.texts(), await unresolved(room)) == (1, [], None)


async def unresolved(room: Room) -> Facts | None:
    """The facts of the alert, None if the monitor finds that it is not active."""
    probes = RuntimeProbes(disconnected_for=lambda: 0.0, disk_left=lambda: None)
    await Monitor(room.store, room.clock, probes, settings_of(), wake=lambda: None).once()
    active = await room.store.read(lambda tx: {one.code: dict(one.facts) for one in tx.alerts.all()})
    return active.get("shadow_unresolved")


@pytest.mark.parametrize(
    "fault", [faults.rate_limited(30), faults.api_error("missing_scope", needed="users:read.email")]
)
async def test_a_person_who_cannot_be_looked_up_blocks_nobody_else(room: Room, fault: faults.Fault) -> None:
    await begin(room)
    room.slack.faults.order("users.lookupByEmail", fault)
    key = await room.complete(to=ANA_HERSELF, rules=())
    await room.send(limit_seconds=2)
    assert await room.stands(key) in (NotificationState.PENDING, NotificationState.BLOCKED)
    await room.complete()
    await room.send(limit_seconds=5)
    assert [text.splitlines()[0] for text in room.texts(OFFICE)] == ["Shadow mode: would have gone to #shop"]
    await room.store.transact(lambda tx: tx.destinations.unblock(ANA_HERSELF, room.clock.now()))
    await room.send()
    assert (len(room.texts(OFFICE)), opened(room)) == (2, 0)


# ---- edits -----------------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
async def test_a_card_shown_there_is_corrected_there_also_after_going_live(room: Room) -> None:
    await begin(room)
    key = await room.complete(72.0)
    await room.send()
    await live(room)
    await room.correct(key, 60.0)
    await room.send()
    [text] = room.texts(OFFICE)
    assert text.splitlines()[:2] == [
        "Shadow mode: would have gone to #shop",
        "🔴 Corrected: J. Doe 72 % → 60 %, below target 80 %",
    ]
    assert room.texts() == []


async def test_a_card_posted_before_is_corrected_where_it_is(room: Room) -> None:
    key = await room.complete(72.0)
    await room.send()
    await begin(room)
    await room.correct(key, 60.0)
    await room.send()
    assert "60 %" in room.texts()[0] and room.texts(OFFICE) == []


async def test_a_public_channel_gets_no_edit_that_shows_names_but_a_redaction(room: Room) -> None:
    await begin(room)
    corrected, erased = await room.complete(72.0), await room.complete(71.0)
    await room.send()
    room.slack.workspace.channels[OFFICE].is_private = False
    room.clock.advance(timedelta(minutes=6))
    await room.correct(corrected, 60.0)
    await room.send(limit_seconds=60)
    assert not any("60 %" in text for text in room.texts(OFFICE))
    await room.store.transact(lambda tx: tx.erasure.erase(erased.employee_id, room.clock.now()))
    await room.send(limit_seconds=600)
    assert not any("71 %" in text for text in room.texts(OFFICE))


async def test_who_was_erased_is_not_named_there_any_more_as_who_would_have_got_it(room: Room) -> None:
    await begin(room)
    await room.complete(72.0, to=ANA_HERSELF, rules=())
    await room.send()
    assert "Ana" in room.texts(OFFICE)[0]
    await room.store.transact(lambda tx: tx.erasure.erase("ana", room.clock.now()))
    await room.send()
    assert "Ana" not in str([(one.text, one.blocks) for one in room.posted(OFFICE)])


# ---- going live ------------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
async def test_after_going_live_new_things_go_where_they_belong_and_nothing_comes_twice(room: Room) -> None:
    mode = await begin(room)
    for _ in range(2):
        await room.complete()
        await room.complete(to=ANA_HERSELF, rules=())
        await room.send()
    room.clock.advance(timedelta(hours=20))
    counts = await live(room)
    assert counts == ShadowCounts(messages=4, channels=1, people=1, waiting=0)
    await room.send()
    assert (len(room.texts(OFFICE)), room.texts(), direct(room)) == (4, [], [])

    await room.complete(50.0)
    await room.complete(40.0, to=ANA_HERSELF, rules=())
    await room.send()
    assert (len(room.texts(OFFICE)), len(room.texts()), len(direct(room))) == (4, 1, 1)
    assert not any("Shadow" in text for text in (*room.texts(), *direct(room)))
    last = await room.store.read(lambda tx: tx.shadow.last())
    assert last is not None and (last.at, last.until is not None) == (mode.at, True)
    assert await room.store.read(lambda tx: tx.shadow.mode()) is None


async def test_the_first_direct_message_after_it_says_why_it_comes(room: Room) -> None:
    """What explains direct messages to people was not shown to them."""
    await begin(room)
    await room.complete(to=ANA_HERSELF, rules=())
    await room.send()
    await live(room)
    await room.complete(to=ANA_HERSELF, rules=())
    await room.send()
    [shown], [sent] = room.texts(OFFICE), direct(room)
    assert OBSERVER_REASON in shown and OBSERVER_REASON in sent


async def test_a_turn_after_going_live_is_a_card_of_its_own_that_links_to_no_shadow(room: Room) -> None:
    await begin(room)
    key = await room.complete(90.0)
    await room.send()
    await live(room)
    await room.store.transact(lambda tx: tx.outbox.note_workspace("https://bakery.slack.example/"))
    await room.turn(key, 50.0)
    await room.send()
    [text] = room.texts()
    assert "50 %" in text and OFFICE not in str(room.posted()[0].blocks)


async def test_what_waits_in_a_real_channel_when_it_begins_is_shown_there(room: Room) -> None:
    room.slack.faults.order(POST, faults.rate_limited(30))
    key = await room.complete()
    await room.send(limit_seconds=5)
    assert await room.state(key) is DeliveryState.PENDING
    await begin(room)
    await room.send()
    assert (len(room.texts(OFFICE)), room.texts()) == (1, [])


async def test_what_may_have_been_posted_when_it_begins_is_resolved_where_it_was(room: Room) -> None:
    room.slack.workspace.dedupes_client_msg_id = False
    room.slack.faults.order(POST, "reply_lost")
    key = await room.complete()
    await room.send(limit_seconds=2)
    await begin(room)
    await room.send()
    assert await room.state(key) is DeliveryState.SENT
    assert (len(room.texts()), room.texts(OFFICE)) == (1, [])


@pytest.mark.promise("shadowed")
@pytest.mark.parametrize("begins", [True, False])
async def test_what_surely_was_not_posted_while_it_begins_or_ends_goes_where_all_goes_then(
    room: Room, begins: bool
) -> None:
    if not begins:
        await begin(room)
    await room.complete()
    now, result = room.clock.now(), Throttled(5.0)
    claimed = await room.store.transact(
        lambda tx: tx.outbox.claim(SHOP_CHANNEL, now, room.messenger.slack_time(), "d1", None if begins else SHADOW)
    )
    assert claimed is not None
    await (begin(room) if begins else live(room))
    ended = after_post(claimed, result, now=now, random01=0.5)
    await room.store.transact(lambda tx: tx.outbox.save(ended, attempt_of("post", result, now, now)))
    await room.send()
    assert (len(room.texts(OFFICE)), len(room.texts())) == ((1, 0) if begins else (0, 1))


async def test_what_had_failed_when_it_begins_is_shown_there_if_it_is_tried_again(room: Room) -> None:
    room.slack.faults.order(POST, "msg_too_long", times=2)
    key = await room.complete()
    await room.send()
    assert await room.state(key) is DeliveryState.FAILED
    failed = await room.delivery(key)
    await begin(room)
    assert await room.store.transact(lambda tx: tx.outbox.retry(failed.delivery_id, room.clock.now()))
    await room.send()
    assert (len(room.texts(OFFICE)), room.texts()) == (1, [])


@pytest.mark.promise("shadowed")
async def test_what_failed_in_it_goes_where_it_belongs_if_it_is_tried_again_after_going_live(room: Room) -> None:
    await begin(room)
    room.slack.faults.order(POST, faults.api_error("msg_too_long"), times=2)
    key = await room.complete()
    await room.send(limit_seconds=60)
    failed = await room.delivery(key)
    assert (failed.state, failed.shadow) == (DeliveryState.FAILED, SHADOW)
    await live(room)
    assert await room.store.transact(lambda tx: tx.outbox.retry(failed.delivery_id, room.clock.now()))
    await room.send()
    [text] = room.texts()
    assert "Shadow mode" not in text and room.texts(OFFICE) == []


@pytest.mark.promise("shadowed")
async def test_a_person_who_is_looked_up_when_it_begins_gets_nothing(room: Room) -> None:
    room.slack.faults.delay = 5.0
    key = await room.complete(to=ANA_HERSELF, rules=())
    sending = asyncio.create_task(room.send())
    await until(lambda: room.calls("users.lookupByEmail"))
    assert await room.state(key) is DeliveryState.SENDING
    await begin(room)
    room.slack.faults.clear()
    await sending
    assert (len(room.texts(OFFICE)), direct(room)) == (1, [])


@pytest.mark.promise("shadowed")
@pytest.mark.parametrize("lifted", [*permutations(("pause", "shadow mode", "mute"))], ids=", ".join)
async def test_a_pause_shadow_mode_and_a_mute_each_hold_until_they_end_and_all_comes_once(
    room: Room, lifted: tuple[str, ...]
) -> None:
    later = room.clock.now() + timedelta(hours=4)
    await room.store.transact(lambda tx: pausing.pause_all(tx, OPERATOR, room.clock.now()))
    await begin(room)
    keys = [await room.complete(72.0), await room.complete(60.0)]
    made, held = await room.store.transact(
        lambda tx: muting.mute(tx, SHOP_CHANNEL, "", later, OPERATOR, "", room.clock.now())
    )
    assert held == 2
    left = {"pause", "shadow mode", "mute"}
    place = OFFICE
    for one in (None, *lifted):
        match one:
            case "pause":
                await room.store.transact(lambda tx: pausing.resume_all(tx, OPERATOR, room.clock.now()))
            case "shadow mode":
                await live(room)
                place = place if not left & {"pause", "mute"} else SHOP_CHANNEL.id
            case "mute":
                await room.store.transact(lambda tx: muting.unmute(tx, made, OPERATOR, room.clock.now()))
        left.discard(str(one))
        await room.send(limit_seconds=60)
        told = {OFFICE: room.texts(OFFICE), SHOP_CHANNEL.id: room.texts()}
        if left & {"pause", "mute"}:
            assert told == {OFFICE: [], SHOP_CHANNEL.id: []}, f"{left} still holds it"
            continue
        [text] = told.pop(place)
        assert "was muted" in text and list(told.values()) == [[]]
        assert text.startswith("Shadow mode") is (place == OFFICE)
        assert [await room.state(key) for key in keys] == [DeliveryState.SENT] * 2


async def test_it_is_one_fact_that_survives_a_restart_and_a_move_of_its_channel(room: Room) -> None:
    await begin(room)
    assert await room.store.transact(lambda tx: begin_shadow(tx, NOTICES, OPERATOR, room.clock.now())) is None
    key = await room.complete(72.0)
    await room.send()
    await room.store.transact(lambda tx: tx.destinations.move(OFFICE, "C0OFFICE2", room.clock.now()))
    mode = await room.store.read(lambda tx: tx.shadow.mode())
    assert mode is not None and mode.channel == "C0OFFICE2"
    delivery = await room.delivery(key)
    assert delivery.shadow == mode.destination and delivery.channel == "C0OFFICE2"
    assert delivery.destination == SHOP_CHANNEL
