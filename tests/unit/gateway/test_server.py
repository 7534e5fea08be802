"""Start, interlock, drain."""

import asyncio
import random

import pytest
from tests.integration.gatewaykit import OK, USERS, Clock, Kit, answering, connect, echoing, get, silent, turns

from proxyfleet.core.fleet import FleetState
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.gateway.server import Gateway, is_loopback
from proxyfleet.gateway.settings import GatewaySettings


def gateway(users=None, **changes):
    return Gateway(FleetState(rng=random.Random(1)), users, Clock(), GatewaySettings(**changes))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "example.test"])
async def test_no_open_proxy(host):
    with pytest.raises(OpenProxyRefused) as refused:
        await gateway(listen=(host, 0)).start()
    assert "allow_clients" in refused.value.remedy


@pytest.mark.parametrize("changes", [{"users": USERS.get}, {"allow_clients": ("127.0.0.0/8",)}])
async def test_users_or_an_allow_list_open_it(changes):
    one = gateway(listen=("0.0.0.0", 0), **changes)
    await one.start()
    assert one.address[1] > 0
    await one.close()


async def test_a_taken_port_is_one_clear_line_and_leaves_nothing_open():
    async with Kit() as kit:
        other = gateway(listen=("127.0.0.1", 0), control=("127.0.0.1", kit.port))
        with pytest.raises(CannotListen) as refused:
            await other.start()
        assert f"127.0.0.1:{kit.port} is taken" in refused.value.cause
        assert other.sockets == []
        assert not other.ready


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("192.0.2.1", 0)])
async def test_other_impossible_addresses(host, port):
    with pytest.raises(CannotListen):
        await gateway(USERS.get, listen=(host, port)).start()


def test_loopback():
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("")
    assert not is_loopback("0.0.0.0")


async def test_two_processes_may_share_a_port():
    one = gateway(listen=("127.0.0.1", 0), reuse_port=True)
    await one.start()
    two = gateway(listen=one.address, reuse_port=True)
    await two.start()
    assert two.address == one.address
    assert len(one.sockets) == 1
    await one.close()
    await two.close()


async def test_drain_lets_requests_finish_and_closes_the_rest():
    async def script(peer):
        await peer.read_head()
        await go.wait()
        peer.send(OK)

    go = asyncio.Event()
    async with Kit(script, control=("127.0.0.1", 0)) as kit:
        idle = await kit.client()
        busy = await kit.client()
        busy.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        draining = asyncio.get_running_loop().create_task(kit.gateway.drain(5.0))
        assert await idle.read_all() == b""
        with pytest.raises(OSError):
            await kit.client()
        assert not kit.gateway.ready
        go.set()
        assert (await busy.read_all()).endswith(b"Connection: close\r\n\r\nhi")
        await asyncio.wait_for(draining, 5)


async def test_drain_cuts_what_outlives_the_grace():
    async with Kit(echoing, silent) as kit:
        tunnel = await kit.client()
        tunnel.send(connect())
        await tunnel.read_head()
        tunnel.send(b"x")
        await tunnel.read(1)
        await asyncio.wait_for(kit.gateway.drain(0.05), 5)
        await tunnel.read_all()
        await turns()
        assert kit.gateway.stats().connections_open == 0
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_drain_of_an_idle_gateway_is_quick_and_twice_is_harmless():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        await asyncio.wait_for(kit.gateway.drain(30.0), 5)
        await asyncio.wait_for(kit.gateway.drain(30.0), 5)
        assert len(kit.gateway._ctx.routes) == 0
