"""The same verdicts as `verdicts`, but from a running gateway: real sockets on both sides, and a clock that is moved.

The upstream proxy of these tests reads what the gateway sends by its canonical framing and answers; it keeps every
request, so that "refused" also means that nothing was passed on.
"""

import re

import h11
from tests.integration.gatewaykit import OPENED, Kit, Peer, get
from tests.strict.verdicts import BODY_CODES

DETAILS = re.compile(rb'\r\nProxy-Status: proxyfleet; error=[a-z_]+; details="([a-z_]+)"\r\n')
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LONG = 100.0
"""Seconds that the clock is moved: beyond every deadline of a head or a body, below that of a tunnel."""


class Recorder:
    """The script of an honest upstream proxy; `requests` are the bytes of each request that came whole."""

    def __init__(self) -> None:
        self.heads = 0
        self.requests: list[bytes] = []

    async def __call__(self, peer: Peer) -> None:
        while (head := await peer.read_head()).endswith(b"\r\n\r\n"):
            self.heads += 1
            if head.startswith(b"CONNECT "):
                self.requests.append(head)
                peer.send(OPENED)
                await peer.read_all()
                return
            body = await self._body(peer, head)
            self.requests.append(head + body)
            peer.send(OK)
        peer.close()

    async def _body(self, peer: Peer, head: bytes) -> bytes:
        length = re.search(rb"\r\nContent-Length: (\d+)\r\n", head)
        if length:
            return await peer.reader.readexactly(int(length[1]))
        body = b""
        while b"\r\nTransfer-Encoding: chunked\r\n" in head:
            line = await peer.reader.readuntil(b"\r\n")
            body += line + await peer.reader.readexactly(int(line, 16) + 2)
            if line == b"0\r\n":
                break
        return body


async def of_requests(kit: Kit, recorder: Recorder, wire: bytes, wanted: str) -> str:
    """What the gateway says to `wire`. `wanted` only tells how much to wait for before the clock is moved."""
    client = await kit.client()
    counters = kit.gateway._ctx.counters
    read_by_us, heads = counters.received + len(wire), recorder.heads + wanted.count("accept") + ("body_t" in wanted)
    client.send(wire)
    told: list[str] = []
    for word in wanted.split("; "):
        if word.startswith("408") or word == "nothing":
            break
        head = await client.read_head()
        told.append(_word(head))
        if b" 200 Connection established\r\n" in head:
            client.abort()
            return "; ".join(told)
    read = len(client.wire)
    if _accepted(told):
        await kit.until(lambda: counters.received >= read_by_us and recorder.heads >= heads)
        await kit.later(LONG)
    late = (await client.read_all())[read:]
    if _accepted(told) and late:
        told.append(_word(late))
    client.abort()
    return "; ".join(told) or "nothing"


def _accepted(told: list[str]) -> bool:
    """Whether the connection may still be open: a refusal closes it after its body."""
    return all(word == "accept" for word in told)


def _word(head: bytes) -> str:
    details = DETAILS.search(head)
    if details:
        return f"{head[9:12].decode()} {details[1].decode()}"
    return "accept" if head.startswith(b"HTTP/1.1 200 ") else repr(head)


async def of_answer(kit: Kit, wire: bytes, method: bytes) -> tuple[str, bytes]:
    """What a client gets of `wire`, which the upstream proxy sends before it closes: the verdict and the bytes."""

    async def script(peer: Peer) -> None:
        await peer.read_head()
        peer.send(wire)
        peer.close()

    kit.upstreams[0].script = script
    got = await kit.exchange(get("http://a.test/", b"Connection: close", method=method))
    details = DETAILS.search(got)
    return (f"502 {details[1].decode()}" if details else _whole(got, method)), got


def _whole(got: bytes, method: bytes) -> str:
    """`accept` if h11, as the client's side, reads one whole answer and nothing after it; else `cut`."""
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"a.test"), (b"Connection", b"close")]))
    peer.send(h11.EndOfMessage())
    try:
        peer.receive_data(got)
        peer.receive_data(b"")
        while not isinstance(event := peer.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.ConnectionClosed):
                return "cut"
    except h11.RemoteProtocolError:
        return "cut"
    return "accept" if not peer.trailing_data[0] else "two"


def as_a_gateway_says(verdict: str) -> str:
    """The parser's verdict in the gateway's coarser words: it tells clients less about bodies and about upstreams."""
    words = []
    for word in verdict.split("; "):
        status, _, code = word.partition(" ")
        if status == "400" and code in BODY_CODES:
            word = "400 bad_request_body"
        elif status == "502" and code != "proxy_closed":
            word = "502 proxy_protocol"
        elif status == "cut":
            word = "cut"
        words.append(word)
    return "; ".join(words)
