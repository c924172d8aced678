"""The check-list of a first run: one message to each admin, which follows what is done; `setup` shows it now."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.polling import PollReport
from bot.services.setup import queue_setup
from tests.listeners.office import ADMIN, EMMA, GUEST, NORTH, Office, deliver_of, everything_in
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


async def monitored(office: Office, *admins: str) -> bool:
    """One run of the monitor's part, and what is due is sent and edited."""
    settings = settings_of(admins=frozenset(admins or (ADMIN,)))
    queued = await office.store.transact(lambda tx: queue_setup(tx, settings, office.clock.now()))
    await office.send()
    return queued


async def listed(office: Office, user: str = ADMIN) -> list[str]:
    """The check-lists that stand in a person's direct message, as they are now."""
    channel = office.slack.workspace.direct_message(user, office.clock.now())
    return [text for text in await office.posted(channel.id) if "Set-up" in text or "set up" in text]


async def all_done(office: Office) -> None:
    now = office.clock.now()
    await office.store.transact(lambda tx: tx.setup.note_missing_scopes([]))
    await office.store.transact(lambda tx: tx.polls.record(PollReport(now, now)))
    await office.store.transact(lambda tx: tx.listings.finish_baseline(b"", now))
    await office.store.transact(lambda tx: tx.targets.set(None, 80.0, ADMIN, now))
    await office.rule(NORTH)


async def test_an_admin_gets_one_check_list_that_ticks_itself(office: Office) -> None:
    assert await monitored(office)
    [first] = await listed(office)
    assert "To do: A first rule. In a channel: `/invite @Spotter`, then `/ojt subscribe`." in first
    assert "To do: A target. `/ojt target 80`" in first
    assert not await monitored(office)

    await office.rule(NORTH)
    assert await monitored(office)
    [second] = await listed(office)
    assert "✓ Done: Rules: 1" in second and "To do: A target" in second
    assert second.index("To do:") < second.index("Recommended:") < second.index("✓ Done:")  # what is left comes first

    await all_done(office)
    await monitored(office)
    [last] = await listed(office)
    assert last.startswith("Spotter is set up; 2 recommended steps left") and "works without what is left" in last
    assert "done" not in last.splitlines()[0]


async def test_who_is_no_full_member_gets_none_although_admins_names_them(office: Office) -> None:
    await office.ask(GUEST, "setup")  # Slack says that it is a guest
    office.deliver = deliver_of(office.ctx, GUEST)
    await monitored(office, GUEST)
    assert await listed(office, GUEST) == []


async def test_what_is_to_be_done_is_escaped_as_slack_wants_it(office: Office) -> None:
    answer = await office.ask(ADMIN, "setup")
    assert "OAuth &amp; Permissions" in everything_in(answer) and "OAuth & P" not in everything_in(answer)


async def test_a_restart_or_a_second_run_sends_no_second_one(office: Office) -> None:
    await monitored(office)
    office.clock.advance(timedelta(days=3))
    await monitored(office)
    await office.store.transact(lambda tx: tx.setup.note_shown("something else"))
    await monitored(office)
    assert len(await listed(office)) == 1


async def test_each_admin_gets_one_and_nobody_else(office: Office) -> None:
    await monitored(office, ADMIN, EMMA)
    assert [len(await listed(office, user)) for user in (ADMIN, EMMA, "U0SAM")] == [1, 0, 0]  # the sender knows ADMIN
    assert (
        "only for admins" in (await office.ask(EMMA, "setup")).text
        or "Set-up" not in (await office.ask(EMMA, "setup")).text
    )


async def test_what_went_wrong_is_named_with_the_next_step(office: Office) -> None:
    await office.store.transact(lambda tx: tx.setup.note_missing_scopes(["chat:write", "users:read"]))
    now = office.clock.now()
    await office.store.transact(lambda tx: tx.polls.record(PollReport(now, now, error="401 <!channel>")))
    said = everything_in(await office.ask(ADMIN, "setup"))
    assert "2 scopes missing: chat:write, users:read" in said and "spotter manifest" in said
    assert "iSpring can't be read (401 " in said and "<!channel>" not in said


async def test_setup_says_how_many_people_are_matched(office: Office) -> None:
    await all_done(office)
    said = (await office.ask(ADMIN, "setup")).text
    assert "People matched: " in said and "observers of the last 90 days" in said


@pytest.mark.parametrize("has_rules", [True, False])
async def test_an_installation_that_had_rules_before_gets_none(office: Office, has_rules: bool) -> None:
    if has_rules:
        await office.rule(NORTH)
    office.clock.advance(timedelta(days=3))
    assert await monitored(office) is not has_rules
    assert len(await listed(office)) == (0 if has_rules else 1)
    await office.rule(NORTH)
    assert await monitored(office) is not has_rules


async def test_the_announcement_is_ready_to_copy_and_the_one_of_the_deploy_page(office: Office) -> None:
    [block] = [one for one in (await office.ask(ADMIN, "setup")).blocks if "```" in str(one)]
    copied = block["text"]["text"].split("```")[1]
    page = (Path(__file__).parent.parent.parent / "deploy" / "README.md").read_text()
    quoted = " ".join(line.removeprefix("> ") for line in page.splitlines() if line.startswith("> "))
    assert copied == quoted.replace("`", "")
