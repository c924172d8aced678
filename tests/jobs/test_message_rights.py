"""Whether somebody still wants what was owed to them."""

from datetime import UTC, datetime

import pytest

from bot.domain.changes import remember
from bot.domain.model import SessionFacts, SessionKey, Targets
from bot.domain.viewers import DirectMessages, Preferences
from bot.jobs.message_rights import unwanted_reason

ALL, NONE, BELOW = DirectMessages.ALL, DirectMessages.NONE, DirectMessages.BELOW


@pytest.mark.parametrize(
    ("as_observer", "as_employee", "is_wanted"),
    [
        (NONE, ALL, True),
        (ALL, NONE, True),
        (NONE, NONE, False),
        (NONE, None, False),
        (None, NONE, True),
        (BELOW, ALL, True),
    ],
)
def test_who_observed_themselves_is_notified_of_it_while_they_want_it_as_either(
    as_observer: DirectMessages | None, as_employee: DirectMessages | None, is_wanted: bool
) -> None:
    facts = SessionFacts(
        key=SessionKey("s1", "ana"),
        checklist_id="open",
        checklist_title="Opening",
        observer_id="ana",
        status="PASSED",
        result=90.0,
    )
    session = remember(facts, now=datetime(2026, 3, 11, tzinfo=UTC), targets=Targets(80.0))
    assert (unwanted_reason(Preferences(as_observer, as_employee), "ana", session) == "") is is_wanted
