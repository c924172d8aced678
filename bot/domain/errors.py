"""Everything that can go wrong, one class per decision of the caller.

    SpotterError
    ├── ConfigError            the settings are wrong: say all of it, exit 2
    ├── QueryError             a person's words were not understood: show the nearest ones
    │   └── AmbiguousQuery         they fit several things: ask which, and say what each would find
    ├── NotAllowed             this viewer may not: say why and who could change that, show nothing
    ├── NotPossibleNow         it can't be done as things are: say why
    ├── TrainingError          iSpring did not give an answer we can use
    │   ├── TrainingUnavailable    not now: keep the old state, try again later
    │   ├── TrainingRefused        not with this key, region or plan: tell the admin the remedy
    │   └── TrainingUnreadable     an answer, but not one that can be understood: apply nothing
    ├── MessengerError         Slack did not give an answer we can use (posts and edits answer with values instead)
    │   ├── MessengerUnavailable   not now: try again later
    │   │   └── MessengerUnclear       it may have been done: trying again may do it twice
    │   └── MessengerRefused       never like this: `code` is Slack's own word for it
    │       └── BlocksRefused      not with these blocks: the same message without them may be taken
    └── StoreError             the database can't be used
        ├── StoreBusy              locked or full for now: nothing was written, try again
        └── StoreUnusable          corrupt, read-only or from a newer Spotter: stop, say the remedy

Every message is written for a person: what went wrong, where, what to do next. None holds a secret, a name or a result,
so that it may stand in a log. What iSpring itself says may hold one and is kept apart (`TrainingError.said`).
"""

from collections.abc import Sequence
from enum import StrEnum


class SpotterError(Exception):
    """The root: catch it only where a program ends."""


class ConfigError(SpotterError):
    """Settings that can't work; `problems` holds one line per setting, each beginning with its name, never a value.
    `hint` says where they may have been expected."""

    def __init__(self, problems: Sequence[str], hint: str = "") -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.hint = hint


class QueryError(SpotterError):
    """Words that are no query; `suggestions` are whole corrected texts, best first, ready to run."""

    def __init__(self, message: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class AmbiguousQuery(QueryError):
    """Words that fit several things. `labels` say in the order of `suggestions` what each would find: "Store 12 Harbour
    Street · 14 sessions"."""

    def __init__(self, message: str, suggestions: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__(message, suggestions)
        self.labels = tuple(labels)


class Remedy(StrEnum):
    """Who could change a refusal."""

    NONE = "none"  # no one, or the reason says what to do
    ADMIN = "admin"  # an admin of Spotter may do it
    LINK = "link"  # an admin of Spotter can link the account to a person
    MEMBERSHIP = "membership"  # only full members of the workspace get results, linked or not
    ACCOUNT = "account"  # the person's account in iSpring is not active
    RIGHTS = "rights"  # what people may see follows from who they are in iSpring


class NotAllowed(SpotterError):
    """This viewer may not; the message is the reason, fit to be shown to them. `remedy` says who could change that."""

    def __init__(self, reason: str, remedy: Remedy = Remedy.NONE) -> None:
        super().__init__(reason)
        self.remedy = remedy


class NotPossibleNow(SpotterError):
    """It can't be done as things are: Slack is away, a channel is archived, nothing is left to share.

    The message is the reason, fit to be shown.
    """


class TrainingError(SpotterError):
    """iSpring gave no answer we can use; `said` is its own message, where it sent one: for an admin's eyes only."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said

    @property
    def in_full(self) -> str:
        """The message and what iSpring says, for an admin; never for a log."""
        return with_text(str(self), self.said)


def with_text(message: str, said: str) -> str:
    """A message about iSpring with iSpring's own words, if there are any."""
    return f'{message} iSpring says: "{said}"' if said else message


class TrainingUnavailable(TrainingError):
    """iSpring can't answer now; `retry_after` is in seconds where iSpring named a time."""

    def __init__(self, message: str, retry_after: float | None = None, *, said: str = "") -> None:
        super().__init__(message, said)
        self.retry_after = retry_after


class TrainingRefused(TrainingError):
    """iSpring refuses this key, region or plan; `remedy` says what an admin can do."""

    def __init__(self, message: str, remedy: str, *, said: str = "") -> None:
        super().__init__(f"{message} {remedy}", said)
        self.remedy = remedy


class BadRequest(TrainingRefused):
    """Something in the request is unknown to iSpring; in a request for many ids perhaps only one of them."""


class TrainingUnreadable(TrainingError):
    """iSpring answered, but not with what its contract says: nothing of it may be applied."""


class MessengerError(SpotterError):
    """Slack gave no usable answer to a question (posts and edits return values, see `domain.delivery`)."""


class MessengerUnavailable(MessengerError):
    """Slack can't answer now; `retry_after` is in seconds where Slack named a time."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MessengerUnclear(MessengerUnavailable):
    """Slack may have done what it was asked, and did not say so."""


# Slack's errors for an account that does not exist, or not for us: a valid answer to a lookup.
NOBODY = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class MessengerRefused(MessengerError):
    """Slack says no; `code` is its own word (`channel_not_found`), `needed` the scope it misses, if that is why."""

    def __init__(self, code: str, needed: str | None = None) -> None:
        super().__init__(f"Slack refused: {code}" + (f" (needs the scope {needed})" if needed else ""))
        self.code = code
        self.needed = needed

    @property
    def is_unknown_user(self) -> bool:
        """True if Slack says that this user does not exist."""
        return self.code in NOBODY


class BlocksRefused(MessengerRefused):
    """Slack does not take these blocks; the same message without the newest kinds may be taken."""


class NoRoom(SpotterError):
    """A file can't be written beside the database, for now: nothing is lost, and trying again is safe."""


class StoreError(SpotterError):
    """The database can't be used."""


class StoreBusy(StoreError):
    """Locked or full for now: nothing was written; trying again is safe.

    `fault` says of the database what is wrong with it ("has no room left on its disk"), "" if nothing is.
    """

    def __init__(self, message: str, fault: str = "") -> None:
        super().__init__(message)
        self.fault = fault


class StoreUnusable(StoreError):
    """Corrupt, read-only or written by a newer Spotter: going on would lose something."""
