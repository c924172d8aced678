"""What whoever runs Spotter is told, by code: what happened and what to do about it."""

from collections.abc import Mapping
from typing import TypeAlias

from bot.blocks.elements import NAME, TITLE, count, safe

Facts: TypeAlias = Mapping[str, str | int | float | None]

REASON = 500  # characters of why: what went wrong, its remedy, and the other side's own words

# Filled with the notice's facts, which hold numbers and ids; a fact that is absent reads as "?".
SENTENCES: Mapping[str, str] = {
    "database_created": (
        "A new database was created, so Spotter starts without memory: the first listing is stored silently. "
        "If this was no first start, the folder of DATABASE_URL does not survive restarts: put it on a volume."
    ),
    "baseline_done": (
        "The first listing is stored: {sessions}. From now on new completions are posted. "
        "Try `{command} results since:30d` to see what is there."
    ),
    "suspicious_listing": (
        "iSpring listed {listed} although {known} are known. Nothing was marked missing and nothing is lost. "
        "Check that the API key still sees all departments."
    ),
    "listing_incomplete": (
        "iSpring's checklists name {sessions} that its list of sessions leaves out: Spotter knows nothing of them and "
        "can't tell of them. Ask iSpring's support what limits that list; `spotter check` compares the two again."
    ),
    "round_count": (
        "iSpring listed exactly {sessions}. A number so round may be chance, or a limit at which its list ends: "
        "compare it with a report in iSpring. `spotter check` compares it with what the checklists name."
    ),
    "unknown_status": (
        "iSpring uses {statuses} that Spotter does not know: {status}. Such sessions show that word and count neither "
        "as completed nor as failed. Please report it, so that it gets a meaning."
    ),
    "date_order": (
        "Dates from iSpring contradict ISPRING_DATE_ORDER, which is {order}. Set it to `dmy` or `mdy` as iSpring "
        "writes them, and restart; `spotter check` shows the evidence."
    ),
    "rows_set_aside": (
        "{rows} of a listing could not be understood and were left out; the others were read. "
        "`spotter check` names the rows and why."
    ),
    "message_refused": (
        "Slack refused a message for ever ({reason}), even as plain text. Look with `spotter outbox list`; send it "
        "again with `spotter outbox retry` once the cause is mended."
    ),
    "app_refused": (
        "Slack refuses the app itself ({reason}): nothing is sent until that is mended, and nothing is lost. "
        "Check the token and the scopes, reinstall the app, and restart."
    ),
    "workspace_throttled": (
        "Slack takes no messages in the whole workspace for now ({reason}). Nothing is lost; it is tried again by itself. "
        "`message_limit_exceeded`: the workspace sends more than its plan allows; let its other apps send less, or "
        "change the plan. Any other word: Slack is moving the workspace; wait."
    ),
    "direct_messages_closed": (
        "Slack lets Spotter send no direct messages ({reason}); they wait, channels go on. Put what `spotter manifest` "
        "prints in the app's place (App Manifest at api.slack.com/apps) and reinstall the app; what waits is tried "
        "again once a day."
    ),
    "destination_gone": "A destination can't be written to ({reason}). Its messages wait; see `spotter outbox list`.",
    "training_refused": (
        "iSpring refuses Spotter's key ({reason}). Check ISPRING_API_URL, ISPRING_CLIENT_ID and ISPRING_CLIENT_SECRET; "
        "reading is tried again by itself."
    ),
    "poll_stale": (
        "iSpring has not been asked for {minutes} min, although it should be. Look at the log; a restart loses nothing."
    ),
    "deliveries_stuck": (
        "{messages} could not be sent, the oldest for {minutes} min. Nothing is lost; `spotter outbox list` says what "
        "they wait for."
    ),
    "socket_deaf": (
        "Spotter has not been connected to Slack for {minutes} min: commands and buttons do not arrive. It connects "
        "anew by itself; if it stays so, check SLACK_BOT_TOKEN, SLACK_APP_TOKEN and the network."
    ),
    "disk_nearly_full": (
        "Only {megabytes} MB are left on the disk of the database. Free some space or mount a larger volume: on a full "
        "disk nothing is polled or sent."
    ),
    "over": "Over after {minutes} min: {alert}.",
    "poll_failing": (
        "iSpring could not be read ({reason}). It is tried again by itself; `{command} status` says since when."
    ),
}

# What is so again once a trouble is over.
OVER: Mapping[str, str] = {
    "poll_failing": "iSpring can be read again",
    "training_refused": "iSpring takes the key again",
    "suspicious_listing": "iSpring lists its sessions again",
    "listing_incomplete": "iSpring lists every session that its checklists name",
    "round_count": "iSpring lists another number of sessions",
    "rows_set_aside": "every row of iSpring's listing can be read again",
    "date_order": "dates are read in another order now",
    "poll_stale": "iSpring is asked again",
    "deliveries_stuck": "messages are sent again",
    "app_refused": "Slack takes the app again",
    "workspace_throttled": "Slack takes messages again",
    "direct_messages_closed": "direct messages are sent again",
    "socket_deaf": "commands and buttons arrive again",
    "disk_nearly_full": "there is space on the disk again",
}

_COUNTED = {
    "messages": ("message", "messages"),
    "sessions": ("session", "sessions"),
    "listed": ("session", "sessions"),
    "known": ("session", "sessions"),
    "rows": ("row", "rows"),
    "statuses": ("status", "statuses"),
}


def ops_sentence(facts: Facts, command: str = "/ojt") -> str:
    """The sentence for a notice's `code`, fit for mrkdwn; an unknown code is told with its facts rather than hidden.

    `command` is what people type in Slack; what begins with `spotter` is typed on the command line.
    """
    code = facts.get("code")
    sentence = SENTENCES.get(str(code))
    if sentence is None:
        rest = ", ".join(f"{safe(k, NAME)} {_value(k, v)}" for k, v in facts.items() if k != "code")
        name = safe(str(code or "something"), NAME)
        return f"Spotter noticed: {name}" + (f" ({rest})" if rest else "") + ". Its log says more."
    alert = OVER.get(str(facts.get("code_before")), "what was wrong no longer is")
    return sentence.format_map(_Filled(facts, command, alert))


class _Filled(dict[str, str]):
    """Facts in words; a fact that is not there is a question mark, for a notice must go out all the same."""

    def __init__(self, facts: Facts, command: str, alert: str) -> None:
        super().__init__({name: _value(name, value) for name, value in facts.items()}, command=command, alert=alert)

    def __missing__(self, name: str) -> str:
        return "?"


def _value(name: str, value: str | int | float | None) -> str:
    if name in _COUNTED and isinstance(value, int):
        return count(value, *_COUNTED[name])
    return "?" if value is None else safe(str(value), REASON if name == "reason" else TITLE)
