"""A node over a real store: loads, follows changes, fails without leaving anything open, goes in order."""

import random
from dataclasses import replace

import pytest

from proxyfleet.assembly import node as module
from proxyfleet.assembly.node import Node
from proxyfleet.assembly.opening import opened
from proxyfleet.assembly.runtime import node_file, read_node_file
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
    async with opened(settings) as one:
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
    await node._load()

    assert sorted(node.fleet) == [1, 2, 3, 4, 6]
    assert node.fleet.get(2).labels.country == "US"
    assert node.fleet.health(1, NOW).successes == 1
    assert node._users == {"alice": GatewayUser("alice", "hash")}
    assert not node.guarded, "credentials are asked for from the next start on"
    await node.stop(0.1)


async def test_the_store_is_followed(settings, found, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    node = node_of(settings, found)
    await node.start()
    async with opened(settings) as other:
        await other.store.remove([1, 2])
    for _ in range(500):
        await node._revision()
        if len(node.fleet) == 3:
            break
    assert list(node.fleet) == [3, 4, 5]
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


def test_a_server_that_listens_everywhere_is_found_on_loopback():
    assert module._reachable(("0.0.0.0", 1)) == ("127.0.0.1", 1)
    assert module._reachable(("::", 1)) == ("::1", 1)
    assert module._reachable(("10.0.0.1", 1)) == ("10.0.0.1", 1)
