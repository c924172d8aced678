"""Reason codes: why a delivery, a notification or a rule is in its state. Control flow reads codes; people read texts.

Slack's own error codes are kept beside these as they came, because Slack adds new ones.
"""

from datetime import timedelta
from enum import StrEnum


class ReasonCode(StrEnum):
    """Stored beside each reason text; "" for rows whose reason decides nothing."""

    NONE = ""
    # a delivery after an attempt or a read-back
    RATE_LIMITED = "rate_limited"
    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"
    DESTINATION_GONE = "destination_gone"
    POSTED_AND_DELETED = "posted_and_deleted"
    REJECTED = "rejected"
    APP_REFUSED = "app_refused"
    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"
    READ_LATER = "read_later"
    RESTORED = "restored"
    # a notification that is not sent
    CANCELLED = "cancelled"
    COUNTED = "counted"
    SHOWN_BY_OTHER_CARD = "shown_by_other_card"
    # a rule that is paused
    OWNER_GONE = "owner_gone"
    OWNER_ERASED = "owner_erased"
    PAUSED_BY_PERSON = "paused_by_person"
    BECAME_PUBLIC = "turned_public"
    # a change that can't be routed yet
    PEOPLE_UNREAD = "people_unread"
    DEPARTMENTS_UNREAD = "departments_unread"
    PERSON_UNKNOWN = "person_unknown"
    DEPARTMENT_UNKNOWN = "department_unknown"
    OWNER_UNKNOWN = "owner_unknown"
    OBSERVER_UNNAMED = "observer_unnamed"


# ---- why a destination is blocked --------------------------------------------------------------------------------

# The first three are Slack's own codes, which has more of them.
NOT_IN_CHANNEL = "not_in_channel"
ARCHIVED = "is_archived"
NOT_FOUND = "channel_not_found"
SHARED_OUTSIDE = "shared_outside"
# Proved or disproved by a check of the channel; for the rest (a policy, say) only another attempt tells.
FOUND_BY_CHECK = frozenset({NOT_IN_CHANNEL, ARCHIVED, "channel_is_archived", NOT_FOUND, SHARED_OUTSIDE})
MAY_NOT_CHECK = "missing_scope"  # how the reason begins if the check itself was refused: another check can tell
TRIED_AGAIN = timedelta(hours=24)  # until a blocked destination that no check can judge is tried again

PRIVATE, PUBLIC = "private", "public"  # what a rule's owner knows its channel to be
SHADOW_PUBLIC = "shadow_public"  # why nothing is shown in the channel of shadow mode: everybody could read it
