"""What all requests share: picking, dialling, giving up."""

import asyncio

import pytest
from tests.integration.gatewaykit import OK, Kit, answering, connect, echoing, get, turns

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.gateway.settings import Failover


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_an_empty_fleet_is_503_and_never_direct(wire):
    async with Kit() as kit:
        answer = await kit.exchange(wire)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 60\r\n" in answer
        assert kit.gateway.stats().dials == 0


async def test_proxies_of_other_schemes_are_not_used_yet():
    async with Kit() as kit:
        kit.fleet.add(Proxy(Scheme.SOCKS5, "127.0.0.1", kit.port, id=7), kit.clock())
        assert (await kit.exchange(get())).startswith(b"HTTP/1.1 503 ")


class NeverThere:
    """A dialer whose connections hang until they are cancelled."""

    def __init__(self):
        self.cancelled = 0

    async def dial(self, protocol, host, port):
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def hanging(kit, wire):
    kit.gateway._ctx.dialer = NeverThere()
    client = await kit.client()
    client.send(wire)
    await kit.until(lambda: kit.gateway.stats().dials)
    await turns()
    return client


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_a_dial_that_hangs_is_given_up(wire):
    async with Kit(answering(OK), failover=Failover(attempts=1)) as kit:
        client = await hanging(kit, wire)
        await kit.later(9.0)
        await kit.later(1.5)
        answer = await client.read_all()
        assert answer.startswith(b"HTTP/1.1 504 ")
        assert b"proxy_dial_timeout" in answer
        assert kit.gateway._ctx.dialer.cancelled == 1
        assert kit.gateway.stats().failures == {"timeout": 1}


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_a_client_that_leaves_during_a_dial_ends_it(wire):
    async with Kit(answering(OK)) as kit:
        client = await hanging(kit, wire)
        client.abort()
        await kit.until(lambda: kit.gateway._ctx.dialer.cancelled)
        assert kit.gateway.stats().failures == {"client_abort": 1}
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_no_attempt_starts_after_the_window():
    async with Kit(answering(OK), answering(OK), failover=Failover(window=5.0)) as kit:
        client = await hanging(kit, get())
        await kit.later(10.5)
        assert (await client.read_all()).startswith(b"HTTP/1.1 504 ")
        assert kit.gateway.stats().dials == 1


async def test_what_is_in_flight_is_always_given_back():
    async with Kit(None, echoing, answering(OK)) as kit:
        for wire in (get(), connect(), get(), connect(), get()):
            client = await kit.client()
            client.send(wire)
            await client.read_head()
            client.abort()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert [kit.fleet.health(number, kit.clock()).active for number in (1, 2, 3)] == [0, 0, 0]
