"""Rules on answers at work: elsewhere where that is possible, else the answer as it is; the pair is remembered."""

import pytest
from tests.integration.gatewaykit import OK, Kit, answering, get, turns

from proxyfleet.wire.answer_rules import LOOKED_AT, parse_rule

BAN = b"HTTP/1.1 403 Forbidden\r\nServer: guard\r\nContent-Length: 7\r\n\r\ngo away"
ROBOT = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nare you a Robot"


def ruled(*scripts, rules=("banned status=403",), **changes):
    return Kit(*scripts, answer_rules=tuple(map(parse_rule, rules)), **changes)


async def test_a_ban_is_tried_elsewhere_and_remembered_for_the_pair():
    async with ruled(answering(BAN), answering(OK)) as kit:
        client = await kit.client()
        for _ in range(4):
            client.send(get("http://a.test/"))
            assert (await client.answer())[0] == 200
        assert len(kit.upstreams[0].peers) == 1, "this target is not asked through it again"
        client.send(get("http://b.test/"))
        await client.answer()
        assert kit.gateway.stats().failures["banned"] >= 1
        assert kit.fleet.health(1, kit.clock()).consecutive_failures == 0
        assert kit.fleet.health(1, kit.clock()).active == 0


@pytest.mark.parametrize(
    ("scripts", "wire"),
    [
        ([answering(BAN)], get()),
        ([answering(BAN), answering(OK)], get(method=b"POST")),
    ],
)
async def test_with_nowhere_to_go_the_answer_goes_to_the_client(scripts, wire):
    async with ruled(*scripts) as kit:
        client = await kit.client()
        client.send(wire)
        status, head, body = await client.answer()
        assert (status, body) == (403, b"go away")
        assert b"Server: guard" in head
        client.send(get("http://other.test/"))
        assert (await client.answer())[0] in (200, 403)
        assert kit.gateway.stats().failures["banned"] >= 1
        (told,) = [
            one
            for one in kit.fleet.explain(kit.settings.selector, kit.clock(), target="target.test")
            if one.proxy_id == 1
        ]
        assert not told.eligible
        assert kit.fleet.health(1, kit.clock()).active == 0


@pytest.mark.parametrize("cut", [0, 5, 14])
async def test_a_body_is_looked_at_as_it_comes(cut):
    async def script(peer):
        await peer.read_head()
        at = ROBOT.index(b"\r\n\r\n") + 4 + cut
        peer.send(ROBOT[:at])
        await peer.writer.drain()
        await turns(20)
        peer.send(ROBOT[at:])

    async with ruled(script, answering(OK), rules=('banned body="are you a robot"',)) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[2] == b"hi"
        assert kit.gateway.stats().failures == {"banned": 1}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfine!\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"fine!" * 2000,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 100_000])
async def test_answers_that_no_rule_speaks_against_arrive_whole(answer, step):
    async def script(peer):
        while (await peer.read_head()).endswith(b"\r\n\r\n"):
            for start in range(0, len(answer), step if len(answer) < 200 else max(step, 999)):
                peer.send(answer[start : start + (step if len(answer) < 200 else max(step, 999))])
                await turns(2)

    async with ruled(script, rules=("banned body=robot", "banned status=403")) as kit:
        client = await kit.client()
        for _ in range(2):
            client.send(get())
            head = await client.read_head()
            if b"hunked" in head:
                assert b"fine!" in await client.reader.readuntil(b"0\r\n\r\n")
            elif b"10000" in head:
                assert await client.read(10_000) == b"fine!" * 2000
            elif b"Length: 5" in head:
                assert await client.read(5) == b"fine!"
        assert kit.gateway.stats().failures == {}


@pytest.mark.parametrize(("body", "wanted"), [(b"a robot", b"hi"), (b"a human", b"a human")])
async def test_a_body_that_ends_with_its_connection(body, wanted):
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        peer.close()

    async with ruled(script, answering(OK), rules=("banned body=robot",)) as kit:
        answer = await kit.exchange(get("http://a.test/", b"Connection: close"))
        assert answer.endswith(wanted)
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_drips_is_not_held_back_for_ever():
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        await peer.read_all()

    async with ruled(script, rules=("banned body=robot",)) as kit:
        client = await kit.client()
        client.send(get())
        await kit.until(lambda: kit.upstreams[0].peers)
        await turns(20)
        await kit.later(1.5)
        head = await client.read_head()
        assert head.startswith(b"HTTP/1.1 200 ")
        assert await client.read(10) == b"5\r\ndata:\r\n"


async def test_no_more_is_held_than_is_looked_at():
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * (LOOKED_AT + 10))
        await peer.read_all()

    async with ruled(script, rules=("banned body=robot",)) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
        assert await client.read(LOOKED_AT + 10)


async def test_a_truncated_answer_is_a_failure_also_while_it_is_looked_at():
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await peer.writer.drain()
        peer.close()

    async with ruled(script, rules=("banned body=robot",)) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.read_all()).endswith(b"half")
        assert kit.gateway.stats().failures == {"network": 1}


async def test_rate_limits_rest_as_long_as_the_target_asks():
    slow = b"HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    async with ruled(answering(slow), answering(OK), rules=("rate_limit status=429",)) as kit:
        client = await kit.client()
        client.send(get())
        assert (await client.answer())[0] == 200
        told = {
            one.proxy_id: one for one in kit.fleet.explain(kit.settings.selector, kit.clock(), target="target.test")
        }
        assert not told[1].eligible
        assert told[1].until >= kit.clock() + 119.0


async def test_answers_of_other_targets_are_not_held_at_all():
    async with ruled(answering(BAN), rules=("banned status=403 target=*.shop.test",)) as kit:
        client = await kit.client()
        client.send(get("http://a.test/"))
        assert (await client.answer())[0] == 403
        assert kit.gateway.stats().failures == {}
        assert kit.fleet.health(1, kit.clock()).successes == 1
