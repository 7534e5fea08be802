"""What all requests share: picking, dialling, giving up."""

import asyncio
from dataclasses import replace

import pytest
from tests.integration.gatewaykit import OK, Kit, answering, connect, echoing, get, turns

from proxyfleet.core.selector import ANY
from proxyfleet.gateway.settings import Failover
from proxyfleet.stores.locked import lost
from proxyfleet.vault import Damaged


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_an_empty_fleet_is_503_and_never_direct(wire):
    async with Kit() as kit:
        answer = await kit.exchange(wire)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 60\r\n" in answer
        assert kit.gateway.stats().dials == 0


class NeverThere:
    """A dialer whose connections hang until they are cancelled."""

    def __init__(self, own_sockets):
        self.cancelled = 0
        self.own_sockets = own_sockets

    def begin(self, protocol, host, port, told):
        return self if self.own_sockets else None

    def cancel(self):
        self.cancelled += 1

    async def dial(self, protocol, host, port, tls=None):
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def hanging(kit, wire):
    kit.gateway._ctx.dialer = NeverThere(kit.settings.own_sockets)
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


async def test_a_password_that_is_lost_costs_its_proxy_and_nobody_else(caplog):
    """The client is served through another one; the operator is told which, and what to do."""
    async with Kit(answering(OK), answering(OK)) as kit:
        fleet = kit.gateway._ctx.fleet
        fleet.replace(replace(fleet.get(1), password=lost(Damaged("a stored secret was altered; enter it again"))), 0.0)
        client = await kit.client()
        for _ in range(4):
            client.send(get())
            assert (await client.answer())[0] == 200
        assert not kit.upstreams[0].peers
        assert "proxy=1 error=a stored secret was altered; enter it again" in caplog.text
        kit.clock.now += 61.0
        client.send(get())
        assert (await client.answer())[0] == 200
        codes = {one.proxy_id: one.code for one in fleet.explain(ANY, kit.clock())}
        assert codes == {1: "wrong_credentials", 2: "eligible"}
