"""A node without faces: follows its store from start to stop."""

from random import Random

from proxyfleet.assembly.embedded import EmbeddedNode
from proxyfleet.assembly.opening import opened
from proxyfleet.core.lease import Holder
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import some_proxies
from proxyfleet.services.leasing import Wanted
from proxyfleet.settings.schema import Settings


async def test_two_nodes_have_names_of_their_own_and_one_store():
    async with opened(Settings(store="memory:")) as found:
        await found.store.put(some_proxies(2, capacity=1))
        nodes = [EmbeddedNode(found, Rules(), rng=Random(n)) for n in range(2)]
        for node in nodes:
            await node.start()
            node.run()
        assert nodes[0].name != nodes[1].name
        grants = [await node.leasing.acquire(Wanted(Holder("ann"))) for node in nodes]
        assert {grant.handouts[0].lease.proxy_id for grant in grants} == {1, 2}
        await nodes[0].follower.look()
        assert [nodes[0].fleet.leases(one) for one in (1, 2)] == [1, 1]
        for node in nodes:
            await node.stop()
