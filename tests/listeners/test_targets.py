"""Targets and critical criteria: shown with what they would turn, saved by a press, by admins only."""

from datetime import UTC

import pytest

from bot.blocks import actions
from bot.domain.changes import decide
from bot.domain.model import CriterionResult, CriticalCriterion, Details, SessionKey, Targets
from bot.domain.notifications import Message
from bot.domain.permissions import EVERYTHING
from bot.query.parser import Names, parse
from bot.services.export import Export
from bot.store.database import Tx
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    DANA,
    EMMA,
    FOREIGN,
    LOW,
    OLGA,
    SAM,
    SAVE_BUTTONS,
    Office,
    buttons_of,
    facts,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time

FLOAT = CriticalCriterion("c1", "Counts the float")


async def targets(office: Office) -> Targets:
    return await office.store.read(lambda tx: tx.targets.current())


def save_button(answer: Message) -> dict[str, str]:
    [button] = [one for one in buttons_of(answer) if one["action_id"] in SAVE_BUTTONS]
    return button


@pytest.mark.parametrize(
    ("typed", "default", "own"),
    [
        ("80", 80.0, {}),
        ("72,5 %", 72.5, {}),
        ("85 Till check", None, {"till check": 85.0}),
        ("85 “till-check”", None, {"till check": 85.0}),
        ('90 checklist:"Till check"', None, {"till check": 90.0}),
        ("90 checklist:till check", None, {"till check": 90.0}),
        ("90 for till", None, {"till check": 90.0}),
        ("till 90 %", None, {"till check": 90.0}),
        ("90 all", 90.0, {}),
    ],
)
async def test_an_admin_sets_a_target_by_a_second_press(
    office: Office, typed: str, default: float | None, own: dict[str, float]
) -> None:
    asked = await office.ask(ADMIN, f"target {typed}")
    assert (await targets(office), await office.audit_log()) == (Targets(), [])
    assert "It was: none. It will be:" in asked.text.replace("\u00a0", " ")
    assert "Saved: the target for" in (await office.save(asked)).text
    found = await targets(office)
    assert (found.default, dict(found.per_checklist)) == (default, own)
    assert (await office.audit_log())[0][:2] == (ADMIN, "target")


async def test_the_question_says_what_the_change_would_turn(office: Office) -> None:
    """Till check, within 30 days: 72 % and 66 % below, 90 % met; Vault audit 55 % below; one is older."""
    said = (await office.ask(ADMIN, "target 70")).text.replace("\u00a0", " ")
    assert (
        "Had it been so in the last 30 days, 1 of 4 results would have come out otherwise: 1 from below to met." in said
    )
    said = (await office.ask(ADMIN, "target 95 till")).text.replace("\u00a0", " ")
    assert "in the last 30 days, 1 of 3 results would have come out otherwise: 1 from met to below." in said
    await office.set_target("95 till")
    said = (await office.ask(ADMIN, "target 50")).text.replace("\u00a0", " ")
    assert "in the last 30 days, 1 of 1 result would have come out otherwise: 1 from below to met." in said


@pytest.mark.parametrize("typed", ["remove till", "off till", 'remove checklist:"Till check"'])
async def test_a_checklist_s_own_target_is_taken_away(office: Office, typed: str) -> None:
    await office.set_target("80")
    await office.set_target("85 till")
    asked = await office.ask(ADMIN, f"target {typed}")
    said = asked.text.replace("\u00a0", " ")
    assert "Remove the target 85 % of “Till check”?" in said
    assert "It was: 85 %. It will be: 80 %, as for all checklists." in said
    assert (await targets(office)).per_checklist == {"till check": 85.0}
    assert "has no target of its own any more" in (await office.save(asked)).text
    assert await targets(office) == Targets(80.0, {})


async def test_the_target_for_all_is_taken_away_and_pass_target_does_not_come_back(office: Office) -> None:
    await office.store.transact(lambda tx: tx.targets.set_initial(75.0))
    said = (await office.ask(ADMIN, "target")).text.replace("\u00a0", " ")
    assert "every checklist: 75 % (PASS_TARGET; what is set in Slack wins over it)" in said
    assert "75 % (PASS_TARGET;" in (await office.ask(ADMIN, "status")).text.replace("\u00a0", " ")
    await office.set_target("remove")
    assert (await targets(office)).default is None
    for command in ("target", "status"):
        assert "none (set in Slack, which wins over PASS_TARGET)" in (await office.ask(ADMIN, command)).text
    assert "PASS_TARGET" not in (await office.ask(EMMA, "status")).text


async def test_a_question_that_is_out_of_date_is_asked_again_and_saves_nothing(office: Office) -> None:
    asked = await office.ask(ADMIN, "target 70")
    await office.set_target("90")
    again = await office.save(asked)
    said = again.text.replace("\u00a0", " ")
    assert "The targets have changed since that was shown, so nothing was saved." in said
    assert "It was: 90 %. It will be: 70 %." in said
    assert (await targets(office)).default == 90.0
    await office.save(again)
    assert (await targets(office)).default == 70.0
    assert "is 70 % already" in (await office.save(asked)).text.replace("\u00a0", " ")
    assert len(await office.audit_log()) == 2


async def test_cancel_saves_nothing(office: Office) -> None:
    await office.ask(ADMIN, "target 70")
    answer = await office.press(ADMIN, actions.CANCEL)
    assert answer is not None and "nothing was changed or posted" in answer.text
    assert await targets(office) == Targets()


@pytest.mark.parametrize("typed", ["101", "lots", "-5", "80%%", 'remove "till'])
async def test_what_is_no_percentage_is_no_target(office: Office, typed: str) -> None:
    answer = await office.ask(ADMIN, f"target {typed}")
    assert "is no target" in answer.text or "never closed" in answer.text
    assert await targets(office) == Targets()


async def test_a_name_of_several_checklists_is_asked_back(office: Office) -> None:
    answer = await office.ask(ADMIN, "target 85 i")
    assert "more than one checklist" in answer.text
    assert suggestions_of(answer) == ['target 85 "Till check"', 'target 85 "Vault audit"']


@pytest.mark.parametrize("viewer", [EMMA, OLGA, SAM, DANA])
async def test_nobody_but_admins_sets_targets(office: Office, viewer: str) -> None:
    assert "only admins" in (await office.ask(viewer, "target 80")).text
    assert "only admins" in (await office.ask(viewer, 'target critical "Counts the float"')).text
    for asked in (await office.ask(ADMIN, "target 80"), await office.ask(ADMIN, "target critical counts the float")):
        assert "only admins" in (await office.save(asked, viewer)).text
    assert await targets(office) == Targets()


async def test_everybody_sees_the_targets_of_checklists_they_meet(office: Office) -> None:
    await office.set_target("80")
    await office.set_target("85 till")
    await office.set_target("90 vault")
    await office.set_target("critical counts the float")
    said = (await office.ask(EMMA, "target")).text.replace("\u00a0", " ")
    assert "every checklist but these: 80 %" in said and "Vault" not in said
    assert "Till check: 85 %; critical: “Counts the float”" in said


# ---- critical criteria -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "Counts the float",
        '"Counts the float"',
        "float checklist:till",
        '"Counts the float" checklist:"Till check"',
        'checklist:"Till check" counts the float',
        '"Counts the float" of till check',
    ],
)
async def test_a_criterion_is_made_critical_by_a_second_press(office: Office, typed: str) -> None:
    asked = await office.ask(ADMIN, f"target critical {typed}")
    assert "Make “Counts the float” of “Till check” critical?" in asked.text
    assert "Critical were: none. Critical will be: “Counts the float”." in asked.text
    assert await targets(office) == Targets()
    assert "is now critical" in (await office.save(asked)).text
    assert (await targets(office)).critical == {"till check": (FLOAT,)}
    assert (await office.audit_log())[0][:2] == (ADMIN, "critical")
    assert "criterion “Counts the float” of “Till check”" in (await office.ask(ADMIN, "audit")).text


async def test_the_question_says_how_many_would_be_critical(office: Office) -> None:
    zero = Details(criteria=(CriterionResult("c1", "Counts the float", "a1", False, 0, 5),))
    key = SessionKey("70aa0000-0000-4000-8000-000000000000", "emma")

    def complete(tx: Tx) -> None:
        change = decide(None, facts(key, "olga", result=91.0, days_ago=1), now=NOON, targets=Targets(80.0))
        assert change is not None
        tx.sessions.save(change, bytes(8))
        tx.details.save(key, zero, NOON)

    await office.store.transact(complete)
    said = (await office.ask(ADMIN, "target critical counts the float")).text
    assert "in the last 30 days, 1 of 2 results would have come out otherwise: 1 from met to critical." in said
    assert "Of 2 further ones the criteria are not here." in said
    await office.set_target("critical counts the float")
    assert "critical already" in (await office.ask(ADMIN, "target critical counts the float")).text


async def test_a_critical_criterion_is_removed(office: Office) -> None:
    await office.set_target("critical counts the float")
    asked = await office.ask(ADMIN, "target critical remove float")
    assert "Is “Counts the float” of “Till check” no longer to be critical?" in asked.text
    assert "is no longer critical" in (await office.save(asked)).text
    assert await targets(office) == Targets()
    assert "is no critical criterion" in (await office.ask(ADMIN, "target critical remove float")).text


async def test_a_critical_question_that_is_out_of_date_is_asked_again(office: Office) -> None:
    asked = await office.ask(ADMIN, "target critical counts the float")
    await office.set_target("critical greets")
    again = await office.save(asked)
    assert "have changed since that was shown" in again.text
    assert "Critical were: “Greets every customer”." in again.text
    await office.save(again)
    assert {one.title for one in (await targets(office)).critical["till check"]} == {
        "Counts the float",
        "Greets every customer",
    }


async def test_a_criterion_of_several_checklists_is_asked_back_and_each_answer_runs(office: Office) -> None:
    def foreign(tx: Tx) -> None:
        tx.details.save(FOREIGN, Details(criteria=(CriterionResult("v1", "Counts the float", "a", False, 1, 2),)), NOON)

    await office.store.transact(foreign)
    answer = await office.ask(ADMIN, "target critical counts the float")
    offered = suggestions_of(answer)
    assert offered == [
        'target critical "Counts the float" checklist:"Till check"',
        'target critical "Counts the float" checklist:"Vault audit"',
    ]
    for command in offered:
        assert "critical?" in (await office.ask(ADMIN, command)).text


async def test_an_unknown_criterion_names_the_nearest(office: Office) -> None:
    answer = await office.ask(ADMIN, "target critical count the floot")
    assert "no criterion in the sessions Spotter has read" in answer.text
    assert 'target critical "Counts the float"' in suggestions_of(answer)


async def test_a_title_with_quotes_can_be_made_critical_from_its_button(office: Office) -> None:
    title = 'Says "welcome, dear guest"'

    def quoted(tx: Tx) -> None:
        tx.details.save(LOW, Details(criteria=(CriterionResult("", title, "a", False, 1, 2),)), NOON)

    await office.store.transact(quoted)
    answer = await office.ask(ADMIN, "target critical says welcom deer guest")
    [command] = [one for one in suggestions_of(answer) if "welcome" in one]
    await office.save(await office.ask(ADMIN, command))
    assert (await targets(office)).critical == {"till check": (CriticalCriterion("", title),)}


async def test_no_button_holds_a_name(office: Office) -> None:
    for typed in ("85 till", "critical counts the float"):
        value = save_button(await office.ask(ADMIN, f"target {typed}"))["value"]
        assert "float" not in value and "Till check" not in value


async def test_results_show_details_and_export_know_critical_ones(office: Office) -> None:
    await office.set_target("critical counts the float")
    key = SessionKey("80aa0000-0000-4000-8000-000000000000", "emma")
    zero = Details(criteria=(CriterionResult("c1", "Counts the float", "a1", False, 0, 5),))

    def complete(tx: Tx) -> None:
        row = facts(key, "olga", result=91.0, days_ago=0)
        change = decide(None, row, now=NOON, targets=tx.targets.current(), details=zero)
        assert change is not None
        tx.sessions.save(change, bytes(8))
        tx.details.save(key, zero, NOON)

    await office.store.transact(complete)
    for query in ("outcome:critical", "outcome:failed since:1d", "critical"):
        said = (await office.ask(ADMIN, f"results {query}")).text.replace("\u00a0", " ")
        assert 'Emma Employee · 91 %, critical criterion failed: "Counts the float"' in said
    assert "2 completed · 1 below target · 1 critical" in (await office.ask(ADMIN, "results since:1d")).text
    shown = (await office.ask(ADMIN, "show 80aa0000")).text
    assert "Why · critical criterion" in shown.replace("*", "")
    assert "Failed by: critical criterion." in (await office.ask(ADMIN, "why 80aa0000")).text
    exported = await office.store.read(
        lambda tx: [
            (row["outcome"], row["result"], row["target"])
            for row in Export(
                tx, parse("outcome:critical"), EVERYTHING, Names(), tx.people.directory(), NOON, UTC
            ).rows()
        ]
    )
    assert exported == [("Critical criterion failed", 91.0, None)]
    assert "80aa0000" not in (await office.ask(ADMIN, "results outcome:passed")).text


async def test_who_may_not_set_targets_is_refused_before_anything_is_read(office: Office) -> None:
    answer = await office.ask(EMMA, "target 80 " + '"" ' * 900)
    assert "only admins of Spotter set targets" in answer.text


@pytest.mark.parametrize("typed", ["target 80 " + '"" ' * 900, "target critical " + '"" ' * 900])
async def test_a_text_that_is_too_long_for_names_is_refused(office: Office, typed: str) -> None:
    assert "longer than 700 characters" in (await office.ask(ADMIN, typed)).text
