"""Torture: the connection to a proxy is cut after each single byte, in each direction, and every kind of proxy.

Whatever the byte, the client gets the whole right answer, or an error of the gateway, or sees that it was cut off; never
half an answer as a whole one, never an answer of somebody else. What must not be sent twice is not, and nothing is left
behind.
"""

import asyncio
import random
import struct
from dataclasses import replace
from socket import SO_LINGER, SOL_SOCKET

import h11
import pytest
from tests.integration.labkit import USERS, basic, serving

from proxyfleet.clock import wall_clock
from proxyfleet.core.outcome import Outcome
from proxyfleet.gateway.settings import Failover
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of

PATIENCE = 10.0
GENEROUS = Failover(share=1.0, rate=1000.0)
"""Half of all requests fail here, and quickly."""
LOGIN = f"Proxy-Authorization: {basic('alice:canary-client')}\r\n"
BODY = "x" * 300
ASKS = {
    "get": "GET http://shop.lab/bytes/600 HTTP/1.1\r\nHost: shop.lab\r\n" + LOGIN + "Connection: close\r\n\r\n",
    "post": f"POST http://shop.lab/echo HTTP/1.1\r\nHost: shop.lab\r\n{LOGIN}Connection: close\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}",
    "connect": "CONNECT shop.lab:80 HTTP/1.1\r\nHost: shop.lab:80\r\n" + LOGIN + "\r\n",
}
THROUGH = "GET /bytes/600 HTTP/1.1\r\nHost: shop.lab\r\nConnection: close\r\n\r\n"
RIGHT = {"get": b"0123456789abcdef" * 37 + b"01234567", "post": BODY.encode()}
RIGHT["connect"] = RIGHT["get"]


class Cutter:
    """A relay in front of a proxy that ends after `after` bytes of a direction; None lets everything pass."""

    def __init__(self, port):
        self._behind = port
        self.after, self.up, self.reset = None, False, False
        self.moved = {True: 0, False: 0}
        self._relays = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def cut(self, after, *, up, reset):
        self.after, self.up, self.reset = after, up, reset
        self.moved = {True: 0, False: 0}

    def _accept(self, reader, writer):
        relay = asyncio.get_running_loop().create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        ways = [self._pump(reader, there_writer, up=True), self._pump(there_reader, writer, up=False)]
        tasks = [asyncio.get_running_loop().create_task(way) for way in ways]
        if self.after == 0:
            self._end(writer, there_writer)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._end(writer, there_writer)
        await asyncio.wait(tasks)

    async def _pump(self, reader, writer, *, up):
        try:
            while data := await reader.read(65536):
                left = len(data) if self.after is None or up != self.up else self.after - self.moved[up]
                writer.write(data[:left])
                await writer.drain()
                self.moved[up] += min(left, len(data))
                if left < len(data):
                    return
        except ConnectionError:
            pass

    def _end(self, *writers):
        for writer in writers:
            if self.reset and self.after is not None:
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            writer.close()


async def outcome(port, ask):
    """What the client makes of it: `right`, `refused` (in the gateway's name), or `cut`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASKS[ask].encode())
    try:
        if ask == "connect":
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            if not head.startswith(b"HTTP/1.1 200 "):
                return "refused"
            writer.write(THROUGH.encode())
        got = await asyncio.wait_for(reader.read(-1), PATIENCE)
    except (asyncio.IncompleteReadError, ConnectionError):
        return "cut"
    finally:
        writer.close()
    return read(got, ask)


def read(got, ask):
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="GET", target="/", headers=[("Host", "a"), ("Connection", "close")]))
    peer.send(h11.EndOfMessage())
    body = b""
    try:
        peer.receive_data(got)
        peer.receive_data(b"")
        head = peer.next_event()
        while isinstance(event := peer.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        return "cut"
    if isinstance(head, h11.ConnectionClosed):
        return "cut"
    assert isinstance(event, h11.EndOfMessage)
    if head.status_code == 200:
        assert body == RIGHT[ask], "a whole answer is the right answer"
        return "right"
    assert dict(head.headers)[b"proxy-status"]
    return "refused"


def points(total):
    """Each byte of a short exchange; of a long one the first sixty and some of the others."""
    return range(total + 1) if total <= 60 else [*range(60), *range(60, total, max(1, total // 20)), total]


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("kind", ["http", "https", "socks4", "socks5"])
async def test_a_proxy_that_is_cut_off_at_any_byte(kind, ask):
    async with Lab(username="lab", password="lab-secret", **{kind: 1}) as lab:
        good = lab.add("http")
        async with Cutter(lab[f"{kind}-1"].port) as cutter:
            bad = replace(proxy_of(lab[f"{kind}-1"]), port=cutter.port)
            async with serving(lab, users=USERS, proxies=[bad, proxy_of(good)], failover=GENEROUS) as served:
                served.fleet.switch("best_reputation")
                cutter.cut(None, up=False, reset=False)
                assert await tried(served, ask) == "right"
                totals = dict(cutter.moved)
                told = {}
                for up in (False, True):
                    for after in list(points(totals[up]))[:: 2 if up else 1]:
                        cutter.cut(after, up=up, reset=random.Random(after).random() < 0.5)
                        before = len(lab.target.requests)
                        found = await tried(served, ask)
                        told[up, after] = found
                        asked = list(lab.target.requests)[before:]
                        assert ask != "post" or len(asked) <= 1, "a POST that may have arrived is not sent again"
                        if after == 0 and (ask, kind) != ("post", "http"):
                            assert found == "right", "a proxy that is not there costs nothing but another one"
                assert served.gateway.stats().connections_open == 0
                assert [served.health(number).active for number in (1, 2)] == [0, 0]
        assert set(told.values()) >= {"right"}
        if ask == "get":
            assert "refused" not in told.values(), "what can be sent again is"


async def tried(served, ask):
    """One request, first by the proxy that is cut off; afterwards nothing of it is left."""
    now = wall_clock()
    served.fleet.reset(1, now)
    served.fleet.reset(2, now)
    served.fleet.record(1, Outcome.succeeded(0.001, None), now)
    found = await outcome(served.port, ask)
    for _ in range(2000):
        if served.gateway.stats().connections_open == 0 and not served.health(1).active:
            break
        await asyncio.sleep(0.001)
    served.gateway._ctx.routes.close()
    return found
