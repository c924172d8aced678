"""Compares iSpring's list of sessions, which has no pages, with the session ids that iSpring's checklists name.

iSpring does not document that the list is complete. Spotter can't report a session that the list leaves out.
"""

import asyncio
from collections.abc import Iterable, Set

from bot.domain.ports import Training


async def count_left_out(training: Training, named: Iterable[str], listed: Set[str], rejected: int) -> int:
    """Returns how many sessions, at least, the checklists name and the listing leaves out; raises TrainingError.

    `named`: the ids that the checklists named before the listing was requested; a session planned between the two
    requests is then only listed. If ids seem to be left out, the checklists are asked again, because a session deleted
    between the two requests is no longer named. `rejected`: rows of the listing that could not be decoded; each may
    stand for one named session.
    """
    missing = await asyncio.to_thread(lambda: {one for one in named if one not in listed})
    if len(missing) <= rejected:
        return 0
    again = await training.named_sessions()
    still_missing = await asyncio.to_thread(lambda: {one for one in again if one in missing})
    return max(0, len(still_missing) - rejected)
