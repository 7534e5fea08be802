"""The contract of `ports.Journal` about health: sums of all nodes together, faded by the store's clock."""

import pytest
from tests.conformance.claimkit import World

from proxyfleet.core.health.sums import HALF_LIFE, HealthSum


def told(proxy_id: int, tries: float, successes: float) -> HealthSum:
    return HealthSum(proxy_id, tries, successes, successes * 0.5, {4: successes}, 0.0)


async def test_what_nodes_tell_is_added_and_fades(world: World) -> None:
    one, two = await world.proxies(2)
    await world.inventory.add_health([told(one.id, 4.0, 3.0), told(two.id, 1.0, 0.0)])
    await world.inventory.add_health([told(one.id, 2.0, 2.0)])
    now, sums = await world.inventory.health_since(0.0)
    assert [(one_.proxy_id, round(one_.tries, 2), round(one_.successes, 2)) for one_ in sums] == [
        (one.id, 6.0, 5.0),
        (two.id, 1.0, 0.0),
    ]
    assert sums[0].seconds == pytest.approx(2.5, rel=0.01)
    assert sums[0].bins[4] == pytest.approx(5.0, rel=0.01)
    world.advance(HALF_LIFE)
    await world.inventory.add_health([told(one.id, 1.0, 1.0)])
    later, changed = await world.inventory.health_since(now + 1.0)
    assert later >= now + HALF_LIFE
    assert [one_.proxy_id for one_ in changed] == [one.id], "only what was added to since"
    assert changed[0].tries == pytest.approx(4.0, rel=0.01)


async def test_nothing_is_kept_of_a_proxy_that_is_gone(world: World) -> None:
    (one,) = await world.proxies(1)
    await world.inventory.add_health([told(one.id, 4.0, 3.0), told(999, 1.0, 1.0)])
    await world.inventory.remove([one.id])
    assert (await world.inventory.health_since(0.0))[1] == []
    await world.inventory.add_health([told(one.id, 4.0, 3.0)])
    assert (await world.inventory.health_since(0.0))[1] == []
