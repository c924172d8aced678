"""Everything a delivery may carry beside sessions."""

import re
import string

import pytest

from bot.blocks.alerts import alert_sentence, alert_text
from bot.blocks.notifications import RENDERERS, render
from bot.domain.alerts import ALERTS, RESOLVED
from bot.domain.errors import TrainingRefused
from bot.domain.notifications import Destination, DestinationKind, NotificationKind, SummaryCounts
from bot.domain.rules import OPERATOR
from tests.blocks.build import delivery, facts, notification, record, rule
from tests.blocks.limits import assert_fits_slack, texts

REFUSED = TrainingRefused("iSpring forbids it (HTTP 403).", "Give it the right.", said="No rights.")
OWNER = Destination(DestinationKind.USER, "U0LND")


def test_every_kind_of_notice_has_a_renderer() -> None:
    assert set(RENDERERS) == set(NotificationKind)


def test_a_rule_introduces_itself() -> None:
    intro = notification(NotificationKind.INTRO)
    asked = {intro.notification_id: "sessions on “Opening”, below target or failed"}
    message = render(delivery(intro), facts(rules=(rule(),), queries=asked))
    assert message.text == (
        "Spotter will post completed sessions on “Opening”, below target or failed from iSpring Learn's on-the-job "
        "training here, each once, with its result; a correction changes the message in place. Set up by <@U0LND> as "
        "rule 3. To stop it: `/ojt unsubscribe 3`."
    )
    assert_fits_slack(message)


def test_a_rule_for_everything_by_the_operator_says_so() -> None:
    message = render(delivery(notification(NotificationKind.INTRO)), facts(rules=(rule(owner=OPERATOR),)))
    assert "will post every completed session from" in message.text
    assert "Set up by the operator as rule 3" in message.text


def test_an_owner_is_notified_why_their_rule_pauses_and_what_to_do() -> None:
    paused = notification(NotificationKind.RULE_PAUSED)
    message = render(delivery(paused, to=OWNER), facts(rules=(rule(reason="is_archived"),)))
    assert "Rule 3 is paused: Spotter can't write to <#C0NORTH>, because it is archived" in message.text
    assert "Unarchive it, with Spotter in it, and it goes on by itself" in message.text
    assert_fits_slack(message)


@pytest.mark.parametrize("kind", [NotificationKind.INTRO, NotificationKind.RULE_PAUSED])
def test_a_notice_about_a_rule_that_is_gone_still_says_something(kind: NotificationKind) -> None:
    message = render(delivery(notification(kind)), facts(rules=()))
    assert message.text
    assert_fits_slack(message)


@pytest.mark.parametrize("code", [*ALERTS, RESOLVED])
def test_what_the_operator_is_notified_of_has_a_remedy_and_no_gap(code: str) -> None:
    known: dict[str, str | int | float | None] = {
        "code": code,
        "listed": 3,
        "known": 600,
        "sessions": 1,
        "rows": 2,
        "parts": "people 2",
        "entries": 2,
        "entries_known": 4,
        "statuses": 300,
        "status": "ODD, ODDER, ODDEST…",
        "reason": "no_text",
        "problem": "an answer lacked sessions",
        "order": "dmy",
        "minutes": 34,
        "hours": 30,
        "days": 7,
        "process": 4711,
        "since": "06:03",
        "changes": 8,
        "messages": 12,
        "megabytes": 150,
        "supervisors": 2,
        "employees": 5,
        "code_before": "poll_failing",
        "channel": "C0SHADOW",
        "ts": "1700000000.000100",
    }
    message = render(delivery(notification(NotificationKind.OPS, notified=known)), facts())
    assert "?" not in message.text
    assert len(message.text) > (30 if code == "over" else 60)
    assert_fits_slack(message)


def test_every_trouble_that_is_watched_has_words_for_its_end() -> None:
    assert [
        code for code, alert in ALERTS.items() if (alert.condition or alert.ended_by_monitor) and not alert.resolved
    ] == []
    cancelled = alert_text({"code": "over", "code_before": "poll_failing", "minutes": 34})
    assert cancelled == "Over after 34 min: iSpring can be read again."


@pytest.mark.parametrize("number", [0, 1, 2, 12_000])
@pytest.mark.parametrize("reason", [str(REFUSED), REFUSED.in_full, "not_in_channel", "It is so."], ids=range(4))
@pytest.mark.parametrize("code", ALERTS)
def test_the_sentences_of_an_alert_join_and_agree_with_their_numbers(code: str, reason: str, number: int) -> None:
    """A reason may be one word of Slack's or several sentences, iSpring's own among them."""
    names = {name for _, name, _, _ in string.Formatter().parse(ALERTS[code].sentence) if name}
    known: dict[str, str | int] = dict.fromkeys(names, number)
    known |= {
        name: "a word" for name in ("problem", "parts", "status", "order", "since", "channel", "ts") if name in names
    }
    known |= {"reason": reason} if "reason" in names else {}
    over: dict[str, str | int] = {"code_before": code, "minutes": 5, "from": 1_700_000_000, "to": 1_700_000_300}
    texts = [alert_text({"code": code, **known}), alert_sentence(code, known)]
    texts += [alert_text({"code": "over", **over, **known})] if ALERTS[code].resolved else []
    for text in texts:
        assert text.endswith("."), text
        assert not re.search(r"\.\)|\.\.|\.\"\)|\?|  | [.,;:)]|\( |\bit was not so\b", text), text
        assert not re.search(r"\b1 (\w+ )?(are|were|sessions|rows|people|messages|times)\b", text), text
    assert bool(ALERTS[code].resolved) is bool(ALERTS[code].past)


def test_an_unknown_code_is_reported_with_its_facts() -> None:
    assert (
        alert_text({"code": "odd_thing", "rows": 2}) == "Spotter noticed: odd_thing (rows 2 rows). Its log says more."
    )


def test_a_fact_that_is_missing_does_not_stop_a_notice() -> None:
    assert "?" in alert_text({"code": "suspicious_listing"})


def test_notices_of_several_kinds_share_a_message() -> None:
    one = record()
    both = delivery(notification(key=one.session.key), notification(NotificationKind.COUNTED))
    message = render(both, facts(one, metrics={1: SummaryCounts(1)}))
    assert re.search(r"Session 00000001 · [^\n]+\n1 session came in late", message.text)
    assert "1 session came in late" in "\n".join(texts(message.blocks))
    assert_fits_slack(message)
