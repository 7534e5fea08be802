"""What repeats on a connection is used again, and nothing else is: every request is answered as if it were the first."""

import random
from dataclasses import replace

import pytest
from tests.integration.gatewaykit import ALICE, USERS, Kit, get

from proxyfleet.core.proxy import Secret
from proxyfleet.gateway.metering import Meters
from proxyfleet.gateway.places import Places
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.gateway.terms import TermsBook
from proxyfleet.gateway.usual import Usual
from proxyfleet.wire.forward import upstream_fields
from proxyfleet.wire.http1_head import HeadLimits, parse_request, request_names

REQUEST = b"GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nAccept: */*"


def head_of(raw: bytes = REQUEST):
    return parse_request(raw, request_names(), HeadLimits())


@pytest.fixture
def places() -> Places:
    return Places(GatewaySettings())


def usual_of(places: Places, raw: bytes = REQUEST, framing: int = 0) -> Usual | None:
    head = head_of(raw)
    place, _ = places.of_plain(head)
    return Usual.of(head, place, framing, TermsBook(GatewaySettings().selector, Meters(), lambda: 0.0).plain)


def test_it_holds_the_fields_that_go_on(places: Places) -> None:
    usual = usual_of(places)
    assert usual is not None
    assert usual.fields == upstream_fields(head_of(), b"a.test", 0)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://a.test/", b"/"),
        (b"http://a.test/b?c", b"/b?c"),
        (b"http://a.test", None),
        (b"http://a.test?x", None),
        (b"http://a.test.evil/", None),
        (b"http://a.test:81/", None),
        (b"http://A.test/", None),
        (b"HTTP://a.test/", None),
        (b"http://u@a.test/", None),
        (b"http://a.test/#x", None),
        (b"https://a.test/", None),
        (b"/", None),
    ],
)
def test_only_the_same_destination_in_the_same_spelling_counts(
    places: Places, target: bytes, path: bytes | None
) -> None:
    usual = usual_of(places)
    assert usual is not None
    head = parse_request(b"GET " + target + b" HTTP/1.1\r\nHost: a.test\r\nAccept: */*", request_names(), HeadLimits())
    assert usual.path(head, places) == path


def test_a_changed_policy_is_noticed(places: Places) -> None:
    usual = usual_of(places)
    assert usual is not None
    places.forget()
    assert usual.path(head_of(), places) is None


@pytest.mark.parametrize("field", [b"Expect: 100-continue", b"Max-Forwards: 3"])
def test_fields_that_depend_on_the_request_line_are_not_usual(places: Places, field: bytes) -> None:
    assert usual_of(places, REQUEST + b"\r\n" + field) is None


def test_http_1_0_is_not_usual(places: Places) -> None:
    old = REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert usual_of(places, old) is None
    usual = usual_of(places)
    assert usual is not None
    assert usual.path(head_of(), places) == b"/x"
    assert usual.path(head_of(old), places) is None


@pytest.mark.parametrize(
    ("field", "closes"), [(b"X: y", False), (b"Connection: close", True), (b"Proxy-Connection: close", True)]
)
def test_it_knows_whether_the_connection_stays(places: Places, field: bytes, closes: bool) -> None:
    usual = usual_of(places, REQUEST + b"\r\n" + field)
    assert usual is not None
    assert usual.closes is closes


def test_neither_is_a_body_or_a_missing_host(places: Places) -> None:
    assert usual_of(places, framing=3) is None
    assert usual_of(places, b"GET http://a.test/ HTTP/1.0") is None


REQUESTS = [
    get("http://a.test/1"), get("http://a.test/2"), get("http://a.test/1", b"Accept: */*"), get("http://b.test/"),
    get("http://a.test/1", method=b"HEAD"), get("http://a.test/3", b"Content-Length: 2", method=b"POST", body=b"ab"),
    get("http://a.test/1", b"X-Proxyfleet-Country: zz"), get("http://a.test"), get("http://a.test/1", method=b"DELETE"),
    get("http://a.test/4", b"Connection: X-Hop", b"X-Hop: 1"), get("http://a.test/5", b"Content-Length: 0"),
    b"GET http://a.test/6 HTTP/1.1\r\nHost: a.test\r\n\r\n",
]  # fmt: skip
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nyo",
    b"HTTP/1.1 404 No\r\nServer: x\r\nContent-Length: 3\r\n\r\nout", b"HTTP/1.1 204 None\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
]  # fmt: skip


class Scripted:
    """An upstream proxy that answers with what is in `answer`; `asked` is what it read."""

    def __init__(self) -> None:
        self.answer = b""
        self.asked = b""

    async def __call__(self, peer) -> None:
        while (head := await peer.read_head()).endswith(b"\r\n\r\n"):
            body = await peer.read(2) if b"Content-Length: 2\r\n" in head else b""
            self.asked = head + body
            answer = self.answer
            if head.startswith(b"HEAD "):
                answer = answer.split(b"\r\n\r\n")[-2 if answer.startswith(b"HTTP/1.1 103") else 0] + b"\r\n\r\n"
            peer.send(answer)
            if b"Connection: close" in answer:
                peer.close()


async def told(client, upstream: Scripted, request: bytes, answer: bytes) -> tuple[bytes, bytes]:
    """(what the upstream proxy got, what the client got) for one request, up to what differs from gateway to gateway."""
    upstream.answer, upstream.asked = answer, b""
    client.send(request)
    head = await client.read_head()
    if head.startswith(b"HTTP/1.1 103"):
        head += await client.read_head()
    body = b""
    if b"chunked" in head and not request.startswith(b"HEAD"):
        body = await client.reader.readuntil(b"0\r\n\r\n")
    elif b"Content-Length: " in head and not request.startswith(b"HEAD"):
        body = await client.read(int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0]))
    return upstream.asked, head + body


def without_names(message: bytes) -> bytes:
    return b"\r\n".join(
        line for line in message.split(b"\r\n") if not line.startswith((b"Via: ", b"X-Proxyfleet-Proxy"))
    )


@pytest.mark.parametrize("seed", range(12))
async def test_on_a_long_connection_everything_is_as_on_a_new_one(seed: int) -> None:
    rng = random.Random(seed)
    upstream, apart = Scripted(), Scripted()
    # The first connection is used for everything, the second gateway sees each request on a new connection.
    async with Kit(upstream, users=USERS) as kit, Kit(apart, users=USERS) as other:
        kit.fleet.switch("random")
        client = await kit.client()
        request, answer = REQUESTS[0], ANSWERS[0]
        for _ in range(60):
            if rng.random() < 0.3:
                request = rng.choice(REQUESTS)
            if rng.random() < 0.3:
                answer = rng.choice(ANSWERS)
            fresh = await other.client()
            wanted = [without_names(one) for one in await told(fresh, apart, request, answer)]
            got = [without_names(one) for one in await told(client, upstream, request, answer)]
            assert got == wanted, (request, answer)
            if b"Connection: close" in got[1]:
                client = await kit.client()
        assert kit.gateway.stats().requests == other.gateway.stats().requests


async def test_a_user_who_is_gone_is_noticed_at_the_next_request() -> None:
    users = dict(USERS)
    upstream = Scripted()
    async with Kit(upstream, users=users) as kit:
        client = await kit.client()
        for _ in range(5):
            assert b" 200 OK" in (await told(client, upstream, get("http://a.test/"), ANSWERS[0]))[1]
        del users["alice"]
        assert b" 407 " in (await told(client, upstream, get("http://a.test/"), ANSWERS[0]))[1]


async def test_a_proxy_whose_password_has_changed_gets_the_new_one() -> None:
    upstream = Scripted()
    async with Kit(upstream) as kit:
        client = await kit.client()
        for _ in range(5):
            await told(client, upstream, get("http://a.test/"), ANSWERS[0])
        kit.fleet.replace(replace(kit.fleet.get(1), password=Secret("another")), kit.clock())
        asked, _ = await told(client, upstream, get("http://a.test/"), ANSWERS[0])
        assert b"Proxy-Authorization: Basic dXA6YW5vdGhlcg==\r\n" in asked
        assert ALICE not in asked
