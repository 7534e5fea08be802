"""A node over a real store: loads, follows changes, fails without leaving anything open, goes in order."""

import random
from dataclasses import replace

import pytest

from proxyfleet.assembly.node import Node
from proxyfleet.assembly.opening import opened
from proxyfleet.assembly.runtime import member_files, node_file, read_node_file
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import FOREVER, Holder, Token
from proxyfleet.core.orders import Candidate, Claim, Release
from proxyfleet.core.outcome import Outcome
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.ports import GatewayUser
from proxyfleet.services.editing import change_from
from proxyfleet.services.inventory import edit
from proxyfleet.settings.schema import GatewaySection, Settings

NOW = 1000.0


@pytest.fixture
def settings(tmp_path):
    gateway = GatewaySection(listen=("127.0.0.1", 0))
    return Settings(
        f"sqlite:///{tmp_path}/fleet.db", data_folder=tmp_path, key_default=tmp_path / "k" / "key", gateway=gateway
    )


@pytest.fixture
async def found(settings):
    async with opened(settings, lambda: NOW) as one:
        await one.store.put(some_proxies(5, country="DE"))
        yield one


def node_of(settings, found):
    return Node(settings, found, clock=lambda: NOW, rng=random.Random(1))


async def test_it_loads_listens_and_tells_where(settings, found):
    node = node_of(settings, found)
    assert not node.ready
    await node.start()
    assert node.ready
    assert list(node.fleet) == [1, 2, 3, 4, 5]
    assert node.gateway_address[1] > 0
    assert read_node_file(node_file(settings)) == node.address
    await node.stop(0.1)
    assert not node.ready
    assert not node_file(settings).exists()


async def test_changes_are_applied_as_differences(settings, found):
    node = node_of(settings, found)
    await node.start()
    node.fleet.record(1, Outcome.succeeded(0.1), NOW)
    async with opened(settings) as other:
        await other.store.remove([5])
        await edit(other.store, [2], change_from(["country=US"]))
        await other.store.put([a_proxy(9)])
        await other.store.put_user(GatewayUser("alice", "hash"))
    await node._core.follower.look()

    assert sorted(node.fleet) == [1, 2, 3, 4, 6]
    assert node.fleet.get(2).labels.country == "US"
    assert node.fleet.health(1, NOW).successes == 1
    assert node._users == {"alice": GatewayUser("alice", "hash")}
    assert not node.guarded, "credentials are asked for from the next start on"
    await node.stop(0.1)


async def test_leases_of_other_nodes_are_known_and_freed(settings, found):
    node = node_of(settings, found)
    await node.start()
    async with opened(settings, lambda: NOW) as other:
        claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 5, FOREVER),), 60.0)
        lease = (await other.store.decide([claim], "other")).answers[0].leases[0]
        await node._core.follower.look()
        assert node.fleet.leases(1) == 1
        await other.store.decide([Release(Token(1, 0, lease.fence), "ann")], "other")
    await node._core.follower.look()
    assert node.fleet.leases(1) == 0
    await node.stop(0.1)


async def test_with_a_user_it_is_guarded(settings, found):
    await found.store.put_user(GatewayUser("alice", "hash"))
    node = node_of(settings, found)
    await node.start()
    assert node.guarded
    told = await node._control._routes["/fleet/report"]({})
    assert told["node"]["users"] == 1
    assert told["gateway"]["requests"] == 0
    await node.stop(0.1)


async def test_an_open_proxy_is_refused_and_nothing_stays_open(settings, found):
    node = node_of(replace(settings, gateway=replace(settings.gateway, listen=("0.0.0.0", 0))), found)
    with pytest.raises(OpenProxyRefused):
        await node.start()
    assert not node._server.is_serving()
    assert not node_file(settings).exists()


async def test_a_taken_control_port_names_the_option(settings, found):
    first = node_of(settings, found)
    await first.start()
    port = int(first.address.url.rpartition(":")[2])
    second = node_of(replace(settings, gateway=replace(settings.gateway, control=("127.0.0.1", port))), found)
    with pytest.raises(CannotListen, match="--control"):
        await second.start()
    await first.stop(0.1)


async def test_without_control_there_is_no_node_file(settings, found):
    node = node_of(replace(settings, gateway=replace(settings.gateway, control=None)), found)
    await node.start()
    assert node.address is None
    assert not node_file(settings).exists()
    await node.stop(0.1)


async def test_settings_are_taken_over_while_it_runs(settings, found):
    node = node_of(settings, found)
    await node.start()
    address = node.gateway_address
    changed = replace(
        settings,
        store="sqlite:////elsewhere.db",
        gateway=replace(settings.gateway, via=False, listen=("127.0.0.1", 9), drain=1.5),
        rules=replace(settings.rules, strategy="random", cooldown=1.0),
    )
    assert node.apply(changed) == ["store", "gateway.listen", "rules.cooldown"]
    assert node.fleet.strategy == "random"
    assert node.gateway_address == address
    with pytest.raises(FleetError):
        node.apply(replace(changed, gateway=replace(changed.gateway, tls_certificate="/nowhere.pem", via=True)))
    assert node_file(settings).exists()
    await node.stop(0.1)
    assert not node_file(settings).exists(), "it is known where its own file lies"


async def test_one_of_several_processes_has_a_file_of_its_own(settings, found):
    first, second = node_of(settings, found), Node(settings, found, clock=lambda: NOW, rng=random.Random(1), member=1)
    await first.start()
    await second.start()
    assert [one.name for one in member_files(node_file(settings))] == ["fleet.db.node.json", "fleet.db.node.1.json"]
    assert read_node_file(node_file(settings, 1)) == second.address
    assert second.flows()["connections"] == 0
    await second.stop(0.1)
    await first.stop(0.1)
    assert not node_file(settings, 1).exists()
