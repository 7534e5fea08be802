"""One question on one connection, without sockets: the tunnel first, then the request, then as much of the answer as is wanted."""

import errno

import pytest

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.gateway.asking import Asking
from proxyfleet.gateway.blame import ANSWER_CLOSED, ANSWER_GARBAGE, TUNNEL_CLOSED
from proxyfleet.wire.http1_head import HeadLimits, response_names


class Wire:
    def __init__(self):
        self.sent, self.aborted = b"", False

    def write(self, data):
        self.sent += data

    def abort(self):
        self.aborted = True


class Shaking:
    """Opens at the word `yes`."""

    start, rest, open = b"please", b"", False

    def feed(self, data):
        self.open = data.startswith(b"yes")
        self.rest = data[3:]
        return b""


async def begun(shaking=None, **options):
    asking, wire = Asking(b"question", shaking, HeadLimits(), lambda: 7.0, response_names(), **options), Wire()
    asking.connection_made(wire)
    return asking, wire


async def test_the_question_waits_for_the_tunnel():
    asking, wire = await begun(Shaking())
    assert (wire.sent, asking.phase) == (b"please", Phase.HANDSHAKE)
    asking.data_received(b"yesHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    assert wire.sent == b"pleasequestion"
    answer = asking.ended.result()
    assert (answer.head.status, answer.body, answer.first) == (200, b"hi", 7.0)


async def test_with_until_open_nothing_is_asked():
    asking, wire = await begun(Shaking(), until_open=True)
    asking.data_received(b"yes")
    assert (asking.ended.result(), wire.sent) == (None, b"please")


async def test_enough_of_a_body_will_do():
    asking, _ = await begun(enough=4)
    asking.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n12")
    assert not asking.ended.done()
    asking.data_received(b"345")
    assert asking.ended.result().body == b"12345"


async def test_without_it_a_body_that_is_too_long_is_no_answer():
    asking, _ = await begun()
    asking.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 70_000)
    assert asking.ended.result() is ANSWER_GARBAGE


@pytest.mark.parametrize(
    ("shaking", "said", "blame"),
    [(Shaking(), b"", TUNNEL_CLOSED), (None, b"", ANSWER_CLOSED), (None, b"HTTP/1.1 2", ANSWER_GARBAGE)],
)
async def test_how_far_it_came_says_whose_fault_it_is(shaking, said, blame):
    asking, wire = await begun(shaking)
    if said:
        asking.data_received(said)
    asking.connection_lost(None)
    assert asking.ended.result() is blame
    asking.close()
    assert wire.aborted


async def test_a_dial_that_failed_and_time_that_ran_out_end_it():
    asking = Asking(b"question", None, HeadLimits(), lambda: 7.0, response_names())
    asking.dialled(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    assert asking.ended.result().category is Category.CONNECT
    for shaking, phase in ((None, Phase.EXCHANGE), (Shaking(), Phase.HANDSHAKE)):
        asking, _ = await begun(shaking)
        asking.dialled(None)
        asking.run_out()
        assert asking.ended.result()[:2] == (Category.TIMEOUT, phase)
