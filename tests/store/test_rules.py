"""Rules begin with their intro, pause with their channel, and take with them what waited only for them."""

from dataclasses import replace

from bot.domain.notifications import DeliveryState, Destination
from bot.domain.reasons import ReasonCode
from bot.domain.rules import DEFAULT_OPTIONS, OPERATOR, NamesShown, RuleForm, RuleOptions, RuleState
from bot.store.database import Store, Tx
from tests.store.given import (
    NOON,
    OTHER_ROOM,
    ROOM,
    a_notice,
    a_session,
    an_intro,
    becomes,
    claim,
    enqueue,
    minutes,
    see,
    sent,
)

LATER = NOON + minutes(5)


def a_rule(tx: Tx, state: RuleState = RuleState.ACTIVE, destination: Destination = ROOM) -> int:
    return tx.rules.add(destination, OPERATOR, "outcome:failed", state, NOON).rule_id


def state_of(tx: Tx, rule_id: int) -> tuple[RuleState, str]:
    rule = tx.rules.get(rule_id)
    assert rule is not None
    return rule.state, rule.reason


async def test_rules_come_back_as_they_went_in_by_number(db: Store) -> None:
    def story(tx: Tx) -> None:
        first = tx.rules.add(ROOM, "U1", "", RuleState.PENDING, NOON)
        second = tx.rules.add(OTHER_ROOM, OPERATOR, "score:<80", RuleState.ACTIVE, NOON)
        assert (first.active_since, second.active_since) == (None, NOON)
        assert list(tx.rules.all()) == [first, second]
        assert list(tx.rules.all([RuleState.ACTIVE])) == [second]
        assert list(tx.rules.at(ROOM)) == [first]
        assert tx.rules.get(99) is None

    await db.transact(story)


async def test_a_rule_is_active_when_its_intro_arrives_and_listens_from_its_first_try(db: Store) -> None:
    def story(tx: Tx) -> None:
        rule_id = a_rule(tx, RuleState.PENDING)
        tx.notifications.enqueue(an_intro(rule_id), NOON)
        tried = claim(tx)
        assert state_of(tx, rule_id) == (RuleState.PENDING, "")
        sent(tx, tried, LATER)
        rule = tx.rules.get(rule_id)
        assert rule is not None
        assert (rule.state, rule.active_since) == (RuleState.ACTIVE, NOON)

    await db.transact(story)


async def test_a_rule_whose_intro_can_not_arrive_ends(db: Store) -> None:
    def story(tx: Tx) -> None:
        for number, state in enumerate((DeliveryState.FAILED, DeliveryState.PENDING, DeliveryState.CANCELLED)):
            rule_id = a_rule(tx, RuleState.PENDING)
            tx.notifications.enqueue(an_intro(rule_id), NOON)
            becomes(tx, claim(tx, name=f"d{number}"), state, reason="not_in_channel")
            if state is DeliveryState.PENDING:  # the destination is gone
                tx.destinations.block(ROOM, "not_in_channel", NOON)
                tx.destinations.unblock(ROOM, NOON)
            assert state_of(tx, rule_id) == (RuleState.ENDED, "not_in_channel")
            assert not tx.outbox.retry(f"d{number}", LATER), "nobody introduces a rule that ended"

    await db.transact(story)


async def test_a_dropped_intro_ends_its_rule(db: Store) -> None:
    def story(tx: Tx) -> None:
        rule_id = a_rule(tx, RuleState.PENDING)
        tx.notifications.enqueue(an_intro(rule_id), NOON)
        claim(tx)
        tx.outbox.drop("d1", "by hand")
        assert state_of(tx, rule_id) == (RuleState.ENDED, "by hand")

    await db.transact(story)


async def test_the_rules_of_a_held_destination_pause_and_resume(db: Store) -> None:
    def story(tx: Tx) -> None:
        here, elsewhere, left = a_rule(tx), a_rule(tx, destination=OTHER_ROOM), a_rule(tx)
        tx.rules.set_state(left, RuleState.PAUSED, "its owner left", NOON)
        tx.destinations.block(ROOM, "archived", NOON)
        tx.destinations.block(ROOM, "deleted", NOON)
        assert state_of(tx, here) == (RuleState.PAUSED, "deleted")
        assert state_of(tx, elsewhere) == (RuleState.ACTIVE, "")
        tx.destinations.unblock(ROOM, LATER)
        assert state_of(tx, here) == (RuleState.ACTIVE, "")
        assert state_of(tx, left) == (RuleState.PAUSED, "its owner left")
        rule = tx.rules.get(here)
        assert rule is not None
        assert rule.active_since == NOON, "a pause leaves it"

    await db.transact(story)


async def test_what_waits_only_for_a_rule_ends_with_it(db: Store) -> None:
    only, shared, notified = a_session(1), a_session(2), a_session(3)

    def story(tx: Tx) -> None:
        ending, staying, ended_before = a_rule(tx), a_rule(tx), a_rule(tx)
        tx.rules.set_state(ended_before, RuleState.ENDED, "", NOON)
        see(tx, notified)
        tx.notifications.enqueue(a_notice(notified, rules=(ending,)), NOON)
        sent(tx, claim(tx))
        tx.notifications.enqueue(a_notice(only, rules=(ending, ended_before)), NOON)
        tx.notifications.enqueue(a_notice(shared, rules=(ending, staying)), NOON)
        tx.rules.set_state(ending, RuleState.ENDED, "rule 1 was ended", LATER)
        ends = {facts: tx.deliveries.of_session(facts.key)[0].cancelled for facts in (only, shared, notified)}
        assert ends == {only: "rule 1 was ended", shared: "", notified: ""}
        assert len(claim(tx, name="d2").notifications) == 1

    await db.transact(story)


async def test_what_is_on_its_way_when_its_rule_ends_is_reported_and_kept(db: Store) -> None:
    facts = a_session(1)

    def story(tx: Tx) -> None:
        rule_id = a_rule(tx)
        see(tx, facts)
        tx.notifications.enqueue(a_notice(facts, rules=(rule_id,)), NOON)
        claimed = claim(tx)
        tx.rules.set_state(rule_id, RuleState.ENDED, "rule 1 was ended", NOON)
        sent(tx, claimed)
        (notified,) = tx.deliveries.of_session(facts.key)
        assert notified.delivery is not None
        assert (notified.delivery.state, notified.cancelled) == (DeliveryState.SENT, "")
        see(tx, a_session(1, result=1.0))
        assert tx.outbox.claim_edit(NOON) is not None, "its card is still corrected"

    await db.transact(story)


async def test_notices_of_no_rule_outlive_every_rule(db: Store) -> None:
    def story(tx: Tx) -> None:
        rule_id = a_rule(tx)
        enqueue(tx, a_session(1))
        tx.rules.set_state(rule_id, RuleState.ENDED, "", NOON)
        assert tx.deliveries.of_session(a_session(1).key)[0].cancelled == ""

    await db.transact(story)


async def test_a_default_channel_is_made_once(db: Store) -> None:
    def story(tx: Tx) -> list[bool]:
        before = tx.rules.default_channel_made("C1")
        tx.rules.note_default_channel("C1")
        tx.rules.note_default_channel("C1")
        return [before, tx.rules.default_channel_made("C1"), tx.rules.default_channel_made("C2")]

    assert await db.transact(story) == [False, True, False]


async def test_the_audit_log_is_read_newest_first(db: Store) -> None:
    def story(tx: Tx) -> list[tuple[str, str, str]]:
        tx.audit_log.write("U1", "subscribed", "rule 1", NOON)
        tx.audit_log.write("U2", "ended", "rule 1", LATER)
        return [(entry.who, entry.verb, entry.subject) for entry in tx.audit_log.entries(1)]

    assert await db.transact(story) == [("U2", "ended", "rule 1")]


async def test_a_rules_options_come_back_as_they_were_stored(db: Store) -> None:
    def story(tx: Tx) -> None:
        options = RuleOptions(
            form=RuleForm.DIGEST, schedule="weekly mon 09:00", zone="Europe/Berlin", names=NamesShown.INITIALS
        )
        made = tx.rules.add(ROOM, "U1", "", RuleState.ACTIVE, NOON, options)
        assert made.options == options
        tx.rules.set_options(made.rule_id, replace(options, edits=False), NOON)
        found = tx.rules.get(made.rule_id)
        assert found is not None
        assert (found.options.edits, found.options.schedule) == (False, "weekly mon 09:00")
        assert tx.rules.add(ROOM, "U1", "score:<80", RuleState.ACTIVE, NOON).options == DEFAULT_OPTIONS

    await db.transact(story)


async def test_a_pause_with_an_end_is_due_at_it(db: Store) -> None:
    def story(tx: Tx) -> None:
        rule_id = a_rule(tx)
        tx.rules.pause(rule_id, ReasonCode.PAUSED_BY_PERSON, LATER)
        assert tx.rules.due_to_resume(NOON) == []
        assert [rule.rule_id for rule in tx.rules.due_to_resume(LATER)] == [rule_id]
        tx.rules.resume(rule_id)
        assert tx.rules.due_to_resume(LATER) == []
        tx.rules.pause(rule_id, ReasonCode.OWNER_ERASED, LATER)
        assert tx.rules.due_to_resume(LATER) == []

    await db.transact(story)
