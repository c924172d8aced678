"""Why a destination is blocked: codes of Slack's and of ours, and which of them a check of the channel can prove."""

from datetime import timedelta

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
