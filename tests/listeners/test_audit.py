"""What admins ask about Spotter's own past."""

import pytest

from tests.listeners.office import ADMIN, EMMA, NORTH, Office, everything_in, suggestions_of

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
