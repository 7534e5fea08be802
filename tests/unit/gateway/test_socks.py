"""SOCKS clients: one port with HTTP, the same users, and a handshake that cannot be dripped, flooded or tricked."""

import pytest
from tests.integration.gatewaykit import OPENED, PATIENCE, Kit, closing, echoing, silent, turns

from proxyfleet.gateway.connection import ARRIVING
from proxyfleet.gateway.settings import Limits
from proxyfleet.tasks import Tasks
from proxyfleet.wire.socks import reply4, reply5

HELLO = b"\x05\x01\x00"
HELLO_LOGIN = b"\x05\x02\x00\x02"
ALICE = b"\x01\x05alice\x0dcanary-client"
ASK = b"\x05\x01\x00\x03\x0btarget.test\x01\xbb"
ASK4 = b"\x04\x01\x01\xbb\x00\x00\x00\x01"
NAME4 = b"target.test\x00"
GRANTED5, GRANTED4 = reply5(0), reply4(0x5A)


async def pieces(kit, wire, step):
    client = await kit.client()
    for start in range(0, len(wire), step):
        client.send(wire[start : start + step])
        await turns(3)
    return client


async def shaken(client, kit):
    """Greeting and login answered."""
    client.send(HELLO_LOGIN)
    assert await client.read(2) == b"\x05\x02"
    client.send(ALICE)
    assert await client.read(2) == b"\x01\x00"
    return client


@pytest.mark.parametrize("step", [1, 1000])
async def test_socks5_with_login(step):
    async with Kit(echoing) as kit:
        client = await pieces(kit, HELLO_LOGIN + ALICE + ASK, step)
        assert await client.read(14) == b"\x05\x02\x01\x00" + GRANTED5
        client.send(b"\x16\x03\x01")
        assert await client.read(3) == b"\x16\x03\x01"
        asked = kit.upstreams[0].peers[0].wire
        assert asked.startswith(b"CONNECT target.test:443 HTTP/1.1\r\nHost: target.test:443\r\n")
        assert b"canary-client" not in asked
        assert kit.gateway.stats().tunnels == 1


@pytest.mark.parametrize("step", [1, 1000])
async def test_socks5_without_users(step):
    async with Kit(echoing, users=None) as kit:
        client = await pieces(kit, HELLO + ASK, step)
        assert await client.read(12) == b"\x05\x00" + GRANTED5


async def test_without_users_any_login_is_welcome():
    async with Kit(echoing, users=None) as kit:
        client = await pieces(kit, HELLO_LOGIN + b"\x01\x01x\x01y" + ASK, 1000)
        assert await client.read(14) == b"\x05\x02\x01\x00" + GRANTED5


@pytest.mark.parametrize("step", [1, 1000])
async def test_socks4a_without_users(step):
    async with Kit(echoing, users=None) as kit:
        client = await pieces(kit, ASK4 + b"Fred\x00" + NAME4, step)
        assert await client.read(8) == GRANTED4
        client.send(b"x")
        assert await client.read(1) == b"x"


async def test_socks4_with_users_has_name_and_key_in_its_user_id():
    async with Kit(echoing) as kit:
        client = await pieces(kit, ASK4 + b"alice:canary-client\x00" + NAME4 + b"early", 1000)
        assert await client.read(13) == GRANTED4 + b"early"
        for user_id in (b"", b"alice", b"alice:wrong", b"bob:canary-client"):
            assert await kit.exchange(ASK4 + user_id + b"\x00" + NAME4) == reply4(0x5D)


@pytest.mark.parametrize(
    ("wire", "answer"),
    [
        (HELLO, b"\x05\xff"),
        (HELLO_LOGIN + b"\x01\x05alice\x05wrong" + ASK, b"\x05\x02\x01\x01"),
        (HELLO_LOGIN + b"\x01\x13alice:canary-client\x01x" + ASK, b"\x05\x02\x01\x01"),
        (HELLO_LOGIN + b"\x01\x05al\xffce\x0dcanary-client" + ASK, b"\x05\x02\x01\x01"),
        (HELLO_LOGIN + ALICE + b"\x05\x02" + ASK[2:], b"\x05\x02\x01\x00" + reply5(7)),
        (HELLO_LOGIN + ALICE + b"\x05\x03" + ASK[2:], b"\x05\x02\x01\x00" + reply5(7)),
        (HELLO_LOGIN + ALICE + b"\x05\x01\x00\x02" + ASK[4:], b"\x05\x02\x01\x00" + reply5(8)),
        (HELLO_LOGIN + ALICE + ASK[:-2] + b"\x00\x00", b"\x05\x02\x01\x00" + reply5(1)),
        (HELLO_LOGIN + ALICE + b"\x05\x01\x00\x03\x050x7f.\x01\xbb", b"\x05\x02\x01\x00" + reply5(1)),
    ],
)
async def test_refusals_answer_close_and_reach_nobody(wire, answer):
    async with Kit(echoing) as kit:
        assert await kit.exchange(wire) == answer
        assert kit.upstreams[0].peers == []
        assert kit.gateway.stats().connections_open == 0
        assert sum(kit.gateway.stats().refusals.values()) == 1


@pytest.mark.parametrize(
    ("address", "port"),
    [
        (b"\x01\x7f\x00\x00\x01", 443),
        (b"\x01\xa9\xfe\xa9\xfe", 80),
        (b"\x04" + bytes(15) + b"\x01", 443),
        (b"\x04" + bytes(10) + b"\xff\xff\x7f\x00\x00\x01", 443),
        (b"\x03\x09localhost", 443),
        (b"\x03\x03::1", 443),
        (b"\x01\x01\x01\x01\x01", 25),
    ],
)
async def test_destinations_are_judged_as_those_of_connect(address, port):
    async with Kit(echoing, allow_private_targets=False, connect_ports=frozenset({80, 443})) as kit:
        wire = HELLO_LOGIN + ALICE + b"\x05\x01\x00" + address + port.to_bytes(2)
        assert await kit.exchange(wire) == b"\x05\x02\x01\x00" + reply5(2)
        assert kit.gateway.stats().dials == 0


async def test_the_gateway_itself_is_no_destination():
    async with Kit(echoing) as kit:
        wire = HELLO_LOGIN + ALICE + b"\x05\x01\x00\x01\x7f\x00\x00\x01" + kit.port.to_bytes(2)
        assert (await kit.exchange(wire)).endswith(reply5(2))


@pytest.mark.parametrize(
    ("scripts", "reply"),
    [([], 1), ([None], 3), ([closing], 1)],
)
async def test_failures_have_their_numbers(scripts, reply):
    async with Kit(*scripts) as kit:
        assert (await kit.exchange(HELLO_LOGIN + ALICE + ASK)) == b"\x05\x02\x01\x00" + reply5(reply)


@pytest.mark.parametrize(("status", "reply"), [(b"403 No", 2), (b"502 Gone", 4), (b"407 Who", 1), (b"501 What", 1)])
async def test_what_the_proxy_says_is_told_as_a_number(status, reply):
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    async with Kit(script) as kit:
        assert (await kit.exchange(HELLO_LOGIN + ALICE + ASK)).endswith(reply5(reply))


async def test_a_proxy_that_fails_is_left_for_another():
    async with Kit(None, closing, echoing) as kit:
        client = await pieces(kit, HELLO_LOGIN + ALICE + ASK + b"early", 1000)
        assert await client.read(19) == b"\x05\x02\x01\x00" + GRANTED5 + b"early"
        assert kit.gateway.stats().failovers == 2


async def test_bytes_after_a_refusal_are_not_read_as_anything():
    async with Kit(echoing) as kit:
        wire = (
            HELLO_LOGIN + b"\x01\x05alice\x05wrong" + b"GET http://target.test/ HTTP/1.1\r\nHost: target.test\r\n\r\n"
        )
        assert await kit.exchange(wire) == b"\x05\x02\x01\x01"
        assert kit.gateway.stats().requests == 0


@pytest.mark.parametrize("wire", [b"\x05", HELLO_LOGIN + ALICE, ASK4, HELLO_LOGIN + ALICE[:-1]])
async def test_one_deadline_for_the_whole_handshake(wire):
    async with Kit(echoing) as kit:
        client = await pieces(kit, wire, 1000)
        await kit.later(9.0)
        client.send(b"")
        await kit.later(1.5)
        await client.read_all()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)


async def test_a_handshake_cannot_be_kept_alive_by_dripping():
    async with Kit(echoing) as kit:
        client = await kit.client()
        await kit.until(lambda: kit.gateway.stats().connections_open)
        sent = 0
        for byte in HELLO_LOGIN + ALICE:
            if not kit.gateway.stats().connections_open:
                break
            client.send(bytes((byte,)))
            sent += 1
            await turns(3)
            await kit.later(0.9)
        assert 10 <= sent <= 13
        await client.read_all()


async def test_too_many_early_bytes_wait_outside():
    async with Kit(silent, limits=Limits(held=10_000)) as kit:
        client = await pieces(kit, HELLO_LOGIN + ALICE + ASK + b"x" * 20_000_000, 30_000_000)
        await turns(300)
        assert kit.gateway.stats().received < 3_000_000
        client.abort()


async def test_guessing_is_counted_across_protocols():
    async with Kit(echoing) as kit:
        for number in range(10):
            await kit.exchange(HELLO_LOGIN + b"\x01\x05alice\x01" + b"%d" % number + ASK)
        assert await kit.exchange(HELLO_LOGIN + ALICE + ASK) == b"\x05\x02\x01\x01"
        assert kit.gateway.stats().refusals == {"credentials_wrong": 10, "too_many_failures": 1}


@pytest.mark.parametrize("leaves", [HELLO_LOGIN, HELLO_LOGIN + ALICE, HELLO_LOGIN + ALICE + ASK])
async def test_a_client_that_leaves_is_nobodys_fault(leaves):
    async with Kit(silent) as kit:
        client = await pieces(kit, leaves, 1000)
        await turns(20)
        client.abort()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert kit.fleet.health(1, kit.clock()).consecutive_failures == 0
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_draining_closes_handshakes_and_spares_tunnels():
    async with Kit(echoing) as kit:
        half = await pieces(kit, HELLO_LOGIN, 1000)
        whole = await shaken(await kit.client(), kit)
        whole.send(ASK)
        assert await whole.read(10) == GRANTED5
        drained = Tasks().spawn(kit.gateway.drain(PATIENCE), name="drain")
        await turns()
        await kit.later(ARRIVING)
        assert await half.read_all() == b"\x05\x02"
        whole.send(b"x")
        assert await whole.read(1) == b"x"
        whole.abort()
        await kit.until(drained.done)


async def test_the_reply_to_the_tunnel_carries_what_the_target_said_first():
    async def script(peer):
        await peer.read_head()
        peer.send(OPENED + b"220 hello")

    async with Kit(script) as kit:
        client = await pieces(kit, HELLO_LOGIN + ALICE + ASK, 1000)
        assert await client.read(23) == b"\x05\x02\x01\x00" + GRANTED5 + b"220 hello"
