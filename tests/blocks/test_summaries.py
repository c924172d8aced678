"""What is counted instead of posted, in words."""

import pytest

from bot.blocks.notifications import render
from bot.domain.notifications import Message, NotificationKind, SummaryCounts
from tests.blocks.build import CHANNEL, NOW, OBSERVER, delivery, facts, notification
from tests.blocks.limits import assert_fits_slack, texts

FRIDAY_NIGHT, MONDAY_MORNING = 1_795_197_600, 1_795_417_200  # 20 Nov 2026, 18:00 and 23 Nov, 07:00 (UTC)
LONG_AGO = NOW.replace(day=20, hour=19)


def notified(
    kind: NotificationKind, summary_counts: SummaryCounts, *, to_person: bool = False, **said: str | int
) -> Message:
    place = OBSERVER if to_person else CHANNEL
    message = render(
        delivery(notification(kind, to=place, notified={**said}), to=place), facts(metrics={1: summary_counts})
    )
    assert_fits_slack(message)
    return message


def outage(summary_counts: SummaryCounts, *, follow: int = 0, code: str = "away", to_person: bool = False) -> Message:
    span = {"from": FRIDAY_NIGHT, "to": MONDAY_MORNING, "follow": follow}
    return notified(NotificationKind.OUTAGE, summary_counts, to_person=to_person, code=code, **span)


def test_an_outage_is_reported_with_its_time_what_was_counted_how_bad_and_how_to_see_it() -> None:
    message = outage(SummaryCounts(14, 3, LONG_AGO), follow=5)
    assert message.text == (
        "While I was away\n"
        "Between 20 Nov 2026, 18:00 UTC and 23 Nov 2026, 07:00 UTC, 14 sessions were completed that are too "
        "old to be posted now, 3 of them below target or failed. They are counted here, not posted; "
        "`/ojt results since:2026-11-20` shows them, `/ojt results outcome:failed since:2026-11-20` the worst. "
        "5 newer sessions follow as usual.\n"
        "Rule 3 · Data as of 23 Nov 2026, 14:02 UTC"
    )
    heading, said, foot = texts(message.blocks)
    assert heading == "While I was away"
    assert "<!date^1795197600^" in said
    assert foot.startswith("Rule 3 · Data as of")


def test_one_session_is_counted_in_the_singular() -> None:
    assert outage(SummaryCounts(1, 1, LONG_AGO), follow=1).text.partition("07:00 UTC, ")[2].partition("\n")[0] == (
        "1 session was completed that is too old to be posted now, below target or failed. "
        "It is counted here, not posted; `/ojt results since:2026-11-20` shows it. 1 newer session follows as usual."
    )


def test_a_long_outage_that_left_nothing_old_says_so() -> None:
    assert outage(SummaryCounts(), follow=2).text.partition("07:00 UTC, ")[2].partition("\n")[0] == (
        "nothing was completed that is too old to be posted now. 2 newer sessions follow as usual."
    )


def test_a_restored_copy_says_so() -> None:
    assert (
        "after the copy from which my database was restored, 2 sessions were completed."
        in outage(SummaryCounts(2), code="restored").text
    )


def test_a_persons_summary_says_how_to_change_what_they_get() -> None:
    assert "`/ojt settings` changes what you get" in list(texts(outage(SummaryCounts(2, 0), to_person=True).blocks))[-1]


@pytest.mark.parametrize(
    ("code", "summary_counts", "words"),
    [
        (
            "old",
            SummaryCounts(12),
            "12 sessions came in late, completed more than 7 days ago. "
            "They are counted here, not posted; `/ojt results` shows them.",
        ),
        (
            "overflow",
            SummaryCounts(500, 500, LONG_AGO),
            "500 more sessions came in at once beside those posted here, all of them below target or failed. "
            "The worst results were posted first. "
            "They are counted here, not posted; `/ojt results since:2026-11-20` shows them.",
        ),
        (
            "baseline",
            SummaryCounts(1),
            "Before Spotter began to watch, 1 session had been completed lately. "
            "It is counted here, not posted; `/ojt results` shows it.",
        ),
    ],
)
def test_what_is_only_counted_says_why(code: str, summary_counts: SummaryCounts, words: str) -> None:
    assert (
        notified(NotificationKind.COUNTED, summary_counts, code=code).text
        == f"{words}\nRule 3 · Data as of 23 Nov 2026, 14:02 UTC"
    )
