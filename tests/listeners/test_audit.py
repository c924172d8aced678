"""What admins ask about Spotter's own past."""

from datetime import timedelta

import pytest

from bot.domain.notifications import Destination, DestinationKind
from bot.store.database import Tx
from tests.listeners.office import ADMIN, EMMA, HIGH, LOW, NORTH, OLGA, SAM, Office, everything_in, suggestions_of

pytestmark = pytest.mark.virtual_time


async def test_an_admin_sees_who_did_what_the_newest_first(office: Office) -> None:
    now = office.clock.now()
    await office.store.transact(lambda tx: tx.audit_log.write("U0SAM", "subscribe", "rule:1", now))
    await office.store.transact(lambda tx: tx.audit_log.write("operator", "erase", "person:<!channel>", now))
    answer = await office.ask(ADMIN, "audit")
    assert answer.text.index("erase") < answer.text.index("subscribe")
    assert "<@U0SAM>" in everything_in(answer)
    assert "<!channel>" not in everything_in(answer)


async def test_as_many_entries_as_asked_fit_into_one_answer(office: Office) -> None:
    now = office.clock.now()
    for _ in range(60):
        await office.store.transact(lambda tx: tx.audit_log.write("U0SAM", "unsubscribe", f"rule:{'9' * 80}", now))
    answer = await office.ask(ADMIN, "audit 30")
    assert answer.text.count("unsubscribe") == 30
    assert answer.blocks
    assert (await office.ask(ADMIN, "audit 3000")).text.count("unsubscribe") == 30
    assert (await office.ask(ADMIN, "audit 3")).text.count("unsubscribe") == 3


async def test_nobody_else_sees_the_audit_log(office: Office) -> None:
    await office.rule(NORTH, "")
    await office.store.transact(lambda tx: tx.audit_log.write("U0SAM", "subscribe", "rule:1", office.clock.now()))
    assert "U0SAM" not in everything_in(await office.ask(EMMA, "audit"))


async def test_words_that_are_no_number_are_answered_with_what_works(office: Office) -> None:
    assert "audit 30" in suggestions_of(await office.ask(ADMIN, "audit everything"))


async def test_an_entry_names_who_what_and_the_value_before_and_after(office: Office) -> None:
    await office.set_target("80")
    await office.set_target("82.5")
    await office.set_target("90 Till check")
    answer = (await office.ask(ADMIN, "audit")).text
    assert f"<@{ADMIN}> · target · every checklist · 80 % → 82.5 %" in answer
    assert "every checklist · none → 80 %" in answer
    assert "checklist “Till check” · none → 90 %" in answer


async def test_a_channel_is_a_link_and_who_got_a_rule_has_a_name(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:emma>")
    now = office.clock.now()

    def write(tx: Tx) -> None:
        tx.people.link(SAM, "sam", ADMIN, None, now)
        tx.audit_log.write(ADMIN, "subscribe", "rule:1", now)
        tx.audit_log.write(ADMIN, "offer", "rule:1", now, new=SAM)
        tx.audit_log.write(ADMIN, "share", f"channel:{NORTH}:session:{LOW.session_id},session:{HIGH.session_id}", now)
        made = tx.mutes.add(Destination(DestinationKind.PERSON, "sam"), "", now + timedelta(hours=4), SAM, "", now)
        tx.audit_log.write(SAM, "mute", f"mute:{made.mute_id}", now)

    await office.store.transact(write)
    answer = await office.ask(ADMIN, "audit")
    assert f"subscribe · rule 1 in <#{NORTH}>: " in answer.text and "Emma Employee" in answer.text
    assert f"share · session 10aa0000, 20bb0000 in <#{NORTH}>" in answer.text
    assert "mute · mute 1 for Sam Supervisor: " in answer.text
    assert f"none → Sam Supervisor ({SAM})" in answer.text
    assert NORTH not in answer.text.replace(f"<#{NORTH}>", "")


async def test_people_and_sessions_are_named(office: Office) -> None:
    now = office.clock.now()
    subject = f"session:{LOW.session_id}:{LOW.employee_id}"
    await office.store.transact(lambda tx: tx.audit_log.write(ADMIN, "acknowledge", subject, now))
    await office.store.transact(lambda tx: tx.audit_log.write(ADMIN, "link", "user:U0NOBODY:person:emma", now))
    answer = (await office.ask(ADMIN, "audit")).text
    name = (await office.store.read(lambda tx: tx.people.directory())).name_of("emma")
    assert f"session 10aa0000 of {name}" in answer and f"U0NOBODY and {name}" in answer


async def test_rules_mutes_and_choices_are_said_without_ids(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed")
    await office.ask(SAM, "settings supervisor daily 09:00")
    await office.ask(OLGA, "settings observer never")
    await office.ask(OLGA, "settings own off")
    await office.ask(SAM, "mute 4h for me")
    rule = await office.store.transact(lambda tx: tx.rules.all()[0])
    now = office.clock.now()
    shared = f"channel:{NORTH}:session:{LOW.session_id},session:{HIGH.session_id}"
    await office.store.transact(lambda tx: tx.audit_log.write("U0SAM", "share", shared, now))
    await office.store.transact(
        lambda tx: tx.audit_log.write("U0SAM", "take over", f"rule:{rule.rule_id}", now, old="operator", new="U0SAM")
    )
    answer = await office.ask(ADMIN, "audit")
    said = everything_in(answer)
    assert f"take over · rule {rule.rule_id} in <#{NORTH}>: sessions with a low result · the command line → Sam" in said
    assert f"share · session 10aa0000, 20bb0000 in <#{NORTH}>" in said
    assert "subscribe · rule 2 for Sam Supervisor: sessions that Sam Supervisor is not in" in said
    assert "mute · mute 1 for Sam Supervisor" in said
    assert "settings · Olga Observer (U0OLGA) · sessions they observe: the default → none at once" in said
    assert "what they did themselves: told → not told" in said
