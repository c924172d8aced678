"""`why`: who was told of a session, when and where, and why or why not."""

from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.domain.changes import decide
from bot.domain.model import Targets
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.store.database import Tx
from tests.listeners.office import ADMIN, EMMA, FOREIGN, LOW, NORTH, OUTSIDE, SAM, UNLINKED, Office, everything_in
from tests.listeners.test_lifecycle import news, read_back, rule_of, send

pytestmark = pytest.mark.virtual_time


async def reason(office: Office, user: str, ident: str) -> str:
    return everything_in(await office.ask(user, f"why {ident}"))


@pytest.mark.promise("why")
async def test_what_was_posted_is_named_with_its_time_its_rule_and_a_link(office: Office) -> None:
    await office.store.transact(lambda tx: tx.outbox.note_workspace("https://shop.example.slack.com/"))
    rule = await rule_of(office)
    key = await news(office, 7)
    await send(office)
    said = await reason(office, ADMIN, key.session_id[:8])
    card = office.slack.messages(NORTH)[-1]
    assert "First seen" in said and "Seen completed" in said
    assert f"rule {rule.rule_id} matches" in said and "was posted: <https://" in said
    assert card.ts.replace(".", "") in said
    assert ": posted: <https://" in said


async def test_a_rule_that_did_not_match_says_why_today(office: Office) -> None:
    await office.rule(NORTH, "outcome:met", owner=SAM)
    await office.ctx.contacts.viewer(SAM)
    key = await news(office, 7, 50.0)
    said = await reason(office, ADMIN, key.session_id[:8])
    assert "No message about it was ever due" in said
    assert "by today's rules" in said and "the rule's query does not match the session" in said


async def test_what_is_held_says_by_what(office: Office) -> None:
    await rule_of(office)
    office.slack.workspace.channels[NORTH].is_archived = True
    await read_back(office)
    key = await news(office, 7)
    said = await reason(office, ADMIN, key.session_id[:8])
    assert "waits since" in said and "the channel is archived" in said


async def test_what_rests_with_its_rule_says_so(office: Office) -> None:
    rule = await rule_of(office)
    await office.store.transact(lambda tx: tx.rules.pause(rule.rule_id, ReasonCode.OWNER_GONE))
    key = await news(office, 7)
    assert "waits for an admin to take it over" in await reason(office, ADMIN, key.session_id[:8])


async def test_what_waits_for_an_introduction_says_so(office: Office) -> None:
    rule = await rule_of(office)
    key = await news(office, 7)
    await office.store.transact(lambda tx: tx.rules.set_state(rule.rule_id, RuleState.PENDING, "", office.clock.now()))
    said = await reason(office, ADMIN, key.session_id[:8])
    assert "waits until the introduction of its rule is posted" in said


async def test_attempts_are_listed_with_what_slack_answered(office: Office) -> None:
    await rule_of(office)
    key = await news(office, 7)
    office.slack.faults.order("chat.postMessage", "is_archived")
    await send(office)
    said = await reason(office, ADMIN, key.session_id[:8])
    assert "post: gone" in said or "(is_archived)" in said


async def test_what_was_left_out_of_a_group_was_not_posted_with_it(office: Office) -> None:
    await rule_of(office)
    first, *_ = [await news(office, number) for number in range(4)]
    now = office.clock.now()

    def reopen(tx: Tx) -> None:
        session = tx.sessions.get(first)
        assert session is not None
        change = decide(session, session.facts._replace(status="IN_PROGRESS"), now=now, targets=Targets())
        assert change is not None
        tx.sessions.save(change, b"12345678")

    await office.store.transact(reopen)
    await send(office)
    said = await reason(office, ADMIN, first.session_id)
    assert "was left out of its message: it is no longer completed" in said and "was posted" not in said


async def test_what_was_reported_and_deleted_since_is_not_called_unsent(office: Office) -> None:
    await rule_of(office)
    key = await news(office, 7)
    office.slack.faults.order("chat.postMessage", "duplicate_message_not_found")
    await send(office)
    said = await reason(office, ADMIN, key.session_id[:8])
    assert "was posted by an earlier attempt and deleted in Slack since" in said
    assert "was not sent" not in said
    assert "post: posted and deleted (duplicate_message_not_found)" in said


@pytest.mark.promise("why")
async def test_nobody_learns_of_places_they_are_not_in(office: Office) -> None:
    office.slack.workspace.channels[OUTSIDE].members.remove(EMMA)
    await rule_of(office, OUTSIDE, owner=ADMIN)
    await rule_of(office, NORTH)
    key = await news(office, 7)
    await send(office)
    said = await reason(office, EMMA, key.session_id[:8])
    assert OUTSIDE not in said and NORTH in said
    assert "the observer" not in said and "Listed are channels you are in" in said
    assert OUTSIDE in await reason(office, ADMIN, key.session_id[:8])


@pytest.mark.parametrize("user", [EMMA, UNLINKED])
async def test_a_session_one_may_not_see_is_not_explained(office: Office, user: str) -> None:
    said = await reason(office, user, FOREIGN.session_id[:8])
    assert "Zoltan" not in said and "First seen" not in said


async def test_without_an_id_it_asks_which(office: Office) -> None:
    assert "Which session?" in everything_in(await office.ask(ADMIN, "why"))


async def test_a_session_no_one_was_notified_of_says_so(office: Office) -> None:
    said = await reason(office, ADMIN, LOW.session_id[:8])
    assert "No message about it was ever due" in said


async def test_admins_see_in_status_what_is_held(office: Office) -> None:
    await rule_of(office)
    office.slack.workspace.channels[NORTH].is_archived = True
    await read_back(office)
    await news(office, 7)
    said = everything_in(await office.ask(ADMIN, "status"))
    assert f"<#{NORTH}>: blocked since" in said and "1 message waiting (the channel is archived)" in said
    assert "held since" not in everything_in(await office.ask(EMMA, "status"))


async def test_a_pending_rule_is_judged_too(office: Office) -> None:
    await office.rule(NORTH, owner=ADMIN, state=RuleState.PENDING)
    key = await news(office, 7)
    assert "the rule is pending" in await reason(office, ADMIN, key.session_id[:8])


@pytest.mark.promise("why")
async def test_what_happened_is_a_timeline_with_links_the_newest_last(office: Office) -> None:
    await office.store.transact(lambda tx: tx.outbox.note_workspace("https://shop.example.slack.com/"))
    rule = await office.rule(NORTH, "dept:North outcome:completed", owner=ADMIN)
    key = await news(office, 7)
    await send(office)
    office.clock.advance(timedelta(minutes=1))
    await office.press(SAM, actions.ACKNOWLEDGE, actions.session_value(key))
    office.clock.advance(timedelta(minutes=5))
    await send(office)
    lines = (await office.ask(ADMIN, f"why {key.session_id[:8]}")).text.splitlines()
    happened = lines[1 : lines.index("How it stands:")]
    steps = [
        "First seen",
        "Seen completed",
        f"Queued for <#{NORTH}>",
        ": posted: <https://",
        "Acknowledged by",
        ": edited",
    ]
    at = [next((at for at, line in enumerate(happened) if step in line), None) for step in steps]
    assert at == sorted(one for one in at if one is not None), happened
    card = office.slack.messages(NORTH)[-1]
    assert f"archives/{NORTH}/p{card.ts.replace('.', '')}" in happened[at[3] or 0]
    assert f"rule {rule.rule_id} matches" in happened[at[2] or 0] and "in North" in happened[at[2] or 0]


async def test_a_rule_is_not_quoted_to_who_may_not_know_the_names_in_it(office: Office) -> None:
    await office.rule(NORTH, '-employee:"Zoltan Kovacs" outcome:completed', owner=ADMIN)
    key = await news(office, 7)
    await send(office)
    assert "Zoltan" not in await reason(office, EMMA, key.session_id[:8])
