"""Requests that are bound: what is tied to a lease ends with it, and nothing waits for ever for a store."""

import asyncio

import pytest
from tests.integration.gatewaykit import ALICE, OK, Kit, answering, connect, echoing, get, turns

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.picking import Refusal
from proxyfleet.gateway.blame import Blame
from proxyfleet.gateway.bound import Ties, _is_dead
from proxyfleet.ports.bonds import Bond


class Book:
    """Bonds in memory; `coming` is a future that `begin` waits for."""

    def __init__(self):
        self.found = None
        self.coming = None
        self.begun = []
        self.watching = {}

    def find(self, ask):
        return self.found

    async def begin(self, ask, instead_of=None, only=None):
        self.begun.append((ask.session, instead_of, only))
        return await self.coming

    def last(self, ask):
        return None

    def lease(self, token, user):
        return self.found

    def opens(self, token, password):
        return False

    def watch(self, token, told):
        if token in ("gone",):
            told()
        else:
            self.watching[token] = told

    def unwatch(self, token, told):
        assert self.watching[token] == told
        del self.watching[token]

    def end(self, token):
        self.watching.pop(token)()


def session(wire, name=b"a1"):
    """Alice's request, in a session."""
    return wire.replace(ALICE, ALICE + b"X-Proxyfleet-Session: " + name + b"\r\n")


def bound(*scripts):
    kit = Kit(*scripts, bonds=Book())
    kit.book = kit.bonds
    kit.book.coming = asyncio.get_running_loop().create_future()
    return kit


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_a_store_that_does_not_answer_is_given_up(wire):
    async with bound(answering(OK)) as kit:
        client = await kit.client()
        client.send(session(wire))
        await kit.until(lambda: kit.book.begun)
        await kit.later(10.5)
        answer = await client.read_all()
        assert answer.startswith(b"HTTP/1.1 504 ")
        assert b"session_timeout" in answer
        assert len(kit.gateway._ctx.tasks) == 0


@pytest.mark.parametrize("wire", [get(), connect()])
async def test_a_client_that_leaves_waits_no_longer(wire):
    async with bound(answering(OK)) as kit:
        client = await kit.client()
        client.send(session(wire))
        await kit.until(lambda: kit.book.begun)
        client.abort()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        await turns()
        assert len(kit.gateway._ctx.tasks) == 0


async def test_bytes_that_come_meanwhile_are_kept():
    async with bound(echoing) as kit:
        client = await kit.client()
        client.send(session(connect()) + b"early")
        await kit.until(lambda: kit.book.begun)
        kit.book.coming.set_result(Bond(1, "1x0.1", ""))
        assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
        client.send(b"late")
        assert await client.read(9) == b"earlylate"
        assert list(kit.book.watching) == ["1x0.1"]
        client.abort()
        await kit.until(lambda: not kit.book.watching)


async def test_a_body_that_comes_meanwhile_is_kept():
    async def script(peer):
        await peer.read_head()
        body = await peer.read(5)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

    async with bound(script) as kit:
        client = await kit.client()
        client.send(session(get("http://a.test/", b"Content-Length: 5", method=b"POST", body=b"he")))
        await kit.until(lambda: kit.book.begun)
        client.send(b"llo")
        await turns()
        kit.book.coming.set_result(Bond(1, "1x0.1", ""))
        assert (await client.answer())[2] == b"hello"
        await kit.until(lambda: not kit.book.watching)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Refusal("capacity", "", 7.2), b"503", b"no_proxy"),
        (Refusal("store_away", "", 5.0), b"503", b"session_store_away"),
    ],
)
async def test_why_there_is_no_session(refusal, status, code):
    async with bound(answering(OK)) as kit:
        kit.book.coming.set_result(refusal)
        answer = await kit.exchange(session(get()))
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert code in answer
        assert b"Retry-After: %d\r\n" % -(-refusal.retry_after // 1) in answer


async def test_a_gateway_without_leasing_says_so():
    async with Kit(answering(OK)) as kit:
        for wire in (get(), connect()):
            answer = await kit.exchange(session(wire))
            assert b"sessions_off" in answer


async def test_what_is_tied_ends_with_the_lease_and_nothing_else_does():
    async with bound(echoing, echoing) as kit:
        clients = []
        for number, name in ((1, b"a"), (1, b"b"), (2, b"c")):
            kit.book.found = Bond(number, f"{number}x0.1", "")
            client = await kit.client()
            client.send(session(connect(), name))
            assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
            clients.append(client)
        kit.book.end("1x0.1")
        for client in clients[:2]:
            assert await client.read_all() == client.wire
        clients[2].send(b"x")
        assert await clients[2].read(1) == b"x"
        assert kit.gateway.stats().tunnels_open == 1
        assert kit.gateway._ctx.ties.cut == 2


async def test_a_lease_that_ends_at_that_very_moment():
    async with bound(echoing) as kit:
        kit.book.found = Bond(1, "gone", "")
        client = await kit.client()
        client.send(session(connect()))
        assert await client.read_all() == b""
        assert kit.gateway.stats().dials == 0
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)


async def test_a_proxy_that_is_gone_from_the_fleet_is_left():
    async with bound(answering(OK)) as kit:
        kit.book.found = Bond(77, "77x0.1", "")
        kit.book.coming.set_result(Bond(1, "1x0.1", ""))
        client = await kit.client()
        client.send(session(get()))
        _, head, _ = await client.answer()
        assert b"X-Proxyfleet-Session: moved" in head
        assert kit.book.begun == [("a1", Bond(77, "77x0.1", ""), None)]


class Swept:
    def __init__(self):
        self.aborted = 0

    def abort(self):
        self.aborted += 1


def test_ties_are_kept_as_long_as_they_are_needed():
    book = Book()
    ties, one, other = Ties(book), Swept(), Swept()
    assert ties.tie("t", one)
    assert ties.tie("t", other)
    ties.untie("t", one)
    assert "t" in book.watching
    ties.untie("t", other)
    ties.untie("t", other)
    assert book.watching == {}
    assert ties.tie("t", one)
    book.end("t")
    assert (one.aborted, other.aborted) == (1, 0)
    assert not ties.tie("gone", other)
    assert other.aborted == 1
    ties.untie("gone", other)


@pytest.mark.parametrize(
    ("category", "phase", "code", "static", "rotating"),
    [
        (Category.CONNECT, Phase.DIAL, "proxy_unreachable", True, True),
        (Category.TIMEOUT, Phase.DIAL, "proxy_dial_timeout", True, True),
        (Category.TIMEOUT, Phase.HANDSHAKE, "tunnel_timeout", True, True),
        (Category.TIMEOUT, Phase.EXCHANGE, "answer_timeout", False, True),
        (Category.NETWORK, Phase.HANDSHAKE, "proxy_failed", False, True),
        (Category.NETWORK, Phase.HANDSHAKE, "proxy_closed", True, True),
        (Category.AUTHENTICATION, Phase.HANDSHAKE, "proxy_auth", True, True),
        (Category.QUOTA, Phase.HANDSHAKE, "proxy_quota", True, True),
        (Category.BANNED, Phase.HANDSHAKE, "proxy_banned", False, False),
        (Category.RATE_LIMIT, Phase.HANDSHAKE, "proxy_rate_limited", False, False),
        (Category.TARGET, Phase.EXCHANGE, "target_protocol", False, False),
        (None, Phase.DIAL, "local_resources", False, False),
    ],
)
def test_what_shows_that_a_proxy_or_an_exit_is_dead(category, phase, code, static, rotating):
    blame = Blame(category, phase, code)
    assert _is_dead(blame, Bond(1, "1x0.1", "")) is static
    assert _is_dead(blame, Bond(1, "1x0.1", "1x0f1")) is rotating
