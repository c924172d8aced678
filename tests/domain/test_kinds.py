"""The registry of notification kinds: each kind has one entry and a name of its own."""

from bot.domain.kinds import KINDS
from bot.domain.notifications import NotificationKind


def test_every_kind_has_an_entry_and_a_name_of_its_own() -> None:
    assert set(KINDS) == set(NotificationKind)
    assert len({spec.name for spec in KINDS.values()}) == len(KINDS)


def test_only_results_are_grouped() -> None:
    assert [kind for kind, spec in KINDS.items() if not spec.goes_alone] == [NotificationKind.SESSION]
