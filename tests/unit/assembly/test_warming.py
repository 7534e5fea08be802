"""A node tries its new proxies by itself; a judge that is away changes nothing and is told."""

from random import Random

import pytest

from proxyfleet.assembly.warming import CROWD, Warming
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Status
from proxyfleet.core.selector import ANY
from proxyfleet.lab import HandClock, Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.services.checking import JudgeFailed
from proxyfleet.services.inventory import fill
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import ChecksSection
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0


async def node(lab, **checks):
    """A fleet of new proxies that are not to be handed out unproven, its store, and its warming."""
    clock = HandClock(NOW)
    store, fleet = MemoryStore(clock), FleetState(rng=Random(1))
    await store.put([proxy_of(one, status=Status.PENDING, require_check=True) for one in lab.proxies])
    await fill(fleet, store, NOW)
    told = {"judge": f"{lab.target.url}/judge", "timeout": 2.0, **checks}
    return fleet, store, Warming(Settings(checks=ChecksSection(**told)), store, fleet, clock)


async def test_new_proxies_are_handed_out_once_they_have_passed():
    async with Lab(http=2, socks5=1) as lab:
        lab.proxies[0].kill()
        fleet, store, warming = await node(lab)
        assert not isinstance(fleet.pick(ANY, NOW), Pick)
        assert await warming.warm(NOW) == "3 tried: 2 works, 1 dead"
        assert {fleet.pick(ANY, NOW).proxy_id for _ in range(20)} == {2, 3}
        assert [one.status for one in await store.some([1, 2, 3])] == [Status.PENDING, Status.ACTIVE, Status.ACTIVE]
        assert await warming.warm(NOW + 60) == "none due"
        lab.proxies[0].revive()
        assert await warming.warm(NOW + 3_700) == "1 tried: 1 works"


async def test_while_the_judge_is_away_nobody_is_to_blame():
    async with Lab(http=2) as lab:
        fleet, _, warming = await node(lab)
        lab.target.go_down("refuse")
        with pytest.raises(JudgeFailed):
            await warming.warm(NOW)
        assert [fleet.health(one, NOW).attempts for one in fleet] == [0, 0]
        lab.target.come_up()
        assert await warming.warm(NOW) == "2 tried: 2 works"


async def test_it_can_be_switched_off_and_leaves_room_for_traffic():
    async with Lab(http=1) as lab:
        _, _, off = await node(lab, warm=False)
        assert await off.warm(NOW) == "switched off (checks.warm)"
        _, _, eager = await node(lab, concurrency=5_000)
        assert eager._settings.checks.concurrency == CROWD
