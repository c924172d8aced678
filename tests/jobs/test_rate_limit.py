"""Slack never has to say "too fast"."""

from bot.jobs.rate_limit import RateLimiter


def test_one_channel_gets_one_post_a_second_and_others_do_not_wait() -> None:
    limiter = RateLimiter()
    limiter.posted("channel:A", 100.0)
    assert limiter.post_at("channel:A", 100.0) > 101.0
    assert limiter.post_at("channel:B", 100.0) == 100.0
    assert limiter.post_at("channel:A", 102.0) == 102.0


def test_a_workspace_gets_three_hundred_posts_in_any_minute() -> None:
    limiter = RateLimiter()
    for number in range(300):
        limiter.posted(f"channel:{number}", number / 10)
    assert limiter.post_at("channel:new", 30.0) == 60.0
    assert limiter.post_at("channel:new", 60.05) == 60.05


def test_a_workspace_gets_forty_edits_in_any_minute() -> None:
    limiter = RateLimiter()
    for number in range(40):
        assert limiter.edit_at(float(number)) == number
        limiter.edited(float(number))
    assert limiter.edit_at(40.0) == 60.0


def test_a_named_time_holds_back_one_place_or_all() -> None:
    limiter = RateLimiter()
    limiter.block_until("channel:A", 50.0)
    assert (limiter.post_at("channel:A", 10.0), limiter.post_at("channel:B", 10.0)) == (50.0, 10.0)
    limiter.block_until(None, 70.0)
    assert (limiter.post_at("channel:B", 10.0), limiter.edit_at(10.0)) == (70.0, 70.0)


def test_a_named_time_for_edits_leaves_posts_alone() -> None:
    limiter = RateLimiter()
    limiter.hold_edits_back(90.0)
    assert (limiter.edit_at(10.0), limiter.post_at("channel:A", 10.0)) == (90.0, 10.0)
