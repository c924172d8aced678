"""People and old sessions are forgotten: here, in what iSpring lists anew, and in what was posted."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain.delivery import Found, NotFound, after_read_back, shown_versions
from bot.domain.model import Change, ChangeKind, Details, News, Session, SessionFacts, SessionRecord
from bot.domain.notifications import (
    TAKEN_BACK,
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
)
from bot.domain.permissions import EVERYTHING
from bot.domain.polling import ListingDiff
from bot.domain.reasons import SHARED_OUTSIDE, ReasonCode
from bot.domain.retention import BETWEEN_REDACTIONS, Erased
from bot.domain.rules import RuleState
from bot.domain.staff import Person
from bot.domain.viewers import DirectMessages, Preferences, SlackUser
from bot.query import parser as language
from bot.store.database import Store, Tx
from bot.store.redaction import CHILDREN
from bot.store.retention import ATTEMPTS_KEPT, SLACK_USERS_KEPT
from tests.store.given import (
    ANA,
    NOON,
    OTHER_ROOM,
    ROOM,
    TARGETS,
    a_notice,
    a_session,
    an_attempt,
    an_intro,
    baseline,
    becomes,
    claim,
    enqueue,
    fingerprint,
    listing,
    minutes,
    planned,
    sent,
    stored,
)

EVE_DM = Destination(DestinationKind.PERSON, "eve")
PEOPLE = (
    Person(person_id="ana", name="Ana Observer", email="ana@bakery.example"),
    Person(person_id="eve", name="Evelyn Employee", email="eve@bakery.example"),
    Person(person_id="joe", name="Joe Colleague", email="shop@bakery.example"),
    Person(person_id="kim", name="Kim Colleague", email="shop@bakery.example"),
)
HERS, ALSO_HERS = a_session(1), a_session(2, result=40.0)
JOES = a_session(3, employee="joe")
LATER = NOON + minutes(5)


def company(tx: Tx) -> None:
    """Eve has two sessions, Joe one, all observed by Ana; both are known in Slack."""
    baseline(tx, HERS, ALSO_HERS, JOES)
    tx.people.replace_directory(PEOPLE, (), NOON)
    for user, address in (("U0EVE", "eve@bakery.example"), ("U0ANA", "ana@bakery.example")):
        tx.people.save_slack_user(SlackUser(user_id=user, email=address, zone="UTC", is_full_member=True), NOON)
    tx.people.link("U0EVE", "eve", "email", "eve@bakery.example", NOON)


def unsure_about(facts: Sequence[SessionFacts], destination: Destination, tx: Tx) -> None:
    """A message about sessions was posted, and nobody knows whether it stands there."""
    enqueue(tx, *facts, destination=destination)
    becomes(tx, claim(tx, destination, name="unsure"), DeliveryState.AMBIGUOUS)


def is_found(posted: Mapping[int, int], tx: Tx) -> None:
    """It stands there; `posted` says which version of each notice's session it shows, as far as that is known."""
    [delivery] = tx.outbox.read_backs_due(LATER, 1)
    found = shown_versions(after_read_back(delivery, Found("C0001", "1.1"), now=NOON, random01=0.5), posted)
    tx.outbox.save(found, an_attempt(what="read_back"))


async def erased(db: Store, person_id: str = "eve") -> Erased:
    return await db.transact(lambda tx: tx.erasure.erase(person_id, NOON))


async def listing_diff(db: Store, *facts: SessionFacts) -> ListingDiff:
    return await db.read(lambda tx: tx.listings.diff(listing(*facts)))


async def found(db: Store) -> set[str]:
    """The session ids that a search for everything brings."""

    def search(tx: Tx) -> set[str]:
        page = tx.search.find(language.parse(""), EVERYTHING, language.Names(), NOON, 100)
        return {session.key.session_id for session in page.sessions}

    return await db.read(search)


def record_of(facts: SessionFacts, tx: Tx) -> SessionRecord | None:
    return tx.sessions.record(facts.key)


def starting_like(facts: SessionFacts, tx: Tx) -> Sequence[Session]:
    return tx.search.starting_with(facts.key.session_id[:8], EVERYTHING)


async def edits_due(db: Store) -> list[str]:
    def claimed(tx: Tx) -> list[str]:
        names = []
        while (delivery := tx.outbox.claim_edit(NOON)) is not None:
            names.append(delivery.delivery_id)
        return sorted(names)

    return await db.transact(claimed)


@pytest.fixture
async def store(db: Store) -> Store:
    await db.transact(company)
    return db


# ---- what is gone --------------------------------------------------------------------------------------------------


async def test_an_erased_employees_sessions_are_found_nowhere(store: Store) -> None:
    done = await erased(store)
    assert done.sessions == 2
    assert await found(store) == {JOES.key.session_id}
    for facts in (HERS, ALSO_HERS):
        assert await store.read(partial(record_of, facts)) is None
        assert await store.read(partial(starting_like, facts)) == []
    assert (await store.read(lambda tx: tx.polls.state())).sessions == 1


async def test_a_listing_that_still_has_them_says_nothing_new(store: Store) -> None:
    await erased(store)
    seen = await listing_diff(store, HERS, ALSO_HERS, JOES)
    assert (list(seen.changed), list(seen.missing), list(seen.back), seen.known) == ([], [], [], 1)


async def test_a_correction_or_a_new_session_of_an_erased_employee_is_not_taken_in(store: Store) -> None:
    await erased(store)
    seen = await listing_diff(store, a_session(1, result=10.0), a_session(9), JOES)
    assert list(seen.changed) == []


async def test_a_listing_without_them_calls_nobody_missing(store: Store) -> None:
    await erased(store)
    assert list((await listing_diff(store, JOES)).missing) == []


async def test_what_was_compared_before_the_erasure_does_not_bring_them_back(store: Store) -> None:
    before = await store.read(lambda tx: stored(tx, HERS.key))
    late = Change(kind=ChangeKind.CORRECTED, news=News.EDIT, reason="late", before=before, after=before)
    await erased(store)
    await store.transact(lambda tx: tx.sessions.save(late, fingerprint(HERS)))
    await store.transact(lambda tx: tx.details.save(HERS.key, Details(), NOON))
    assert await store.read(lambda tx: tx.sessions.get(HERS.key)) is None


async def test_whoever_is_erased_before_the_first_listing_is_not_in_it(db: Store) -> None:
    await erased(db)
    await db.transact(lambda tx: tx.listings.write_baseline([(HERS, fingerprint(HERS))], TARGETS, NOON))
    assert await db.read(lambda tx: tx.sessions.get(HERS.key)) is None


async def test_everything_that_hangs_on_a_session_goes_with_it(store: Store, path: Path) -> None:
    await store.transact(lambda tx: tx.details.save(HERS.key, Details(), NOON))
    await store.transact(lambda tx: tx.sessions.acknowledge(HERS.key, "U0ANA", NOON))
    await erased(store)
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    hanging = {t for t in tables for row in connection.execute(f"PRAGMA foreign_key_list({t})") if row[2] == "sessions"}
    left = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in CHILDREN]
    connection.close()
    assert hanging == set(CHILDREN)
    assert left == [0] * len(CHILDREN)


@pytest.mark.promise("erased")
async def test_the_name_is_nowhere_in_the_file(path: Path) -> None:
    db = Store.open(path, now=NOON)
    await db.transact(company)
    await db.transact(lambda tx: tx.people.replace_directory(PEOPLE, (), NOON))
    await erased(db)
    db.close()
    content = path.read_bytes()
    assert b"Evelyn" not in content and b"eve@bakery" not in content and b"U0EVE" not in content
    assert b"Joe Colleague" in content


@pytest.mark.promise("erased")
async def test_the_name_is_in_no_file_beside_a_running_spotter(path: Path) -> None:
    running, verb = Store.open(path, now=NOON), Store.open(path, now=NOON)
    await running.transact(company)
    assert await running.read(lambda tx: tx.people.directory()) is not None
    await erased(verb)
    assert await verb.truncate_log()
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert b"Evelyn" not in content and b"eve@bakery" not in content, file.name
    verb.close()
    running.close()


async def test_a_log_that_somebody_reads_is_not_called_empty(path: Path) -> None:
    db = Store.open(path, now=NOON, busy_seconds=0.1)
    await db.transact(company)
    reading = sqlite3.connect(path)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM people").fetchone()
    await erased(db)
    assert not await db.truncate_log()
    reading.close()
    assert await db.truncate_log()
    db.close()


# ---- their account -------------------------------------------------------------------------------------------------


async def test_link_wishes_and_slack_account_are_forgotten(store: Store) -> None:
    await store.transact(lambda tx: tx.people.set_preferences("U0EVE", Preferences(DirectMessages.NONE)))
    assert (await erased(store)).slack_users == ("U0EVE",)
    assert await store.read(lambda tx: tx.people.slack_user("U0EVE")) is None
    assert await store.read(lambda tx: tx.people.linked_user("eve")) is None
    assert await store.read(lambda tx: tx.people.preferences("U0EVE")) == Preferences()


async def test_an_account_that_was_never_linked_is_known_by_its_address(store: Store) -> None:
    assert (await erased(store, "ana")).slack_users == ("U0ANA",)


async def test_a_shared_mailbox_is_nobodys_account(store: Store) -> None:
    shop = SlackUser(user_id="U0SHOP", email="shop@bakery.example", zone="UTC", is_full_member=True)
    await store.transact(lambda tx: tx.people.save_slack_user(shop, NOON))
    assert (await erased(store, "joe")).slack_users == ()
    assert await store.read(lambda tx: tx.people.slack_user("U0SHOP")) is not None


@pytest.mark.promise("erased")
async def test_the_next_reading_of_ispring_does_not_bring_them_back(store: Store) -> None:
    await erased(store)
    await store.transact(lambda tx: tx.people.replace_directory(PEOPLE, (), NOON))
    directory = await store.read(lambda tx: tx.people.directory())
    assert "eve" not in directory.people
    assert directory.name_of("eve") == "erased person"
    assert directory.with_email("eve@bakery.example") == ()


async def test_another_process_sees_it_at_once(store: Store, path: Path) -> None:
    assert "eve" in (await store.read(lambda tx: tx.people.directory())).people
    other = Store.open(path, now=NOON)
    await erased(other)
    other.close()
    assert "eve" not in (await store.read(lambda tx: tx.people.directory())).people


async def test_their_rules_rest_and_those_that_name_them_are_listed(store: Store) -> None:
    def subscribe(tx: Tx) -> Sequence[int]:
        return [
            tx.rules.add(ROOM, "U0EVE", "", RuleState.ACTIVE, NOON).rule_id,
            tx.rules.add(ROOM, "U0ANA", "employee:<id:eve> outcome:failed", RuleState.ACTIVE, NOON).rule_id,
            tx.rules.add(ROOM, "U0ANA", "observer:<@U0EVE>", RuleState.ACTIVE, NOON).rule_id,
            tx.rules.add(ROOM, "U0ANA", "checklist:Opening", RuleState.ACTIVE, NOON).rule_id,
        ]

    theirs, named, mentioned, other = await store.transact(subscribe)
    done = await erased(store)
    assert (done.rules_paused, done.rules_naming) == ((theirs,), (named, mentioned))
    states = {rule.rule_id: rule.state for rule in await store.read(lambda tx: tx.rules.all())}
    assert (states[theirs], states[other]) == (RuleState.PAUSED, RuleState.ACTIVE)


async def test_a_pause_they_made_does_not_end_once_they_are_erased(store: Store) -> None:
    def pause(tx: Tx) -> int:
        number = tx.rules.add(ROOM, "U0EVE", "", RuleState.ACTIVE, NOON).rule_id
        tx.rules.pause(number, ReasonCode.PAUSED_BY_PERSON, NOON)
        return number

    number = await store.transact(pause)
    assert len(await store.read(lambda tx: tx.rules.due_to_resume(NOON))) == 1
    await erased(store)
    assert await store.read(lambda tx: tx.rules.due_to_resume(NOON)) == []
    rule = await store.read(lambda tx: tx.rules.get(number))
    assert rule is not None and (rule.reason_code, rule.resumes_at) == (ReasonCode.OWNER_ERASED, None)


async def test_what_waits_for_their_rules_waits_until_somebody_takes_them_over(store: Store) -> None:
    def subscribe(tx: Tx) -> int:
        rule = tx.rules.add(ROOM, "U0EVE", "", RuleState.ACTIVE, NOON)
        tx.notifications.enqueue(a_notice(JOES, rules=(rule.rule_id,)), NOON)
        return rule.rule_id

    number = await store.transact(subscribe)
    await erased(store)
    assert await store.read(lambda tx: tx.outbox.schedule().due(NOON, 10)) == []
    await store.transact(lambda tx: tx.rules.take_over(number, "U0ANA"))
    assert await store.read(lambda tx: tx.outbox.schedule().due(NOON, 10)) == [ROOM]


# ---- what was posted -----------------------------------------------------------------------------------------------


async def test_cards_about_an_erased_employee_owe_an_edit(store: Store) -> None:
    def post(tx: Tx) -> None:
        enqueue(tx, HERS)
        sent(tx, claim(tx, name="hers"))
        enqueue(tx, JOES, destination=OTHER_ROOM)
        sent(tx, claim(tx, OTHER_ROOM, name="joes"))

    await store.transact(post)
    assert (await erased(store)).redactions == 1
    assert await edits_due(store) == ["hers"]


async def test_an_edit_that_was_made_is_not_queued_again(store: Store) -> None:
    def post(tx: Tx) -> Delivery:
        enqueue(tx, HERS)
        return sent(tx, claim(tx, name="hers"))

    delivery = await store.transact(post)
    await erased(store)
    assert await edits_due(store) == ["hers"]
    versions = {delivery.notifications[0].notification_id: TAKEN_BACK}
    await store.transact(lambda tx: tx.outbox.save_edit("hers", versions, None, "", an_attempt(what="edit")))
    assert await edits_due(store) == []
    assert await erased(store) == Erased()


async def test_a_card_that_slack_once_refused_to_edit_is_tried_again(store: Store) -> None:
    def post(tx: Tx) -> None:
        enqueue(tx, HERS)
        sent(tx, claim(tx, name="hers"))
        tx.outbox.save_edit("hers", {}, None, "edit_window_closed", an_attempt(what="edit"))

    await store.transact(post)
    done = await erased(store)
    assert (done.redactions, done.out_of_reach) == (1, ())
    assert await edits_due(store) == ["hers"]


async def test_a_card_posted_while_somebody_was_erased_is_edited(store: Store) -> None:
    def begin(tx: Tx) -> Delivery:
        enqueue(tx, HERS)
        return claim(tx, name="hers")

    delivery = await store.transact(begin)
    assert (await erased(store)).redactions == 1
    await store.transact(lambda tx: sent(tx, delivery, version=1))
    assert await edits_due(store) == ["hers"]


@pytest.mark.parametrize("posted", [{}, {1: 1}], ids=["by an earlier process", "by this one"])
@pytest.mark.parametrize("whose", ["eve", "ana"])
async def test_a_card_found_after_somebody_was_erased_is_edited(
    whose: str, posted: Mapping[int, int], store: Store
) -> None:
    await store.transact(partial(unsure_about, [HERS], ROOM))
    assert (await erased(store, whose)).redactions == 1
    await store.transact(partial(is_found, posted))
    assert (await erased(store, whose)).redactions == 1
    assert await edits_due(store) == ["unsure"]


async def test_a_group_found_after_one_in_it_was_erased_is_edited(store: Store) -> None:
    await store.transact(partial(unsure_about, [HERS, JOES], ANA))
    await erased(store, "joe")
    await store.transact(partial(is_found, {1: 1, 2: 1}))
    assert await edits_due(store) == ["unsure"]


async def test_a_message_to_somebody_erased_counts_as_left_to_do_until_it_is_known_not_to_stand_there(
    store: Store,
) -> None:
    await store.transact(partial(unsure_about, [JOES], EVE_DM))
    assert (await erased(store)).redactions == 1

    def absent_twice(tx: Tx) -> None:
        for _ in range(2):
            [delivery] = tx.outbox.read_backs_due(LATER, 1)
            tx.outbox.save(after_read_back(delivery, NotFound(), now=NOON, random01=0.5), an_attempt(what="read_back"))

    await store.transact(absent_twice)
    assert (await erased(store)).redactions == 0


async def test_what_waits_about_them_or_for_them_is_not_sent(store: Store) -> None:
    def wait(tx: Tx) -> None:
        enqueue(tx, HERS)
        enqueue(tx, HERS, destination=EVE_DM)
        becomes(tx, claim(tx, EVE_DM, name="dm"), DeliveryState.PENDING)
        enqueue(tx, JOES, destination=OTHER_ROOM)

    await store.transact(wait)
    assert (await erased(store)).dropped == 2
    assert await store.read(lambda tx: tx.outbox.schedule().due(NOON, 10)) == [OTHER_ROOM]


async def test_an_observers_sessions_stay_without_the_name(store: Store) -> None:
    def post(tx: Tx) -> None:
        enqueue(tx, HERS)
        sent(tx, claim(tx, name="card"))
        enqueue(tx, HERS, destination=ANA)
        sent(tx, claim(tx, ANA, name="dm"))

    await store.transact(post)
    done = await erased(store, "ana")
    assert (done.sessions, done.observed, done.redactions) == (0, 3, 2)
    assert len(await found(store)) == 3
    assert await edits_due(store) == ["card", "dm"]


async def test_whoever_acknowledged_a_result_is_not_named_on_its_card_any_more(store: Store) -> None:
    def post(tx: Tx) -> None:
        enqueue(tx, JOES)
        sent(tx, claim(tx, name="joes"))
        tx.sessions.acknowledge(JOES.key, "U0EVE", NOON)
        delivery = tx.outbox.claim_edit(NOON)
        assert delivery is not None
        shown = {delivery.notifications[0].notification_id: stored(tx, JOES.key).version}
        tx.outbox.save_edit("joes", shown, None, "", an_attempt(what="edit"))

    await store.transact(post)
    await erased(store)
    record = await store.read(lambda tx: tx.sessions.record(JOES.key))
    assert record is not None and record.acknowledgements == ()
    assert await edits_due(store) == ["joes"]


# ---- where their name was part of a query --------------------------------------------------------------------------


async def introduced(db: Store, query: str) -> int:
    """A rule with its introduction posted as "intro"; its number."""

    def post(tx: Tx) -> int:
        rule = tx.rules.add(ROOM, "U0ANA", query, RuleState.ACTIVE, NOON)
        tx.notifications.enqueue(an_intro(rule.rule_id), NOON)
        sent(tx, claim(tx, name="intro"))
        return rule.rule_id

    return await db.transact(post)


async def query_of(db: Store, number: int) -> str:
    rule = await db.read(lambda tx: tx.rules.get(number))
    assert rule is not None
    return rule.query


async def test_an_introduction_that_named_them_owes_an_edit_and_no_text_is_rewritten(store: Store) -> None:
    number = await introduced(store, "employee:<id:eve> employee:<id:joe>")
    done = await erased(store)
    assert (done.redactions, done.rules_naming) == (1, (number,))
    assert await edits_due(store) == ["intro"]
    assert await query_of(store, number) == "employee:<id:eve> employee:<id:joe>"
    assert (await erased(store)).redactions == 1, "it is still to be edited"


async def test_an_introduction_of_a_rule_about_somebody_else_owes_no_edit(store: Store) -> None:
    await introduced(store, "employee:<id:evelyn> employee:<id:ev>")
    done = await erased(store)
    assert (done.redactions, done.rules_naming) == (0, ())


async def test_a_text_that_means_several_people_stays_and_its_rule_is_listed(store: Store) -> None:
    number = await introduced(store, "employee:colleague")
    assert (await erased(store, "joe")).rules_naming == (number,)
    assert await edits_due(store) == []
    assert await query_of(store, number) == "employee:colleague"


async def test_a_shared_list_that_left_them_out_owes_an_edit(store: Store) -> None:
    await store.transact(lambda tx: share(tx, "-employee:<id:eve>"))
    done = await erased(store)
    assert done.redactions == 1
    assert await edits_due(store) == ["shared"]
    [notified] = await store.read(lambda tx: tx.deliveries.of_session(JOES.key))
    assert notified.notification.facts["query"] == "-employee:<id:eve>"


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_a_shared_list_on_its_way_is_edited_once_it_has_arrived(store: Store, state: DeliveryState) -> None:
    def begin(tx: Tx) -> Delivery:
        delivery = owe_share(tx, "-employee:<id:eve>")
        return delivery if state is DeliveryState.SENDING else becomes(tx, delivery, state)

    delivery = await store.transact(begin)
    await erased(store)
    assert await edits_due(store) == []
    await store.transact(lambda tx: sent(tx, delivery, version=1))
    assert await edits_due(store) == ["shared"]


async def test_what_is_erased_while_a_message_is_edited_owes_another_edit(store: Store) -> None:
    await introduced(store, "employee:<id:eve> observer:<id:ana>")
    await erased(store)
    assert await edits_due(store) == ["intro"]
    await erased(store, "ana")
    await store.transact(lambda tx: tx.outbox.save_edit("intro", {}, None, "", an_attempt(what="edit")))
    assert await edits_due(store) == ["intro"]


async def test_an_introduction_that_slack_throttles_is_still_to_be_edited(store: Store) -> None:
    await introduced(store, "employee:<id:eve>")
    await erased(store)

    def throttled(tx: Tx) -> None:
        assert tx.outbox.claim_edit(NOON) is not None
        tx.outbox.save_edit("intro", {}, NOON + minutes(2), "", an_attempt(what="edit", result="throttled"))

    await store.transact(throttled)
    assert (await erased(store)).redactions == 1
    assert await store.read(lambda tx: tx.outbox.schedule().next_due_at) == NOON + minutes(2)


def owe_share(tx: Tx, query: str) -> Delivery:
    """Joe's session is shared by a query, and its message begun."""
    facts: dict[str, str | int | float | None] = {"by": "U0ANA", "share": "x", "query": query, "total": 1}
    notification = replace(a_notice(JOES), kind=NotificationKind.SHARED, subject="shared:x", facts=facts)
    tx.notifications.enqueue(notification, NOON)
    return claim(tx, name="shared")


def share(tx: Tx, query: str) -> None:
    sent(tx, owe_share(tx, query))


# ---- where nobody can write, or another company reads along --------------------------------------------------------


async def told_of_her(db: Store) -> Delivery:
    def post(tx: Tx) -> Delivery:
        enqueue(tx, HERS)
        return sent(tx, claim(tx, name="hers"))

    return await db.transact(post)


async def test_a_message_is_taken_back_where_another_company_reads_along(store: Store) -> None:
    delivery = await told_of_her(store)
    await store.transact(lambda tx: tx.destinations.block(ROOM, SHARED_OUTSIDE, NOON))
    done = await erased(store)
    assert (done.redactions, done.held_back) == (1, ())
    assert await edits_due(store) == ["hers"]
    taken = {delivery.notifications[0].notification_id: TAKEN_BACK}
    await store.transact(lambda tx: tx.outbox.save_edit("hers", taken, None, "", an_attempt(what="edit")))
    assert (await erased(store)).redactions == 0


async def test_what_was_taken_back_is_shown_again_once_the_channel_is_ours_again(store: Store) -> None:
    delivery = await told_of_her(store)
    taken = {delivery.notifications[0].notification_id: TAKEN_BACK}

    def taken_back(tx: Tx) -> None:
        tx.sessions.acknowledge(HERS.key, "U0ANA", NOON)
        tx.destinations.block(ROOM, SHARED_OUTSIDE, NOON)
        assert tx.outbox.claim_edit(NOON) is not None
        tx.outbox.save_edit("hers", taken, None, "", an_attempt(what="edit"))
        assert (tx.outbox.claim_edit(NOON + minutes(5)), tx.outbox.schedule().next_due_at) == (None, None), (
            "once is enough"
        )
        tx.destinations.unblock(ROOM, NOON)

    await store.transact(taken_back)
    assert await edits_due(store) == ["hers"]


async def test_a_message_that_nobody_can_edit_for_now_is_reported_as_such(store: Store) -> None:
    await told_of_her(store)
    await store.transact(lambda tx: tx.destinations.block(ROOM, "is_archived", NOON))
    done = await erased(store)
    assert (done.redactions, done.held_back) == (1, ("C0001 hers.1",))
    assert await edits_due(store) == []


# ---- retention -----------------------------------------------------------------------------------------------------


async def test_what_is_completed_long_ago_or_no_longer_listed_expires(db: Store) -> None:
    year = timedelta(days=365)
    old, new = a_session(1, finished=NOON - 2 * year), a_session(2, finished=NOON - year / 2)
    undated = a_session(3, finished=None)
    gone, to_do = planned(4), planned(5)

    def begin(tx: Tx) -> None:
        baseline(tx, old, new, undated, gone, to_do, now=NOON - 2 * year)
        tx.listings.mark_missing([gone.key], NOON - 2 * year)

    await db.transact(begin)
    done = await db.transact(lambda tx: tx.retention.expire(NOON - year, NOON, NOON, 100))
    assert done.sessions == 3
    kept = [facts for facts in (old, new, undated, gone, to_do) if await db.read(partial(record_of, facts))]
    assert kept == [new, to_do]
    assert list((await listing_diff(db, old, new, undated, gone, to_do)).changed) == []


async def test_no_step_erases_more_than_asked(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, *(a_session(number) for number in range(10))))

    async def step() -> int:
        return (await db.transact(lambda tx: tx.retention.expire(NOON + minutes(1), NOON, NOON, 4))).sessions

    assert [await step(), await step(), await step(), await step()] == [4, 4, 2, 0]


async def test_cards_of_expired_sessions_are_edited_one_after_the_other(db: Store) -> None:
    def post(tx: Tx) -> None:
        baseline(tx, *(a_session(number) for number in range(3)))
        for number in range(3):
            enqueue(tx, a_session(number))
            sent(tx, claim(tx, name=f"d{number}"))

    await db.transact(post)
    assert (await db.transact(lambda tx: tx.retention.expire(NOON + minutes(1), NOON, NOON, 9))).redactions == 3
    assert len(await edits_due(db)) == 1
    assert await db.read(lambda tx: tx.outbox.schedule().next_due_at) == NOON + BETWEEN_REDACTIONS


async def test_attempts_of_settled_messages_are_forgotten_in_time(db: Store) -> None:
    def post(tx: Tx) -> None:
        baseline(tx, HERS, JOES)
        enqueue(tx, HERS)
        sent(tx, claim(tx, name="settled"))
        enqueue(tx, JOES, destination=OTHER_ROOM)
        becomes(tx, claim(tx, OTHER_ROOM, name="waiting"), DeliveryState.PENDING)

    await db.transact(post)
    almost = await db.transact(lambda tx: tx.retention.forget(NOON + ATTEMPTS_KEPT, None))
    late = await db.transact(lambda tx: tx.retention.forget(NOON + ATTEMPTS_KEPT + minutes(1), None))
    assert (almost.attempts, late.attempts) == (0, 1)


async def test_slack_accounts_nobody_needs_are_forgotten_in_time(store: Store) -> None:
    owner = SlackUser(user_id="U0OWNER", email=None, zone="UTC", is_full_member=False, not_allowed_reason="deactivated")

    def add(tx: Tx) -> None:
        tx.people.save_slack_user(owner, NOON)
        tx.rules.add(ROOM, "U0OWNER", "", RuleState.ACTIVE, NOON)

    await store.transact(add)
    done = await store.transact(lambda tx: tx.retention.forget(NOON + SLACK_USERS_KEPT + minutes(1), None))
    assert done.slack_users == 1
    assert await store.read(lambda tx: tx.people.slack_user("U0ANA")) is None
    assert await store.read(lambda tx: tx.people.slack_user("U0EVE")) is not None, "she is linked"
    assert await store.read(lambda tx: tx.people.slack_user("U0OWNER")) is not None, "else they would count as a member"


async def test_audit_entries_go_only_where_a_time_is_given(db: Store) -> None:
    await db.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    assert (await db.transact(lambda tx: tx.retention.forget(NOON + timedelta(days=9_999), None))).audit_log == 0
    assert (await db.transact(lambda tx: tx.retention.forget(NOON, NOON + minutes(1)))).audit_log == 1


async def test_recaps_that_name_an_erased_person_are_edited(db: Store) -> None:
    def story(tx: Tx) -> None:
        tx.people.link("U0EVE", "eve", "U0ADMIN", None, NOON)
        mute = tx.mutes.add(ROOM, "", NOON, "U0EVE", "Eve is away", NOON)
        recap = Notification(
            kind=NotificationKind.RECAP, destination=ROOM, subject="recap:1", reason="", facts={"mute": mute.mute_id}
        )
        tx.notifications.enqueue(recap, NOON)
        sent(tx, claim(tx))
        assert tx.outbox.claim_edit(NOON) is None
        tx.erasure.erase("eve", NOON)
        assert tx.outbox.claim_edit(NOON) is not None

    await db.transact(story)


async def test_rules_and_mutes_of_an_erased_person_end_and_no_mute_names_them(db: Store) -> None:
    def story(tx: Tx) -> None:
        own = Destination(DestinationKind.PERSON, "eve")
        tx.people.link("U0EVE", "eve", "U0ADMIN", None, NOON)
        rule = tx.rules.add(own, "U0EVE", "", RuleState.ACTIVE, NOON)
        tx.mutes.add(own, "", NOON + minutes(60), "U0EVE", "holiday", NOON)
        room = tx.mutes.add(ROOM, "", NOON + minutes(60), "U0EVE", "Eve is away", NOON)
        tx.erasure.erase("eve", NOON)
        ended = tx.rules.get(rule.rule_id)
        assert ended is not None
        assert ended.state is RuleState.ENDED
        [left] = tx.mutes.running(NOON)
        assert (left.mute_id, left.created_by, left.reason) == (room.mute_id, "", "")

    await db.transact(story)
