"""Attempts that take long: left for another proxy where that is safe and there is one, and blamed on whom it was."""

import pytest
from tests.integration.gatewaykit import OK, OPENED, Kit, answering, connect, get, silent, turns

from proxyfleet.core.outcome import Category
from proxyfleet.gateway.settings import Failover, Timers

TIMEOUTS = {Category.TIMEOUT.value: 1}


async def asked(kit, number):
    """Until that upstream has got the request."""
    await kit.until(lambda: kit.upstreams[number].peers and kit.upstreams[number].peers[0].wire)


async def sent(kit, wire, number=0):
    client = await kit.client()
    client.send(wire)
    await asked(kit, number)
    return client


@pytest.mark.parametrize(("wire", "answer"), [(get(), OK), (connect(), OPENED)])
async def test_a_stalled_proxy_costs_three_seconds(wire, answer):
    async with Kit(silent, answering(answer)) as kit:
        client = await sent(kit, wire)
        await kit.later(2.9)
        assert not kit.upstreams[1].peers
        await kit.later(0.2)
        assert b" 200 " in await client.read_head()
        assert kit.gateway.stats().failures == TIMEOUTS
        assert kit.gateway.stats().failovers == 1


async def test_each_further_attempt_gets_twice_as_long():
    async with Kit(silent, silent, answering(OK)) as kit:
        client = await sent(kit, get())
        await kit.later(3.0)
        await asked(kit, 1)
        await kit.later(5.9)
        assert not kit.upstreams[2].peers
        await kit.later(0.1)
        assert (await client.answer())[0] == 200
        assert kit.gateway.stats().failures == {Category.TIMEOUT.value: 2}


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_with_nobody_else_it_is_waited_for(wire):
    async with Kit(silent, timers=Timers(connect_reply=60.0)) as kit:
        client = await sent(kit, wire)
        await kit.later(3.0)
        await kit.later(56.0)
        assert kit.gateway.stats().failures == {}
        await kit.later(1.5)
        assert (await client.answer())[0] == 504
        assert kit.gateway.stats().failures == TIMEOUTS


async def test_so_is_what_came_late_after_all():
    async with Kit(silent) as kit:
        client = await sent(kit, get())
        await kit.later(20.0)
        kit.upstreams[0].peers[0].send(OK)
        assert (await client.answer())[0] == 200
        assert kit.gateway.stats().failures == {}


async def test_a_refused_retry_is_no_end():
    async with Kit(silent, answering(OK), failover=Failover(share=0.0, rate=0.0)) as kit:
        client = await sent(kit, get())
        await kit.later(20.0)
        assert not kit.upstreams[1].peers
        kit.upstreams[0].peers[0].send(OK)
        assert (await client.answer())[0] == 200


@pytest.mark.parametrize("method", [b"POST", b"DELETE"])
async def test_what_changes_something_is_waited_for(method):
    async with Kit(silent, answering(OK)) as kit:
        await sent(kit, get(method=method))
        await kit.later(59.0)
        assert not kit.upstreams[1].peers


async def test_an_interim_answer_is_a_sign_of_life():
    async with Kit(silent, answering(OK)) as kit:
        client = await sent(kit, get())
        kit.upstreams[0].peers[0].send(b"HTTP/1.1 103 Early\r\n\r\n")
        await client.read_head()
        await kit.later(30.0)
        assert not kit.upstreams[1].peers
        kit.upstreams[0].peers[0].send(OK)
        assert (await client.answer())[0] == 200


async def test_patience_can_be_switched_off():
    async with Kit(silent, answering(OK), failover=Failover(patience=0.0)) as kit:
        await sent(kit, get())
        await kit.later(59.0)
        assert not kit.upstreams[1].peers


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_a_slow_target_is_nobodys_fault_and_waited_for_the_next_time(wire):
    async with Kit(silent, silent) as kit:
        client = await sent(kit, wire)
        await kit.later(3.0)
        await asked(kit, 1)
        await kit.later(5.0)
        kit.upstreams[1].peers[0].send(OPENED if wire == connect() else OK)
        assert b" 200 " in await client.read_head()
        assert kit.gateway.stats().failures == {}

        again = await kit.client()
        again.send(wire)
        await turns(20)
        await kit.later(14.0)
        assert kit.gateway.stats().failovers == 1
        await kit.later(1.5)
        assert kit.gateway.stats().failovers == 2


async def test_a_failure_afterwards_confirms_the_suspicion():
    async with Kit(silent, silent, failover=Failover(attempts=2)) as kit:
        await sent(kit, get())
        await kit.later(3.0)
        await asked(kit, 1)
        await kit.later(60.0)
        await kit.until(lambda: kit.gateway.stats().failures)
        assert kit.gateway.stats().failures == {Category.TIMEOUT.value: 2}


async def test_a_client_that_leaves_accuses_nobody():
    async with Kit(silent, silent) as kit:
        client = await sent(kit, get())
        await kit.later(3.0)
        await asked(kit, 1)
        client.abort()
        await kit.until(lambda: kit.gateway.stats().client_aborts)
        assert Category.TIMEOUT.value not in kit.gateway.stats().failures
        assert [kit.fleet.health(number, kit.clock()).active for number in (1, 2)] == [0, 0]


async def test_a_dial_that_hangs_is_the_proxys_fault_at_once():
    async with Kit(answering(OK), answering(OK)) as kit:
        real = kit.gateway._ctx.dialer
        kit.gateway._ctx.dialer = Hanging(real)
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.gateway.stats().dials)
        await turns()
        await kit.later(3.0)
        assert (await client.answer())[0] == 200
        assert kit.gateway.stats().failures == TIMEOUTS
        assert len(kit.upstreams[1].peers) == 1


class Hanging:
    """A dialer whose first connection never comes."""

    def __init__(self, real):
        self.real, self.first = real, True

    def begin(self, protocol, host, port, told):
        if not self.first:
            return self.real.begin(protocol, host, port, told)
        self.first = False
        return self

    def dial(self, protocol, host, port, tls=None):
        return self.real.dial(protocol, host, port, tls)

    def cancel(self):
        pass
