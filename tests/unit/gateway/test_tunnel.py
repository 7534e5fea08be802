"""CONNECT: the way to a tunnel, the tunnel, and its end."""

import pytest
from tests.integration.gatewaykit import (
    ALICE,
    OPENED,
    UPSTREAM_FIELD,
    Kit,
    answering,
    closing,
    connect,
    echoing,
    silent,
    turns,
)

from proxyfleet.gateway.settings import Limits, Timers

REFUSALS = [
    (
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        b"502",
        b"proxy_auth",
        "authentication",
    ),
    (b"HTTP/1.1 407 Traffic limit\r\n\r\n", b"502", b"proxy_quota", "quota"),
    (b"HTTP/1.1 403 Forbidden\r\n\r\n", b"502", b"proxy_banned", "banned"),
    (b"HTTP/1.1 429 Slow\r\nRetry-After: 5\r\n\r\n", b"502", b"proxy_rate_limited", "rate_limit"),
    (b"HTTP/1.1 503 Gone\r\n\r\n", b"502", b"proxy_failed", "network"),
    (b"HTTP/1.1 200 OK\nX: y\n\n", b"502", b"proxy_protocol", "protocol"),
    (b"SSH-2.0-OpenSSH\r\n", b"502", b"proxy_closed", "network"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OPENED, b"502", b"proxy_protocol", "protocol"),
]


async def opened(kit, wire=None):
    client = await kit.client()
    client.send(wire or connect())
    head = await client.read_head()
    assert head.startswith(b"HTTP/1.1 200 ")
    return client, head


async def test_what_the_proxy_and_the_client_get():
    async with Kit(echoing) as kit:
        client, head = await opened(kit, connect(extra=ALICE + b"User-Agent: x\r\nProxy-Connection: y\r\n"))
        asked = kit.upstreams[0].peers[0].wire.split(b"\r\n")
        assert asked[:2] == [b"CONNECT target.test:443 HTTP/1.1", b"Host: target.test:443"]
        assert asked[2].startswith(b"Via: 1.1 proxyfleet-")
        assert asked[3:] == [UPSTREAM_FIELD, b"", b""]
        name = b"X-Proxyfleet-Proxy: 127.0.0.1:%d" % kit.upstreams[0].port
        assert head == b"HTTP/1.1 200 Connection established\r\n" + name + b"\r\n\r\n"
        client.send(b"\x16\x03\x01 not http")
        assert await client.read(12) == b"\x16\x03\x01 not http"


@pytest.mark.parametrize(
    "wire",
    [
        b"CONNECT a.test:443 HTTP/1.0\r\n" + ALICE + b"\r\n",
        b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"Accept: */*\r\n\r\n",
        b"CONNECT a.test:80 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n"
        + ALICE.lower().replace(ALICE.split()[2].lower(), ALICE.split()[2])
        + b"\r\n",
        b"CONNECT [2606:2800::1]:443 HTTP/1.1\r\nHost: [2606:2800::1]:443\r\n" + ALICE + b"\r\n",
    ],
)
async def test_real_clients_ask_in_many_ways(wire):
    if b"host: a.test\r\nconnection" in wire:
        wire = wire.replace(b"host: a.test", b"host: a.test:80")
    async with Kit(echoing) as kit:
        client, _ = await opened(kit, wire)
        client.send(b"x")
        assert await client.read(1) == b"x"


async def test_early_bytes_wait_for_the_tunnel_and_then_go_first():
    async with Kit(echoing) as kit:
        client, _ = await opened(kit, connect() + b"early")
        client.send(b"late")
        assert await client.read(9) == b"earlylate"


async def test_early_bytes_of_the_proxy_are_not_lost():
    async with Kit(answering(OPENED + b"220 hello\r\n")) as kit:
        client, _ = await opened(kit)
        assert await client.read(11) == b"220 hello\r\n"


@pytest.mark.parametrize(("answer", "status", "code", "category"), REFUSALS)
async def test_refused_tunnels_close_and_say_why(answer, status, code, category):
    async def script(peer):
        await peer.read_head()
        peer.send(answer)
        if answer.startswith(b"SSH"):
            peer.close()

    async with Kit(script) as kit:
        wire = await kit.exchange(connect() + b"GET http://a.test/ HTTP/1.1\r\n\r\n")
        assert wire.startswith(b"HTTP/1.1 " + status)
        assert wire.count(b"HTTP/1.1 ") == 1
        assert code in wire
        assert b"Authenticate" not in wire
        assert kit.gateway.stats().failures == {category: 1}


async def test_every_failure_before_the_tunnel_may_be_tried_elsewhere():
    async with Kit(None, closing, echoing) as kit:
        client, head = await opened(kit)
        assert b":%d\r\n" % kit.upstreams[2].port in head
        client.send(b"x")
        assert await client.read(1) == b"x"
        assert kit.gateway.stats().failovers == 2


async def test_an_upstream_that_does_not_answer_is_left_for_another():
    async with Kit(silent, echoing) as kit:
        client = await kit.client()
        client.send(connect())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns()
        await kit.later(31.0)
        assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
        assert kit.gateway.stats().failures == {"timeout": 1}


async def test_half_close_goes_through_and_the_rest_comes_back():
    async def script(peer):
        await peer.read_head()
        peer.send(OPENED)
        got = await peer.reader.read(-1)
        peer.send(b"got " + got)
        peer.close()

    async with Kit(script) as kit:
        client, _ = await opened(kit)
        client.send(b"all")
        client.writer.write_eof()
        assert (await client.read_all()).endswith(b"got all")
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)


async def test_a_half_closed_tunnel_does_not_stay_for_ever():
    async with Kit(answering(OPENED)) as kit:
        client, _ = await opened(kit)
        kit.upstreams[0].peers[0].writer.write_eof()
        assert await client.reader.read() == b""
        for _ in range(12):
            await kit.later(5.0)
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)


async def test_idle_tunnels_are_cut_and_busy_ones_are_not():
    async with Kit(echoing) as kit:
        client, _ = await opened(kit)
        for _ in range(20):
            await kit.later(40.0)
            client.send(b"x")
            await client.read(1)
        assert kit.gateway.stats().tunnels_open == 1
        for _ in range(10):
            await kit.later(40.0)
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
        assert not (await client.read_all()).endswith(b"\r\n\r\n")


@pytest.mark.parametrize("side", ["client", "proxy"])
async def test_one_end_gone_is_a_tunnel_gone(side):
    async with Kit(echoing) as kit:
        client, _ = await opened(kit)
        assert kit.gateway.stats().tunnels_open == 1
        assert kit.fleet.health(1, kit.clock()).active == 1
        (client if side == "client" else kit.upstreams[0].peers[0]).abort()
        if side == "proxy":
            assert await client.reader.read() == b""
            client.close()
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
        stats = kit.gateway.stats()
        assert (stats.connections_open, stats.failures) == (0, {})
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_bytes_are_counted_when_the_tunnel_ends():
    async with Kit(echoing) as kit:
        client, _ = await opened(kit)
        before = kit.gateway.stats()
        client.send(b"x" * 1000)
        await client.read(1000)
        client.abort()
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
        after = kit.gateway.stats()
        assert (after.received - before.received, after.sent - before.sent) == (1000, 1000)


async def test_a_slow_reader_holds_back_the_other_side():
    sent = []

    async def script(peer):
        await peer.read_head()
        peer.send(OPENED)
        for _ in range(100):
            peer.send(b"x" * 1_000_000)
            await peer.writer.drain()
            sent.append(1)

    async with Kit(script, limits=Limits(write_buffer=65_536)) as kit:
        client, _ = await opened(kit)
        client.writer.transport.pause_reading()
        for _ in range(20):
            await turns(50)
        assert len(sent) < 30
        client.writer.transport.resume_reading()
        await client.read(50_000_000)


async def test_too_many_early_bytes_wait_outside():
    async with Kit(silent, limits=Limits(held=10_000)) as kit:
        client = await kit.client()
        client.send(connect() + b"x" * 30_000_000)
        await turns(300)
        assert kit.gateway.stats().received < 3_000_000


async def test_a_client_that_leaves_during_the_handshake_is_nobodys_fault():
    async with Kit(silent) as kit:
        client = await kit.client()
        client.send(connect())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns()
        client.abort()
        await kit.until(lambda: kit.gateway.stats().client_aborts)
        assert kit.fleet.health(1, kit.clock()).consecutive_failures == 0
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_a_removed_proxy_does_not_cut_its_tunnels():
    async with Kit(echoing) as kit:
        client, _ = await opened(kit)
        kit.fleet.remove(1, kit.clock())
        client.send(b"x")
        assert await client.read(1) == b"x"
        client.abort()
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)


async def test_a_tunnel_may_have_an_end_of_its_life():
    async with Kit(echoing, timers=Timers(tunnel_life=100.0)) as kit:
        client, _ = await opened(kit)
        for _ in range(4):
            await kit.later(24.0)
            client.send(b"x")
            await client.read(1)
        await kit.later(5.0)
        assert not (await client.read_all()).endswith(b"never")
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
