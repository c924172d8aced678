"""Slack never has to say "too fast"."""

from bot.jobs.pace import Pace


def test_one_channel_gets_one_post_a_second_and_others_do_not_wait() -> None:
    pace = Pace()
    pace.posted("channel:A", 100.0)
    assert pace.post_at("channel:A", 100.0) > 101.0
    assert pace.post_at("channel:B", 100.0) == 100.0
    assert pace.post_at("channel:A", 102.0) == 102.0


def test_a_workspace_gets_three_hundred_posts_in_any_minute() -> None:
    pace = Pace()
    for number in range(300):
        pace.posted(f"channel:{number}", number / 10)
    assert pace.post_at("channel:new", 30.0) == 60.0
    assert pace.post_at("channel:new", 60.05) == 60.05


def test_a_workspace_gets_forty_edits_in_any_minute() -> None:
    pace = Pace()
    for number in range(40):
        assert pace.edit_at(float(number)) == number
        pace.edited(float(number))
    assert pace.edit_at(40.0) == 60.0


def test_a_named_time_holds_back_one_place_or_all() -> None:
    pace = Pace()
    pace.hold_back("channel:A", 50.0)
    assert (pace.post_at("channel:A", 10.0), pace.post_at("channel:B", 10.0)) == (50.0, 10.0)
    pace.hold_back(None, 70.0)
    assert (pace.post_at("channel:B", 10.0), pace.edit_at(10.0)) == (70.0, 70.0)


def test_a_named_time_for_edits_leaves_posts_alone() -> None:
    pace = Pace()
    pace.hold_edits_back(90.0)
    assert (pace.edit_at(10.0), pace.post_at("channel:A", 10.0)) == (90.0, 10.0)
