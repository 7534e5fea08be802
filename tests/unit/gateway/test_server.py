"""Start, interlock, drain."""

import asyncio
import random
import socket
from dataclasses import replace

import pytest
from tests.integration.gatewaykit import ALICE, OK, USERS, Clock, Kit, answering, connect, echoing, get, silent, turns

from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.selector import Selector
from proxyfleet.gateway import server as module
from proxyfleet.gateway.connection import ARRIVING
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.gateway.server import Gateway, is_loopback
from proxyfleet.gateway.settings import GatewaySettings, Limits, Timers


def gateway(users=None, **changes):
    return Gateway(FleetState(rng=random.Random(1)), users, Clock(), GatewaySettings(**changes))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "example.test"])
async def test_no_open_proxy(host):
    with pytest.raises(OpenProxyRefused) as refused:
        await gateway(listen=(host, 0)).start()
    assert "allow_clients" in refused.value.remedy


@pytest.mark.parametrize("networks", [("0.0.0.0/0",), ("10.0.0.0/8", "::/0"), ("0.0.0.0/1", "128.0.0.0/1")])
async def test_an_allow_list_of_everybody_does_not_open_it(networks):
    with pytest.raises(OpenProxyRefused):
        await gateway(listen=("0.0.0.0", 0), allow_clients=networks).start()


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


async def test_its_own_ports_are_not_reached_by_the_name_of_the_machine():
    async with Kit(answering(OK), control=("127.0.0.1", 0)) as kit:
        host = socket.gethostname()
        for port in (kit.port, kit.gateway.control_address[1]):
            assert b'details="own_address"' in await kit.exchange(get(f"http://{host}:{port}/"))


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
        await turns()
        await kit.later(ARRIVING)
        assert await idle.read_all() == b""
        with pytest.raises(OSError):
            await kit.client()
        assert not kit.gateway.ready
        go.set()
        assert (await busy.read_all()).endswith(b"Connection: close\r\n\r\nhi")
        await asyncio.wait_for(draining, 5)


async def test_what_has_reached_us_before_the_drain_is_answered():
    async with Kit(answering(OK)) as kit:
        kept, late, half = await kit.client(), await kit.client(), await kit.client()
        kept.send(get())
        await kept.answer()
        half.send(get()[:20])
        await turns()
        kept.send(get())  # lies in the socket, unread
        draining = asyncio.get_running_loop().create_task(kit.gateway.drain(5.0))
        await turns()
        late.send(get())  # of a connection that was accepted before
        half.send(get()[20:])
        for client in (kept, late, half):
            status, head, body = await client.answer()
            assert (status, body, b"Connection: close" in head) == (200, b"hi", True)
            assert await client.reader.read() == b""
        await asyncio.wait_for(draining, 5)


async def test_who_has_dialled_before_the_drain_is_answered_though_nobody_had_accepted():
    async with Kit(answering(OK)) as kit:
        clients = [socket.create_connection(kit.gateway.address) for _ in range(40)]  # the loop has no turn meanwhile
        for client in clients:
            client.sendall(get())
            client.setblocking(False)
        draining = asyncio.get_running_loop().create_task(kit.gateway.drain(5.0))
        for client in clients:
            got = b""
            while not got.endswith(b"hi"):
                more = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 4096), 5)
                assert more, got
                got += more
            assert b"Connection: close" in got
            client.close()
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


async def test_settings_change_while_traffic_flows():
    async with Kit(echoing, answering(OK)) as kit:
        tunnel = await kit.client()
        tunnel.send(connect())
        await tunnel.read_head()
        client = await kit.client()
        client.send(get("http://a.test/"))
        assert b"X-Proxyfleet-Proxy" in (await client.answer())[1]
        changed = replace(
            kit.settings,
            name_proxy=False,
            connect_ports=frozenset({443}),
            selector=Selector.parse("id=2"),
            timers=Timers(keep_alive=5.0),
            limits=Limits(connections_per_client=3),
        )
        kit.gateway.apply(changed)
        client.send(get("http://a.test/"))
        _, head, _ = await client.answer()
        assert b"X-Proxyfleet-Proxy" not in head
        tunnel.send(b"x")
        assert await tunnel.read(1) == b"x", "what runs goes on"
        refused = await kit.client()
        refused.send(connect(b"a.test:80"))
        assert b"connect_port" in await refused.read_all()
        for _ in range(3):
            client.send(get("http://b.test/"))
            await client.answer()
        assert len(kit.upstreams[0].peers) == 1, "only the second proxy is wanted now"
        assert len(kit.upstreams[1].peers) == 2, "and it was not told our name on the connection of before"
        await kit.later(5.5)
        assert await client.reader.read() == b""


async def test_every_connection_is_judged_anew_after_a_change():
    async with Kit(answering(OK), users=None) as kit:
        plain = get("http://a.test/").replace(ALICE, b"")
        client = await kit.client()
        for _ in range(3):
            client.send(plain)
            assert (await client.answer())[0] == 200
        kit.gateway.apply(replace(kit.settings, selector=Selector.parse("id=99")))
        client.send(plain)
        assert b"no_proxy" in await client.read_all()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"tls_certificate": "/nowhere.pem"}, "bad_certificate"),
        ({"upstream_ca": "/nowhere.pem"}, "bad_trust"),
    ],
)
async def test_settings_that_cannot_be_used_change_nothing(changes, error):
    async with Kit(answering(OK)) as kit:
        with pytest.raises(FleetError) as problem:
            kit.gateway.apply(replace(kit.settings, name_proxy=False, **changes))
        assert problem.value.code == error
        client = await kit.client()
        client.send(get())
        assert b"X-Proxyfleet-Proxy" in (await client.answer())[1]


async def test_a_change_never_makes_an_open_proxy():
    fleet = FleetState(rng=random.Random(1))
    settings = GatewaySettings(listen=("0.0.0.0", 0), allow_clients=("10.0.0.0/8",))
    gateway = Gateway(fleet, None, lambda: 0.0, settings)
    await gateway.start()
    with pytest.raises(OpenProxyRefused):
        gateway.apply(replace(settings, allow_clients=()))
    with pytest.raises(OpenProxyRefused):
        gateway.apply(replace(settings, listen=("127.0.0.1", 0), allow_clients=()))
    gateway.apply(replace(settings, allow_clients=("192.168.0.0/16",)))
    await gateway.close()


async def test_where_it_listens_stays_and_is_no_destination():
    async with Kit(answering(OK)) as kit:
        kit.gateway.apply(replace(kit.settings, listen=("127.0.0.1", 1)))
        assert kit.gateway.address[1] == kit.port
        assert b"own_address" in await kit.exchange(connect(b"127.0.0.1:%d" % kit.port))


async def test_too_much_memory_lets_nobody_in_any_more(monkeypatch):
    assert module.resident_bytes() > 1_000_000
    async with Kit(answering(OK), limits=Limits(memory=1000)) as kit:
        monkeypatch.setattr(module, "resident_bytes", lambda: 999)
        await kit.later(0.5)
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200
        monkeypatch.setattr(module, "resident_bytes", lambda: 1001)
        await kit.later(0.5)
        told = await (await kit.client()).read_all()
        assert b"overloaded" in told
        assert b"\r\nRetry-After: 1\r\n" in told
        client.send(get())
        assert (await client.answer())[0] == 200, "who is inside stays"
        monkeypatch.setattr(module, "resident_bytes", lambda: 10)
        await kit.later(0.5)
        again = await kit.client()
        again.send(get())
        assert (await again.answer())[0] == 200
