"""Why a destination is blocked or a rule paused; which of these reasons a look at the channel can prove."""

from datetime import timedelta

from bot.domain import routing

# Why a destination is held; the first three are Slack's own words, and there are more of those.
NOT_IN_CHANNEL = "not_in_channel"
ARCHIVED = "is_archived"
NOT_FOUND = "channel_not_found"
SHARED_OUTSIDE = "shared_outside"
# What a look at the channel proves or disproves; of the rest (a policy, say) only another try can tell.
FOUND_BY_CHECK = frozenset({NOT_IN_CHANNEL, ARCHIVED, "channel_is_archived", NOT_FOUND, SHARED_OUTSIDE})
MAY_NOT_CHECK = "missing_scope"  # how the reason begins where a look itself was refused: another one can tell
TRIED_AGAIN = timedelta(hours=24)
# Why a rule rests.
BECAME_PUBLIC = "turned_public"
OWNER_GONE = routing.OWNER_GONE

PRIVATE, PUBLIC = "private", "public"  # what a rule's owner knows its channel to be
