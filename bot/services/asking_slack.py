"""Asks Slack about the people who have no usable account there, one after the other and within its limits."""

from collections.abc import Callable, Sequence

from bot.domain.errors import MessengerError, MessengerUnavailable
from bot.domain.ports import Clock, Contacts
from bot.store.database import Store, Tx

BETWEEN = 2.0  # seconds between two questions: Slack grants 50 a minute, and a running Spotter needs its part
LONGEST_WAIT = 120.0  # seconds after which a question that Slack put off is asked again, whatever it named
TRIES = 3  # for one person; then Slack is taken to be down


def to_ask(tx: Tx) -> Sequence[str]:
    """Ids of the active people without a valid link of whom only Slack can say why: those whose e-mail address no
    other person has."""
    directory = tx.people.directory()
    return [
        one.person_id
        for one in sorted(directory.people.values(), key=lambda one: (one.name.casefold(), one.person_id))
        if directory.is_active(one.person_id)
        and one.email
        and len(directory.with_email(one.email)) == 1
        and tx.people.linked_user(one.person_id) is None
    ]


async def ask_slack(store: Store, contacts: Contacts, clock: Clock, progress: Callable[[int, int, float], None]) -> str:
    """Asks about each; what Slack answers is stored, with the links that follow. Returns "" if it answered of all, else
    why it did not.

    `progress` gets the number that is done, the number of all, and the seconds until the next question.
    """
    people = await store.read(to_ask)
    for done, person_id in enumerate(people):
        progress(done, len(people), 0)
        if done:
            await clock.sleep(BETWEEN)
        for attempt in range(1, TRIES + 1):
            try:
                await contacts.user_of(person_id, anew=True)
                break
            except MessengerUnavailable as problem:
                if attempt == TRIES:
                    return f"Slack could be asked about {done} of {len(people)} people only: {problem}"
                wait = min(problem.retry_after or BETWEEN, LONGEST_WAIT)
                progress(done, len(people), wait)
                await clock.sleep(wait)
            except MessengerError as problem:
                return f"Slack could be asked about {done} of {len(people)} people only: {problem}"
    progress(len(people), len(people), 0)
    return ""
