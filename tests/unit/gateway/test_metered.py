"""Connections of users with limits, over real sockets: counted, refused, slowed down, and everybody else untouched."""

import pytest
from tests.integration.gatewaykit import OK, OPENED, USERS, Kit, answering, connect, echoing, get, silent, turns

from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.layer import Layer
from proxyfleet.gateway.metered import MeterLayer
from proxyfleet.gateway.settings import Limits
from proxyfleet.ports import GatewayUser

HASH = USERS["alice"].key_hash
SOCKS = b"\x05\x02\x00\x02\x01\x05alice\x0dcanary-client\x05\x01\x00\x03\x0btarget.test\x01\xbb"


def alice(**limits):
    return {
        "alice": GatewayUser("alice", HASH, **limits),
        "bob": GatewayUser("bob", hash_key("k", b"0123456789abcdef", n=4)),
    }


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_concurrency(wire):
    async with Kit(silent, users=alice(concurrency=2)) as kit:
        clients = []
        for _ in range(2):
            client = await kit.client()
            client.send(wire)
            clients.append(client)
        await kit.until(lambda: len(kit.upstreams[0].peers) == 2)
        answer = await kit.exchange(wire)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"user_concurrency" in answer
        assert b"Retry-After: 1\r\n" in answer
        assert (await kit.exchange(SOCKS)).endswith(b"\x05\x01\x00\x01" + bytes(6))
        clients[0].abort()
        await kit.until(lambda: kit.gateway._ctx.meters._by_name["alice"].active == 1)
        client = await kit.client()
        client.send(wire)
        await kit.until(lambda: len(kit.upstreams[0].peers) == 3)


async def test_every_end_gives_its_place_back():
    async def script(peer):
        head = await peer.read_head()
        if b"/cut" in head:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            await peer.writer.drain()
        elif b"/ok" in head:
            peer.send(OK)
        elif head.startswith(b"CONNECT"):
            peer.send(OPENED)
            await peer.reader.read(1)
        peer.close()

    async with Kit(script, None, users=alice(concurrency=1)) as kit:
        for path in ("ok", "cut", "gone", "ok"):
            client = await kit.client()
            client.send(get(f"http://a.test/{path}"))
            await client.reader.read(10)
            client.abort()
            await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        for _ in range(3):
            client = await kit.client()
            client.send(connect())
            assert not (await client.read_head()).startswith(b"HTTP/1.1 429")
            client.abort()
            await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert kit.gateway._ctx.meters._by_name["alice"].active == 0


async def test_rate_on_one_kept_connection():
    async with Kit(answering(OK), users=alice(rate=2.0)) as kit:
        client = await kit.client()
        for status in (200, 200):
            client.send(get())
            assert (await client.answer())[0] == status
        client.send(get())
        status, head, _ = await client.answer()
        assert status == 429
        assert b"user_rate" in head or b"Retry-After: 1" in head
        await kit.later(1.0)
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200


async def test_bytes_slow_down_what_runs_and_refuse_what_begins():
    async with Kit(echoing, answering(OK), users=alice(bytes_per_minute=60_000)) as kit:
        client = await kit.client()
        client.send(connect())
        await client.read_head()
        client.send(b"x" * 20_000)
        await client.read(20_000)
        client.send(b"y" * 50_000)
        for _ in range(5):
            await turns(50)
        meter = kit.gateway._ctx.meters._by_name["alice"]
        moved = meter.moved
        assert 90_000 < moved < 91_000, "what was read is over the limit, so nothing comes back"
        assert b"user_bytes" in await kit.exchange(get())
        client.send(b"z" * 10)
        await turns(50)
        assert meter.moved <= moved + 1_000
        waited = 0.0
        while meter.slowed:
            await kit.later(1.0)
            waited += 1.0
        assert 75.0 < waited < 90.0, "31 s for what came in, 50 s for the echo that went out"
        assert await client.read(1) == b"y"
        while not (await client.reader.read(65536)).endswith(b"z" * 10):
            await kit.later(5.0)


async def test_who_has_no_limits_has_no_layer():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        assert not any(isinstance(one.transport, Layer) for one in kit.gateway._ctx.live)


async def test_a_connection_may_change_hands():
    users = alice(bytes_per_minute=1_000_000)
    users["carol"] = GatewayUser("carol", HASH, concurrency=5)
    async with Kit(answering(OK), users=users) as kit:
        client = await kit.client()
        carol = get().replace(b"YWxpY2U6Y2FuYXJ5LWNsaWVudA==", b"Y2Fyb2w6Y2FuYXJ5LWNsaWVudA==")
        for wire in (get(), carol, get()):
            client.send(wire)
            assert (await client.answer())[0] == 200
        (connection,) = kit.gateway._ctx.live
        assert isinstance(connection.transport, MeterLayer)
        assert not isinstance(connection.transport._below, MeterLayer)
        meters = kit.gateway._ctx.meters._by_name
        assert meters["alice"].moved > meters["carol"].moved > 0


async def test_clients_of_other_networks():
    async with Kit(answering(OK), users=alice(clients=("192.0.2.0/24",))) as kit:
        for wire in (get(), connect()):
            answer = await kit.exchange(wire)
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"client_not_allowed" in answer
        assert await kit.exchange(SOCKS) == b"\x05\x02\x01\x01"
    async with Kit(answering(OK), users=alice(clients=("127.0.0.0/8",))) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200


async def test_a_changed_user_is_kept_to_at_once():
    users = alice()
    async with Kit(answering(OK), users=users) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200
        users["alice"] = GatewayUser("alice", HASH, clients=("192.0.2.0/24",))
        client.send(get())
        assert b"client_not_allowed" in await client.read_all()


async def test_a_cap_per_target():
    async with Kit(silent, limits=Limits(per_target=1)) as kit:
        client = await kit.client()
        client.send(get("http://a.test/"))
        await kit.until(lambda: kit.upstreams[0].peers)
        answer = await kit.exchange(get("http://a.test/other"))
        assert b"target_busy" in answer
        other = await kit.client()
        other.send(connect(b"b.test:443"))
        await kit.until(lambda: len(kit.upstreams[0].peers) == 2)
        client.abort()
        other.abort()
        await kit.until(lambda: not kit.gateway._ctx.caps._active)
