"""What `outbox list` calls what is owed."""

from bot.cli.outbox import KINDS
from bot.core.model import NoticeKind


def test_every_kind_of_notice_has_words() -> None:
    assert set(KINDS) == set(NoticeKind)
    assert len(set(KINDS.values())) == len(KINDS)
