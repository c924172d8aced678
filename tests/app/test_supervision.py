"""The first start that lets supervisors see the whole chain below them says so, once, with counts and no names."""

from tests.app.env import OPS, SHOP, Env


def said(env: Env) -> list[str]:
    return [text for text in env.texts(OPS) if "SUPERVISION" in text]


async def test_an_installed_database_that_ran_direct_says_once_what_the_chain_widens(env: Env) -> None:
    lead = env.world.add_person("Wilhelmina Thornbury", supervisor=env.observer)
    for person in (env.employee, env.world.add_person("Peregrine Oakes")):
        person.subordination, person.supervisor_id = "manual", lead.id
    first = await env.say("poll", SUPERVISION="direct", DEFAULT_CHANNEL=SHOP)
    assert (first.code, said(env)) == (0, [])

    second = await env.say("poll", DEFAULT_CHANNEL=SHOP)
    assert second.code == 0
    [message] = said(env)
    assert "the results of 2 people can also be seen further up, by 1 supervisor in all" in message
    assert "supervision.changed" in second.all

    third = await env.say("poll", DEFAULT_CHANNEL=SHOP)
    assert (third.code, len(said(env))) == (0, 1)
    assert "supervision.changed" not in third.all


async def test_a_new_database_begins_with_the_chain_and_says_nothing(env: Env) -> None:
    result = await env.say("poll", DEFAULT_CHANNEL=SHOP)
    assert (result.code, said(env)) == (0, [])
    assert "supervision.changed" not in result.all


async def test_any_other_word_is_a_mistake(env: Env) -> None:
    result = await env.say("poll", SUPERVISION="deep")
    assert result.code == 2
    assert "SUPERVISION must be 'chain' or 'direct'" in result.all
