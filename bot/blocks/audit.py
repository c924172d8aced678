"""The ledger as admins see it: who did what to what, and when; by ids only."""

import re
from collections.abc import Sequence

from bot.blocks.elements import NAME, context, count, date_token, instant, message, mrkdwn, safe, section
from bot.domain.model import AuditEntry, Message

NOTHING = "Nobody has done anything yet."
TOGETHER = 10  # lines in one section: its text stays within what Slack takes
_ACCOUNT = re.compile(r"[UW][A-Z0-9]{2,}")


def audit_log(entries: Sequence[AuditEntry], *, command: str) -> Message:
    """The newest lines first; how to see more."""
    if not entries:
        return message(NOTHING, [section(mrkdwn(NOTHING))])
    more = f"More on the command line: `spotter audit`, or here with a number: `{command} audit 30`"
    head = f"The last {count(len(entries), 'entry', 'entries')} of the ledger"
    text = "\n".join([head, *(f"{instant(one.at)} {_line(one)}" for one in entries), more])
    shown = [f"{date_token(one.at)} {_line(one)}" for one in entries]
    parts = [section(mrkdwn("\n".join(shown[at : at + TOGETHER]))) for at in range(0, len(shown), TOGETHER)]
    return message(text, [section(mrkdwn(head)), *parts, context(more)])


def _line(entry: AuditEntry) -> str:
    who = f"<@{entry.who}>" if _ACCOUNT.fullmatch(entry.who) else safe(entry.who, NAME)
    return f"{who} · {safe(entry.verb, NAME)} · {safe(entry.subject, NAME)}"
