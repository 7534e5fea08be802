"""Plain requests: what the proxy gets, what the client gets, and what may be tried again."""

import pytest
from tests.integration.gatewaykit import ALICE, OK, UPSTREAM_FIELD, USERS, Kit, answering, closing, get, silent, turns

from proxyfleet.core.outcome import Category
from proxyfleet.gateway.settings import Failover, Limits

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_what_the_proxy_gets():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(
            get("http://Target.test:80/x?y", b"Connection: X-Hop", b"X-Hop: 1", b"Proxy-Connection: a", b"Accept: */*")
        )
        await client.answer()
        head = kit.upstreams[0].peers[0].wire
        lines = head.split(b"\r\n")
        assert lines[:3] == [b"GET http://target.test/x?y HTTP/1.1", b"Host: target.test", b"Accept: */*"]
        assert lines[3].startswith(b"Via: 1.1 proxyfleet-")
        assert lines[4:] == [UPSTREAM_FIELD, b"", b""]


async def test_what_the_client_gets():
    script = answering(
        b"HTTP/1.0 404 Nope\r\nContent-Length: 2\r\nX-Proxyfleet-Proxy: forged\r\nSet-Cookie: a\r\n\r\nno"
    )
    async with Kit(script) as kit:
        client = await kit.client()
        client.send(get())
        status, head, body = await client.answer()
        assert (status, body) == (404, b"no")
        assert head.startswith(b"HTTP/1.1 404 Nope\r\nSet-Cookie: a\r\nContent-Length: 2\r\nVia: ")
        assert b"X-Proxyfleet-Proxy: 127.0.0.1:%d\r\n" % kit.upstreams[0].port in head
        assert b"forged" not in head


async def test_the_proxy_is_not_named_when_switched_off():
    async with Kit(answering(OK), name_proxy=False, via=False) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[1] == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        assert b"Via" not in kit.upstreams[0].peers[0].wire


async def test_connections_to_the_proxy_are_kept():
    async with Kit(answering(OK)) as kit:
        for _ in range(3):
            client = await kit.client()
            client.send(get())
            await client.answer()
        assert len(kit.upstreams[0].peers) == 1
        assert kit.gateway.stats().reused == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 smuggled\r\n\r\n",
    ],
)
async def test_doubtful_connections_are_not_kept(answer):
    async with Kit(answering(answer)) as kit:
        client = await kit.client()
        for _ in range(2):
            client.send(get())
            assert (await client.answer())[2] == b"hi"
        assert len(kit.upstreams[0].peers) == 2


async def test_bytes_out_of_turn_end_a_pooled_connection():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        kit.upstreams[0].peers[0].send(b"HTTP/1.1 200 poison\r\nContent-Length: 0\r\n\r\n")
        await kit.until(lambda: len(kit.gateway._ctx.routes) == 0)
        client.send(get())
        assert (await client.answer())[2] == b"hi"


async def test_chunks_are_framed_anew_and_decoded_for_old_clients():
    script = answering(CHUNKED + b"0002;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n")
    async with Kit(script) as kit:
        client = await kit.client()
        client.send(get() + get().replace(b"HTTP/1.1", b"HTTP/1.0"))
        wire = await client.read_all()
        assert b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n" in wire
        assert b"x=y" not in wire
        assert b"X-T" not in wire
        assert wire.endswith(b"Connection: close\r\n\r\nhello")


async def test_an_answer_without_a_length_ends_with_its_connection():
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhel")
        await turns()
        peer.send(b"lo")
        peer.close()

    async with Kit(script) as kit:
        wire = await kit.exchange(get())
        assert wire.endswith(b"\r\n\r\nhello")
        assert b"Connection: close\r\n" in wire
        assert kit.gateway.stats().failures == {}


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_answers_without_a_body(status):
    async with Kit(answering(b"HTTP/1.1 " + status + b"\r\n\r\n")) as kit:
        client = await kit.client()
        for _ in range(2):
            client.send(get())
            assert (await client.read_head()).startswith(b"HTTP/1.1 " + status)
        assert len(kit.upstreams[0].peers) == 1


async def test_head_keeps_the_length_of_what_is_not_sent():
    async with Kit(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")) as kit:
        client = await kit.client()
        for _ in range(2):
            client.send(get(method=b"HEAD"))
            assert b"Content-Length: 500\r\n" in await client.read_head()


async def test_interim_answers_go_on_and_are_counted():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with Kit(answering(interim + OK)) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Expect: 100-continue", b"Content-Length: 0", method=b"PUT"))
        assert await client.read_head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert b"Link: x" in await client.read_head()
        assert (await client.answer())[0] == 200
        assert b"Expect: 100-continue\r\n" in kit.upstreams[0].peers[0].wire
    async with Kit(answering(b"HTTP/1.1 102 P\r\n\r\n" * 50 + OK), failover=Failover(attempts=1)) as kit:
        assert b"HTTP/1.1 502 " in await kit.exchange(get())


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nProxy Connection: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
    ],
)
async def test_doubtful_answers_are_502_and_the_proxys_fault(answer):
    async with Kit(answering(answer)) as kit:
        wire = await kit.exchange(get())
        assert wire.startswith(b"HTTP/1.1 502 ")
        assert b"proxy_protocol" in wire
        assert kit.gateway.stats().failures == {"protocol": 1}


async def test_a_body_goes_on_as_it_comes():
    received = []

    async def script(peer):
        await peer.read_head()
        received.append(await peer.read(11))
        peer.send(OK)

    async with Kit(script) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 11", method=b"POST", body=b"hello"))
        await kit.until(lambda: kit.upstreams[0].peers)
        client.send(b" world")
        assert (await client.answer())[0] == 200
        assert received == [b"hello world"]


async def test_a_broken_chunk_of_the_client_is_400():
    async with Kit(silent) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Transfer-Encoding: chunked", method=b"POST", body=b"5\r\nhello\r\n"))
        await kit.until(lambda: kit.upstreams[0].peers)
        client.send(b"0x5\r\nhello\r\n")
        assert (await client.read_all()).startswith(b"HTTP/1.1 400 ")
        assert kit.gateway.stats().failures == {"client_abort": 1}
        await kit.until(lambda: kit.upstreams[0].peers[0].done)
        assert b"\r\n0\r\n\r\n" not in kit.upstreams[0].peers[0].wire
    async with Kit(silent) as kit:
        body = b"zz\r\n"
        answer = await kit.exchange(get("http://a.test/", b"Transfer-Encoding: chunked", method=b"POST", body=body))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert kit.upstreams[0].peers == []


async def test_an_early_answer_ends_an_unfinished_request():
    async with Kit(answering(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 1000", method=b"POST", body=b"x"))
        wire = await client.read_all()
        assert wire.startswith(b"HTTP/1.1 413 ")
        assert b"Connection: close" in wire


# Failover.


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PATCH"])
async def test_dead_proxies_are_stepped_over_by_every_method(method):
    async with Kit(None, None, answering(OK)) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 2", method=method, body=b"ab"))
        assert (await client.answer())[0] == 200
        stats = kit.gateway.stats()
        assert (stats.failovers, stats.failures) == (2, {"connect": 2})


@pytest.mark.parametrize(
    "broken", [closing, answering(b"junk\r\n\r\n"), answering(b"HTTP/1.1 502 X\r\nx-brd-err-code: y\r\n\r\n")]
)
async def test_idempotent_requests_are_sent_again(broken):
    async with Kit(broken, answering(OK)) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 2", method=b"PUT", body=b"ab"))
        assert (await client.answer())[0] == 200
        assert kit.upstreams[1].peers[0].wire.startswith(b"PUT ")


@pytest.mark.parametrize("broken", [closing, answering(b"junk\r\n\r\n")])
async def test_others_are_not(broken):
    async with Kit(broken, answering(OK)) as kit:
        answer = await kit.exchange(get("http://a.test/", b"Content-Length: 2", method=b"POST", body=b"ab"))
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert kit.upstreams[1].peers == []


async def test_refused_credentials_move_even_a_post_and_are_never_shown():
    refusal = answering(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="upstream"\r\nContent-Length: 0\r\n\r\n')

    async def whole(peer):
        await peer.read_head()
        await peer.read(2)
        peer.send(OK)

    async with Kit(refusal, whole) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 2", method=b"POST", body=b"ab"))
        assert (await client.answer())[0] == 200
        assert kit.gateway.stats().failures == {"authentication": 1}
    async with Kit(refusal) as kit:
        answer = await kit.exchange(get())
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"Authenticate" not in answer


async def test_attempts_are_bounded():
    async with Kit(*[None] * 5, failover=Failover(attempts=3)) as kit:
        answer = await kit.exchange(get())
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"Proxy-Status: proxyfleet; error=connection_refused" in answer
        assert kit.gateway.stats().failures == {"connect": 3}


async def test_retries_are_within_the_budget():
    async with Kit(None, answering(OK), failover=Failover(share=0.0, rate=0.0)) as kit:
        assert (await kit.exchange(get())).startswith(b"HTTP/1.1 502 ")
        assert kit.gateway.stats().failovers == 0


async def test_one_proxy_is_not_tried_twice():
    async with Kit(None) as kit:
        assert (await kit.exchange(get())).startswith(b"HTTP/1.1 502 ")
        assert kit.gateway.stats().dials == 1


async def test_a_pooled_connection_that_died_unseen_is_nobodys_fault():
    async def once(peer):
        await peer.read_head()
        peer.send(OK)
        await peer.read_head()
        peer.close()

    async with Kit(once) as kit:
        client = await kit.client()
        for _ in range(3):
            client.send(get())
            assert (await client.answer())[0] == 200
        stats = kit.gateway.stats()
        assert (stats.stale, stats.failures, stats.failovers) == (2, {}, 0)


async def test_a_request_that_cannot_be_repeated_takes_a_new_connection():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        for method in (b"GET", b"POST"):
            client.send(get("http://a.test/", b"Content-Length: 0", method=method))
            await client.answer()
        assert len(kit.upstreams[0].peers) == 2


# Time and loss.


async def test_no_answer_in_time_is_504():
    async with Kit(silent) as kit:
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers and kit.upstreams[0].peers[0].reader)
        await turns()
        await kit.later(61.0)
        assert (await client.read_all()).startswith(b"HTTP/1.1 504 ")
        assert kit.gateway.stats().failures == {"timeout": 1}


async def test_a_client_that_stops_in_its_body_is_408_and_nobody_else_is_blamed():
    async with Kit(silent) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 5", method=b"POST", body=b"x"))
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns()
        await kit.later(61.0)
        assert (await client.read_all()).startswith(b"HTTP/1.1 408 ")
        assert kit.gateway.stats().failures == {"client_abort": 1}


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        CHUNKED + b"4\r\nhalf\r\n",
        CHUNKED + b"4\r\nhalf\r\nzz\r\n",
    ],
)
async def test_half_an_answer_is_never_taken_for_a_whole_one(head):
    async def script(peer):
        await peer.read_head()
        peer.send(head)
        await turns()
        peer.close()

    async with Kit(script, answering(OK)) as kit:
        wire = await kit.exchange(get())
        assert (b"half" in wire) is (b"zz" not in head)
        assert not wire.endswith(b"0\r\n\r\n")
        assert kit.gateway.stats().failures == {"network": 1}
        assert kit.upstreams[1].peers == []


async def test_a_stalled_answer_is_cut():
    async with Kit(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")) as kit:
        client = await kit.client()
        client.send(get())
        await client.read_head()
        await kit.later(61.0)
        assert (await client.read_all()).endswith(b"half")
        assert kit.gateway.stats().failures == {"network": 1}


async def test_a_client_that_leaves_is_nobodys_fault():
    async with Kit(silent) as kit:
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns()
        client.abort()
        await kit.until(lambda: kit.gateway.stats().client_aborts)
        await kit.until(lambda: kit.upstreams[0].peers[0].done)
        assert kit.gateway.stats().failures == {Category.CLIENT_ABORT.value: 1}
        assert kit.fleet.health(1, kit.clock()).consecutive_failures == 0


async def test_a_slow_reader_slows_the_proxy_down():
    sent = []

    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(100):
            peer.send(b"x" * 1_000_000)
            await peer.writer.drain()
            sent.append(1)

    async with Kit(script, limits=Limits(write_buffer=65_536)) as kit:
        client = await kit.client()
        client.writer.transport.pause_reading()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns(1000)
        assert len(sent) < 30, "the rest waits in the proxy, not in the gateway"
        await kit.later(61.0)
        assert kit.gateway.stats().failures == {"client_abort": 1}, "the client did not read; the proxy is not to blame"


async def test_old_clients_get_one_answer():
    async with Kit(answering(OK), users=USERS) as kit:
        wire = await kit.exchange(b"GET http://a.test/ HTTP/1.0\r\nConnection: keep-alive\r\n" + ALICE + b"\r\n")
        assert wire.endswith(b"Connection: close\r\n\r\nhi")
