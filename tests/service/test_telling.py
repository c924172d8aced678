"""From iSpring to Slack and back again, through the program as it is run."""

from tests.service.house import OPS, RESULTS, House, short


async def test_the_first_start_is_silent_and_says_that_it_made_a_database(house: House) -> None:
    old = house.world.add_session(checklist=house.opening, percent=40)
    bot = await house.started()
    await bot.has_logged("database_created")
    await bot.until(lambda: any("new database" in text for text in house.texts(OPS)), "the ops channel hears of it")
    await bot.until(lambda: any("1 session" in text for text in house.texts(OPS)), "and of the first listing")
    await bot.has_polled()
    assert (house.folder / "spotter.db").exists()
    assert not house.cards(old)
    assert len(house.texts(RESULTS)) == 1, "the rule's introduction and nothing else"
    assert await bot.terminate() < 10
    assert bot.code == 0


async def test_a_completed_session_becomes_one_card_and_one_direct_message(house: House) -> None:
    session = house.begin()
    bot = await house.started()
    house.world.complete(session, percent=90)
    [card] = await bot.until(lambda: house.cards(session), "a card")
    [message] = await bot.until(lambda: house.direct_messages(session), "a direct message")
    assert "Met target, 9" in card.text
    assert "Ottoline Feverstone" in message.text
    assert card.text.count(short(session)) == 1
    await bot.has_polled()
    assert house.cards(session) == [card]
    assert house.direct_messages(session) == [message]
