"""What Spotter promises when something happens. `@pytest.mark.promise(key)` marks the tests that hold one."""

from typing import NamedTuple


class Promise(NamedTuple):
    """`when` something happens, `then` Spotter does this."""

    when: str
    then: str


PROMISES: dict[str, Promise] = {
    "killed_while_sending": Promise(
        "the process is killed in the middle of a send",
        "the next one reads the channel back before it sends again: each session is posted once",
    ),
    "lost_reply": Promise(
        "Slack accepts a message and its reply is lost",
        "the message is read back 5 and 35 seconds later and found, not posted again",
    ),
    "accepted_late": Promise(
        "Slack accepts a message 20 seconds after the connection ended, or shows it late",
        "the second read-back finds it",
    ),
    "lost_request": Promise(
        "a message never reached Slack",
        "it is sent again under the same key after two read-backs without it",
    ),
    "lost_again_and_again": Promise(
        "a message is lost again and again",
        "it is read back and sent again each time, at most every six minutes; it never fails for that",
    ),
    "unreadable_channel": Promise(
        "the bot may not read the channel back",
        "an ambiguous post is made once more; the audit log and `check` say so",
    ),
    "rate_limited": Promise(
        "Slack asks to wait",
        "that channel waits as long as asked, the others go on",
    ),
    "message_rejected": Promise(
        "Slack rejects a message",
        "it is sent once as plain text; then it fails with its reason and `OPS_CHANNEL` is notified",
    ),
    "unknown_rejection": Promise(
        "Slack rejects a message with an unknown error",
        "it is read back, sent once as plain text and read back; then it fails with that error and `OPS_CHANNEL` is "
        "notified",
    ),
    "token_revoked": Promise(
        "the bot token is revoked, or a scope is removed",
        "sending pauses and `/healthz` says `impaired`; afterwards it goes on with nothing lost",
    ),
    "workspace_capped": Promise(
        "the workspace is over Slack's cap, or is being migrated",
        "everything waits; `OPS_CHANNEL`, `status` and `check` say so and what to do",
    ),
    "shadowed": Promise(
        "an admin starts shadow mode",
        "everything goes to that private channel only, also after a lost reply or a crash; if the channel is gone it "
        "waits; what was shown is not sent again when they go live",
    ),
    "direct_messages_closed": Promise(
        "the app may send no direct messages",
        "they wait, channels go on; `OPS_CHANNEL`, `status` and `check` name the remedy",
    ),
    "channel_denied": Promise(
        "Slack denies access to one channel",
        "its messages wait and are tried once a day, everything else goes on",
    ),
    "slack_down_at_start": Promise(
        "Slack is down at the start",
        "the start is repeated until Slack answers; then everything is sent",
    ),
    "token_refused_at_start": Promise(
        "Slack refuses the bot token from the start",
        "`/healthz` says `impaired` and since when, the log says why, an alert follows after two minutes; the token is "
        "tried until Slack accepts it",
    ),
    "socket_lost": Promise(
        "the socket breaks, or goes silent without closing",
        "commands work again on the next connection",
    ),
    "ispring_down": Promise(
        "iSpring is down, or answers with a web page",
        "nothing is applied; commands are answered; the next good poll catches up",
    ),
    "ispring_rate_limited": Promise(
        "iSpring asks to wait",
        "it gets no request for as long",
    ),
    "wrong_key": Promise(
        "the key or the region is wrong",
        "one clear line and one message to `OPS_CHANNEL`; retries become less frequent",
    ),
    "suspicious_listing": Promise(
        "iSpring lists less than half of the stored sessions",
        "nothing is marked missing, and `OPS_CHANNEL` is notified",
    ),
    "unreadable_rows": Promise(
        "rows of a listing can't be understood",
        "the other rows are read; `OPS_CHANNEL` is notified once, and once when all can be read",
    ),
    "oversized_answer": Promise(
        "iSpring answers a gigabyte, compresses one into two kilobytes, nests without end, or redirects",
        "reading stops at a limit; the token goes to no other host",
    ),
    "broken_characters": Promise(
        "iSpring sends half an emoji, or bytes that are no text",
        "that title or name shows �; everything else is read as usual",
    ),
    "new_status": Promise(
        "iSpring uses a new status",
        "it is shown as it is, has no outcome, and the admin is notified once",
    ),
    "oversized_names": Promise(
        "iSpring sends names or titles of megabytes",
        "they are cut; a row with an id of that size is rejected",
    ),
    "incomplete_listing": Promise(
        "iSpring's list leaves out sessions that its checklists name, or ends at a round number",
        "`OPS_CHANNEL` and `check` say how many, and whom to ask",
    ),
    "large_account": Promise(
        "iSpring's whole list is larger than `FULL_LISTING_LIMIT`",
        "polls read what may have changed, within `POLL_BYTES`; completions are as soon, corrections a round later",
    ),
    "lying_filters": Promise(
        "iSpring ignores a filter, or its filters leave sessions out",
        "`OPS_CHANNEL` is notified and full listings are read until a day passes without; no session is lost",
    ),
    "odd_result": Promise(
        "a result is no percentage",
        "it is shown as it came, unless the points contradict it; the log counts such rows",
    ),
    "late_criteria": Promise(
        "iSpring does not have a session's criteria yet",
        "the card is posted and edited when they come, however old the session",
    ),
    "contradicting_dates": Promise(
        "dates contradict the setting",
        "an alert says so; dates are never swapped by guessing",
    ),
    "two_processes": Promise(
        "two processes run",
        "one polls and sends, both answer; when the first dies the second takes over",
    ),
    "handover": Promise(
        "a new process takes over from an old one",
        "no command is lost or answered twice",
    ),
    "slow_shutdown": Promise(
        "the process is asked to stop while Slack or iSpring hangs",
        "it ends before a platform kills it and loses nothing",
    ),
    "database_locked": Promise(
        "the database is locked",
        "the work is retried; Slack's answers are not lost",
    ),
    "disk_full": Promise(
        "the disk is full",
        "nothing is half written, and it is retried; `restore` replaces nothing",
    ),
    "database_deleted": Promise(
        "the database is deleted or damaged under a running bot",
        "the bot stops with the remedy",
    ),
    "first_start": Promise(
        "it starts for the first time, or the disk was wiped",
        "the first listing is stored and nothing is posted; a log line and an alert say that a database was created",
    ),
    "old_database": Promise(
        "the database is of an older Spotter",
        "it is migrated whole or not at all; a newer one is refused",
    ),
    "burst": Promise(
        "a thousand sessions are completed at once",
        "grouped cards, below target first; other channels do not wait",
    ),
    "flood": Promise(
        "more than 2,000 are completed at once for one channel",
        "the worst 2,000 get cards, one summary counts the others",
    ),
    "outage": Promise(
        "Spotter, iSpring or Slack is down for a weekend",
        "one card counts what is older than `CATCH_UP_HOURS`; newer results are posted",
    ),
    "restored": Promise(
        "a backup is restored",
        "messages it may have posted since are read back; results since are counted, not posted",
    ),
    "bad_copy": Promise(
        "a copy is damaged, foreign or newer, or a bot is running",
        "`restore` replaces nothing",
    ),
    "corrected": Promise(
        "a result is corrected",
        "its card is edited and keeps the old value; a turn to below target is one new card",
    ),
    "reopened_early": Promise(
        "a session is re-opened before its card was sent",
        "its card is not sent; completed again, it is",
    ),
    "channel_gone": Promise(
        "a channel is archived, or the bot removed",
        "its rules pause, their owner is notified once with the remedy; they resume by themselves",
    ),
    "removed_while_ambiguous": Promise(
        "the bot is removed from a channel while a send there is ambiguous",
        "the message is read back once the bot is back, not sent again unseen",
    ),
    "channel_deleted": Promise(
        "a channel is deleted",
        "the rule's owner is notified how to end it",
    ),
    "channel_renamed": Promise(
        "a channel is renamed, or gets another id",
        "its rules and messages follow; a setting that names the old id has to be changed",
    ),
    "became_public": Promise(
        "a private channel becomes public",
        "its rules wait until their owner or an admin says yes; sharing there asks again",
    ),
    "rights_by_event": Promise(
        "an event says that somebody became a guest, was deactivated or got another address",
        "what that takes away counts at once and until Slack, asked again, says otherwise",
    ),
    "rights_unproved": Promise(
        "iSpring's people or departments can't be read for longer than `RIGHTS_MAX_AGE`",
        "what rests on them closes and messages wait; one's own results, admins and the operator's rules go on",
    ),
    "reassigned": Promise(
        "iSpring gives a session to another employee",
        "what was posted about the one before is redacted, and what was not sent is cancelled",
    ),
    "shared_outside": Promise(
        "a channel is shared with another company",
        "no result is posted or shared there, also if Slack sent no event: the channel is checked first",
    ),
    "owner_left": Promise(
        "a rule's owner leaves",
        "it pauses until an admin confirms its query and takes it over; results since then wait",
    ),
    "stop_button": Promise(
        "a person wants no more direct messages",
        "one button in any of them stops them, whatever became of their link",
    ),
    "taken_over_meanwhile": Promise(
        "a rule is taken over while iSpring is read",
        "results found then are posted on behalf of the new owner",
    ),
    "ambiguous_introduction": Promise(
        "a session is completed while it is unclear whether a rule's introduction was posted",
        "its card follows the introduction",
    ),
    "direct_messages_refused": Promise(
        "a person refuses direct messages",
        "they get none, and the reason is stored",
    ),
    "why": Promise(
        "a person asks why a session was or was not posted",
        "each destination, rule, attempt and link is named to those who may see it",
    ),
    "wrong_eyes": Promise(
        "the wrong person looks",
        "no answer, button, form, Home, card or digest holds a name, id or count that they may not see",
    ),
    "right_lost": Promise(
        "a rule's owner loses a right",
        "the next edit removes what may no longer be shown",
    ),
    "address_changed": Promise(
        "an e-mail address changes or is shared",
        "the link by it is suspended, and it links no one",
    ),
    "hostile_name": Promise(
        "a name or title is hostile",
        "it is shown as text: no mention, no markup, no broken card",
    ),
    "hostile_query": Promise(
        "a query is built to break the parser",
        "it is answered after bounded work",
    ),
    "spreadsheet": Promise(
        "a result is exported to a spreadsheet",
        "no cell is run as a formula",
    ),
    "terminal": Promise(
        "a name or title holds a terminal's control signs",
        "the command line shows it as text, on one line",
    ),
    "forged_request": Promise(
        "a request is forged, stale, compressed, too long or never whole",
        "401, 408, 413 or 415, and nothing of it in the log",
    ),
    "repeated_request": Promise(
        "a request comes twice",
        "it counts once",
    ),
    "bug": Promise(
        "a bug raises an error",
        "the log says where, without names, secrets or typed text",
    ),
    "ispring_reason": Promise(
        "iSpring refuses in its own words",
        "admins read them in `/ojt status`, `OPS_CHANNEL` and `check`; the log has the status and the request",
    ),
    "descriptors": Promise(
        "file descriptors run out",
        "asyncio's complaint is one log line a minute",
    ),
    "erased": Promise(
        "a person is erased",
        "their sessions and name go, also from messages already posted and from the database's log; no listing brings "
        "them back",
    ),
    "erased_outside": Promise(
        "another company can read a result",
        "the next edit, after a correction or an erasure, removes it; it is shown again once the channel is internal",
    ),
    "retention": Promise(
        "a session is older than `KEEP_DAYS`",
        "it is erased, and messages about it are edited",
    ),
    "file_rights": Promise(
        "another user of the machine looks at the files",
        "only the owner can read database, lock and copies",
    ),
    "alert": Promise(
        "something is wrong for a while",
        "`OPS_CHANNEL` is notified once when it begins and once when it ends",
    ),
    "heartbeat": Promise(
        "Spotter itself goes silent",
        "`HEARTBEAT_URL` is called after good polls only, so a monitor notices",
    ),
    "slow_heartbeat": Promise(
        "the monitor behind `HEARTBEAT_URL` answers without an end",
        "no poll waits longer than ten seconds for it",
    ),
    "check": Promise(
        "something needs a person",
        "`check` has a line for it, with the remedy",
    ),
    "digest_once": Promise(
        "a digest is due while Spotter restarts, runs twice, is down, or the clock is changed",
        "one digest per rule and local date; after an outage the newest, which covers the time since the last one",
    ),
    "digest_unread": Promise(
        "iSpring could not be read when a digest is due",
        "it waits an hour, then says so instead of zeros, and is edited once iSpring is read",
    ),
    "digest_owner_gone": Promise(
        "the owner of a digest may see nothing any more",
        "it is not sent, its rule pauses, and an admin is told",
    ),
    "quiet_time": Promise(
        "something comes for a person in their quiet time",
        "it is held, and sent afterwards once, as it is then; channels are not affected",
    ),
    "reminded": Promise(
        "a session is not started in time, or not finished",
        "its observer gets one message for all of them, a day later the supervisor, then `OPS_CHANNEL`; each once",
    ),
}
