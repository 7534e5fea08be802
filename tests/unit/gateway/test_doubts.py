"""Who failed a moment ago is avoided by what cannot be sent again, and by nothing else."""

import pytest
from tests.integration.gatewaykit import OK, Kit, answering, closing, get, silent, turns

from proxyfleet.gateway.doubts import LASTS, MOST, Doubts
from proxyfleet.gateway.settings import Failover


def test_doubts_end_by_time_and_are_bounded():
    doubts = Doubts()
    assert not doubts.standing(0.0)
    doubts.add(1, 0.0)
    doubts.add(2, 1.0)
    doubts.add(1, 2.0)
    assert set(doubts.standing(1.0 + LASTS - 0.1)) == {1, 2}
    assert set(doubts.standing(1.0 + LASTS)) == {1}
    for number in range(MOST + 5):
        doubts.add(number + 10, 3.0)
    assert len(doubts.standing(4.0)) == MOST
    assert not doubts.standing(3.0 + LASTS)


async def posted(kit):
    client = await kit.client()
    client.send(get(method=b"POST"))
    return (await client.answer())[0]


async def asked(kit):
    client = await kit.client()
    client.send(get())
    return (await client.answer())[0]


@pytest.mark.parametrize("bad", [closing, None])
async def test_a_post_avoids_who_has_failed_while_there_are_others(bad):
    async with Kit(bad, answering(OK)) as kit:
        assert await asked(kit) == 200, "the first has failed, the second answers"
        assert [await posted(kit) for _ in range(3)] == [200] * 3
        assert kit.fleet.health(1, kit.clock()).failures == 1
        assert await asked(kit) == 200
        assert await asked(kit) == 200
        assert kit.fleet.health(1, kit.clock()).failures > 1, "what can be repeated still finds out"


async def test_a_post_avoids_who_is_suspected_to_have_stalled():
    async with Kit(silent, answering(OK), failover=Failover(patience=1.0)) as kit:
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns()
        await kit.later(1.1)
        assert (await client.answer())[0] == 200
        assert [await posted(kit) for _ in range(3)] == [200] * 3


async def test_with_nobody_else_a_post_goes_there_and_after_a_while_again():
    async with Kit(closing, answering(OK)) as kit:
        await asked(kit)
        await kit.later(LASTS)
        assert {await posted(kit) for _ in range(2)} == {200, 502}
    async with Kit(closing) as kit:
        assert await asked(kit) == 502
        assert await posted(kit) == 502
        assert len(kit.upstreams[0].peers) == 2
