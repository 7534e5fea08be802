"""A client's connection: what is refused and how it ends, who gets in, and that the cut of the bytes does not matter."""

import logging
from base64 import b64encode

import pytest
from tests.integration.gatewaykit import ALICE, OK, Kit, answering, closing, connect, get, silent, turns

from proxyfleet.gateway.settings import Limits, Timers
from proxyfleet.wire.http1_head import HeadLimits

LINE = b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n" + ALICE
POST = b"POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\n" + ALICE
MALFORMED = [
    (b"GET / HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"\r\n", 400),
    (b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"\r\n", 400),
    (b"GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"\r\n", 400),
    (b"GET http://a.test/ HTTP/1.1\r\n" + ALICE + b"\r\n", 400),
    (b"GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n" + ALICE + b"\r\n", 400),
    (b"GET http://u:p@a.test/ HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"\r\n", 400),
    (b"GET http://a.test/ HTTP/2.0\r\nHost: a.test\r\n" + ALICE + b"\r\n", 505),
    (b"GET http://a.test/ HTTP/1.1\nHost: a.test\n\n", 400),
    (LINE + b" folded: x\r\n\r\n", 400),
    (LINE + b"X : y\r\n\r\n", 400),
    (LINE + b"Host: a.test\r\n\r\n", 400),
    (LINE + b"X: \0\r\n\r\n", 400),
    (LINE + b"X: a\rb\r\n\r\n", 400),
    (LINE + b"Connection: Host\r\n\r\n", 400),
    (LINE + b"Connection: X-Forwarded-For\r\n\r\n", 400),
    (LINE + b"Expect: magic\r\n\r\n", 417),
    (LINE + b"X: " + b"y" * 33000 + b"\r\n\r\n", 431),
    (LINE + b"X: y\r\n" * 101 + b"\r\n", 431),
    (b"GET http://a.test/" + b"y" * 9000 + b" HTTP/1.1\r\nHost: a.test\r\n\r\n", 414),
    (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    (POST + b"Content-Length: 1, 1\r\n\r\nx", 400),
    (POST + b"Content-Length: +1\r\n\r\nx", 400),
    (POST + b"Content_Length: 1\r\n\r\nx", 400),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
    (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n", 400),
    (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n" + ALICE + b"Content-Length: 0\r\n\r\n", 400),
    (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n" + ALICE + b"Transfer-Encoding: chunked\r\n\r\n", 400),
    (b"CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n" + ALICE + b"\r\n", 400),
    (b"CONNECT a.test:0 HTTP/1.1\r\nHost: a.test:0\r\n" + ALICE + b"\r\n", 400),
    (b"CONNECT a.test:443 HTTP/1.1\r\nHost: b.test:443\r\n" + ALICE + b"\r\n", 400),
]


@pytest.mark.parametrize(("wire", "status"), MALFORMED)
async def test_malformed_requests_are_refused_and_closed(wire, status):
    async with Kit(answering(OK)) as kit:
        answer = await kit.exchange(wire + get())
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert answer.count(b"HTTP/1.1 ") == 1, "nothing after it was read as a request"
        assert b"Connection: close\r\n" in answer
        assert kit.upstreams[0].peers == []


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_credentials_may_be_mended_on_the_same_connection(method):
    async with Kit(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as kit:
        client = await kit.client()
        client.send(get(method=method).replace(ALICE, b""))
        head = await client.read_head()
        assert head.startswith(b"HTTP/1.1 407 ")
        assert b'Proxy-Authenticate: Basic realm="proxyfleet"' in head
        if method == b"GET":
            await client.read(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
        client.send(get(method=method))
        assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://a.test/#f"])
async def test_a_refused_head_has_no_body(target):
    async with Kit(answering(OK), allow_private_targets=False) as kit:
        answer = await kit.exchange(get(target, method=b"HEAD"))
        assert answer.startswith(b"HTTP/1.1 40")
        assert answer.endswith(b"\r\n\r\n")


WRONG = b"Proxy-Authorization: Basic " + b64encode(b"alice:wrong") + b"\r\n"


@pytest.mark.parametrize("field", [b"", WRONG, b"Proxy-Authorization: Bearer x\r\n", b"Proxy-Authorization: Basic\r\n"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize(
    "line",
    [
        b"CONNECT a.test:443",
        b"GET http://a.test:443/",
        b"GET http://127.0.0.1:443/",
        b"GET /",
        b"BREW http://a.test:443/",
    ],
)
async def test_nobody_gets_in_without_credentials_whatever_is_asked(field, version, line):
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(line + b" HTTP/" + version + b"\r\nHost: a.test:443\r\n" + field + b"\r\n")
        head = await client.read_head()
        assert head.startswith(b"HTTP/1.1 407 ")
        assert b"Proxy-Authenticate: Basic" in head
        assert kit.upstreams[0].peers == []


@pytest.mark.parametrize("field", [b"", WRONG])
async def test_a_refused_connect_closes_without_reading_on(field):
    async with Kit(answering(OK)) as kit:
        answer = await kit.exchange(connect(extra=field) + get())
        assert answer.startswith(b"HTTP/1.1 407 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert kit.upstreams[0].peers == []


async def test_a_refused_body_is_not_read_as_a_request():
    async with Kit(answering(OK)) as kit:
        wire = get(method=b"POST", body=b"").replace(ALICE, b"Content-Length: 500\r\n")
        answer = await kit.exchange(wire + get())
        assert answer.startswith(b"HTTP/1.1 407 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"Connection: close" in answer


async def test_guessing_ends_in_429():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        for number in range(10):
            field = b"Proxy-Authorization: Basic " + b64encode(b"alice:%d" % number) + b"\r\n"
            client.send(get().replace(ALICE, field))
            assert (await client.answer())[0] == 407
        client.send(get())
        status, head, _ = await client.answer()
        assert status == 429
        assert b"Retry-After: " in head
        assert kit.gateway.stats().refusals == {"credentials_wrong": 10, "too_many_failures": 1}


async def test_users_that_are_removed_are_out_on_their_next_request():
    async with Kit(answering(OK), users={}) as kit:
        from tests.integration.gatewaykit import USERS

        kit.users.update(USERS)
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200
        kit.users.clear()
        client.send(get())
        assert (await client.answer())[0] == 407


async def test_byte_by_byte():
    async def whole(peer):
        await peer.read_head()
        while not peer.wire.endswith(b"0\r\n\r\n"):
            await peer.read(1)
        peer.send(OK)

    async with Kit(whole) as kit:
        client = await kit.client()
        wire = get(method=b"PUT", body=b"5\r\nhello\r\n0\r\n\r\n")
        for byte in wire.replace(ALICE, ALICE + b"Transfer-Encoding: chunked\r\n"):
            client.send(bytes([byte]))
            await turns(2)
        assert (await client.answer())[0] == 200
        assert b"Transfer-Encoding: chunked\r\n" in kit.upstreams[0].peers[0].wire


async def test_pipelined_requests_are_answered_in_order():
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(5)]
    async with Kit(answering(*answers)) as kit:
        client = await kit.client()
        client.send(get() * 3 + get().replace(ALICE, b"") + get() * 2)
        seen = [await client.answer() for _ in range(6)]
        assert [status for status, *_ in seen] == [200, 200, 200, 407, 200, 200]
        assert [body for status, _, body in seen if status == 200] == [b"0", b"1", b"2", b"3", b"4"]


async def test_thousands_of_pipelined_requests_are_no_deep_stack():
    async with Kit(users=None) as kit:
        client = await kit.client()
        wire = b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
        client.send(wire * 2000)
        assert (await client.read_all()).startswith(b"HTTP/1.1 503 ")
    async with Kit() as kit:
        client = await kit.client()
        client.send(wire * 1500 + wire.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await client.read_all()).count(b"HTTP/1.1 407 ") == 1501


async def test_slow_heads_end_in_408_however_they_drip():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(b"GET http")
        await kit.until(lambda: kit.gateway.stats().received)
        for _ in range(3):
            await kit.later(3.0)
            client.send(b":")
            await turns()
        await kit.later(1.5)
        assert (await client.read_all()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("wait", "open_"), [(9.0, 1), (10.5, 0)])
async def test_silent_connections_are_closed(wait, open_):
    async with Kit(answering(OK)) as kit:
        await kit.client()
        await kit.until(lambda: kit.gateway.stats().connections_open)
        await kit.later(wait)
        await turns()
        assert kit.gateway.stats().connections_open == open_


async def test_kept_alive_connections_are_closed_after_a_while():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        await kit.later(59.0)
        assert kit.gateway.stats().connections_open == 1
        await kit.later(2.0)
        assert await client.reader.read() == b""


async def test_what_comes_after_a_refusal_is_thrown_away_for_two_seconds():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(b"BAD\r\n\r\n")
        assert (await client.read_all()).startswith(b"HTTP/1.1 400 ")
        client.send(b"x" * 100_000)
        await turns()
        assert kit.gateway.stats().connections_open == 1
        await kit.later(2.5)
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)


async def test_too_many_connections_are_told_so():
    async with Kit(answering(OK), limits=Limits(connections=2)) as kit:
        await kit.client()
        await kit.client()
        await kit.until(lambda: kit.gateway.stats().connections_open == 2)
        assert (await kit.exchange(b"")).startswith(b"HTTP/1.1 503 ")
        kit.clients[0].abort()
        await kit.until(lambda: kit.gateway.stats().connections_open == 1)
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200


async def test_clients_from_elsewhere_are_not_served():
    async with Kit(answering(OK), allow_clients=("10.0.0.0/8",)) as kit:
        assert (await kit.exchange(b"")).startswith(b"HTTP/1.1 403 ")


async def test_what_cannot_be_used_yet_is_held_within_a_limit():
    limits = Limits(held=1000, head=HeadLimits())
    async with Kit(silent, limits=limits) as kit:
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        client.send(b"x" * 30_000_000)
        await turns(300)
        assert kit.gateway.stats().received < 3_000_000


async def test_a_loop_is_seen():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        via = (await client.answer())[1].split(b"Via: ")[1].split(b"\r\n")[0]
        assert (await kit.exchange(get("http://a.test/", b"Via: 1.0 other, " + via))).startswith(b"HTTP/1.1 508 ")
        assert (await kit.exchange(connect(extra=ALICE + b"Via: " + via + b"\r\n"))).startswith(b"HTTP/1.1 508 ")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
async def test_the_gateway_does_not_connect_to_itself(host):
    async with Kit(answering(OK), control=("127.0.0.1", 0)) as kit:
        for port in (kit.port, kit.gateway.control_address[1]):
            answer = await kit.exchange(get(f"http://{host}:{port}/", b"Connection: close"))
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"own_address" in answer
            assert b"own_address" in await kit.exchange(connect(f"{host}:{port}".encode()))


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://localhost/", "http://[::ffff:10.0.0.1]/"]
)
async def test_private_destinations_are_refused_unless_allowed(target):
    async with Kit(answering(OK), allow_private_targets=False) as kit:
        assert (await kit.exchange(get(target))).startswith(b"HTTP/1.1 403 ")
        assert kit.upstreams[0].peers == []


async def test_no_secret_is_in_any_log_or_refusal(caplog):
    caplog.set_level(logging.DEBUG)
    async with Kit(None, closing, answering(b"HTTP/1.1 407 canary-words\r\nContent-Length: 0\r\n\r\n")) as kit:
        wires = [get("http://canary.test/canary-path"), connect(b"canary.test:443"), get().replace(ALICE, WRONG)]
        answers = [await kit.exchange(wire.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) for wire in wires]
        seen = b"".join(answers).decode() + caplog.text + repr(kit.gateway.stats())
    assert "canary" not in seen
    assert str(kit.upstreams[2].port) not in seen


async def test_timers_are_settings():
    async with Kit(answering(OK), timers=Timers(first_byte=1.0)) as kit:
        await kit.client()
        await kit.until(lambda: kit.gateway.stats().connections_open)
        await kit.later(1.1)
        await turns()
        assert kit.gateway.stats().connections_open == 0


@pytest.mark.parametrize("framing", [b"Content-Length: 9", b"Transfer-Encoding: chunked"])
async def test_a_body_beyond_the_limit_is_refused(framing):
    async with Kit(silent, limits=Limits(request_body=8)) as kit:
        body = b"9\r\n123456789\r\n0\r\n\r\n" if framing.endswith(b"chunked") else b"123456789"
        told = await kit.exchange(get("http://target.test/", framing, method=b"POST", body=body))
        assert told.startswith(b"HTTP/1.1 413 ")
        assert b'details="body_too_large"' in told
        assert kit.fleet.health(1, kit.clock()).consecutive_failures == 0
        assert kit.fleet.health(1, kit.clock()).active == 0


async def test_a_body_of_the_limit_passes():
    async with Kit(answering(OK), limits=Limits(request_body=8)) as kit:
        client = await kit.client()
        client.send(get("http://target.test/", b"Content-Length: 8", method=b"POST", body=b"12345678"))
        assert (await client.answer())[0] == 200
