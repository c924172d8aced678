"""What Slack says of somebody's time zone may be anything: the question is answered, in UTC."""

import json

import pytest

from bot.demo.slack.faults import Fault
from bot.demo.slack.wire import user_json
from tests.listeners.office import EMMA, NORTH, Office
from tests.listeners.test_through_slack import open_door

__all__ = ["open_door"]
pytestmark = pytest.mark.virtual_time

MISSING = "no such field"


@pytest.mark.parametrize("zone", ["America", "", None, 5, "../etc/passwd", [], "Mars/Olympus", MISSING], ids=repr)
async def test_a_time_zone_that_is_none_counts_as_utc_and_the_question_is_answered(
    open_door: Office, zone: object
) -> None:
    office = open_door
    said = user_json(office.slack.workspace.users[EMMA], office.clock.now(), with_email=True) | {"tz": zone}
    if zone is MISSING:
        del said["tz"]
    profile = Fault("odd_zone", done="no", answer="spoiled", body=json.dumps({"ok": True, "user": said}))
    office.slack.faults.order("users.info", profile, times=3)
    answer = await (await office.slack.command(EMMA, NORTH, "/ojt", "results")).first()
    assert "Something went wrong" not in answer.text and "found" in answer.text.lower(), answer.text
    assert [times for _, _, times, _ in office.slack.faults.waiting] != [3], "Slack was asked"
    known = await office.store.read(lambda tx: tx.people.slack_user(EMMA))
    assert known is not None and known[0].zone == "UTC"
