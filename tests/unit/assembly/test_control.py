"""The control port over real sockets: who gets what, and what malformed requests get."""

import asyncio
import json
import random

import pytest

from proxyfleet.assembly import control as module
from proxyfleet.assembly.control import Control, ControlConnection
from proxyfleet.core.fleet import FleetState
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.questions import Questions

TOKEN = b"Authorization: Bearer token\r\n"


@pytest.fixture
async def place():
    fleet = FleetState(rng=random.Random(1))
    fleet.add(a_proxy(1, username="u", password="canary"), 0.0)
    control = Control(Questions(fleet, lambda: 0.0, lambda: {"node": {}}), "token", lambda: False)
    server = await asyncio.get_running_loop().create_server(lambda: ControlConnection(control), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()
    await control.tasks.close()
    assert control.open == 0


async def ask(place, raw):
    reader, writer = await asyncio.open_connection(*place)
    writer.write(raw)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await asyncio.sleep(0)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body


def get(path, fields=TOKEN):
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (get("/livez", b""), 200),
        (get("/readyz", b""), 503),
        (get("/fleet/report", b""), 401),
        (get("/fleet/report", b"Authorization: Bearer tokem\r\n"), 401),
        (get("/fleet/report"), 200),
        (get("/fleet/node"), 200),
        (get("/fleet/health?selector=id%3D1"), 200),
        (get("/fleet/explain?target=example.com"), 200),
        (get("/fleet/pick?count=2&strategy=lru"), 200),
        (get("/fleet/pick?count=0"), 400),
        (get("/fleet/pick?count=x"), 400),
        (get("/fleet/pick?strategy=odd"), 400),
        (get("/fleet/health?selector=odd%3D1"), 400),
        (get("/fleet/health?&&"), 400),
        (get("/fleet/nothing"), 404),
        (get("/fleet/order"), 405),
        (get("/fleet/order?verb=reset").replace(b"GET", b"POST"), 200),
        (get("/fleet/order", b"").replace(b"GET", b"POST"), 401),
        (get("/fleet/order?verb=odd").replace(b"GET", b"POST"), 400),
        (get("/fleet/order?verb=block").replace(b"GET", b"POST"), 400),
        (get("/fleet/order?verb=reset&target=example.com").replace(b"GET", b"POST"), 400),
        (get("/fleet/order?verb=eject&seconds=nan").replace(b"GET", b"POST"), 400),
        (get("/fleet/order?verb=reset&selector=odd%3D1").replace(b"GET", b"POST"), 400),
        (get("/"), 404),
        (b"POST /livez HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
async def test_answers(place, raw, status):
    assert (await ask(place, raw))[0] == status


async def test_bodies(place):
    assert await ask(place, get("/livez", b"")) == (200, b"live\n")
    assert await ask(place, b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n") == (200, b"")
    told = json.loads((await ask(place, get("/fleet/pick")))[1])
    assert told["picked"][0]["url"] == "http://198.18.0.1:8080"
    assert b"u:canary@" in (await ask(place, get("/fleet/pick?passwords=1")))[1]
    told = json.loads((await ask(place, get("/fleet/health?selector=odd%3D1")))[1])
    assert "unknown field 'odd'" in told["error"]


async def test_byte_by_byte_is_the_same(place):
    reader, writer = await asyncio.open_connection(*place)
    for byte in get("/fleet/node"):
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_strangers_from_elsewhere_and_silent_ones(place, monkeypatch):
    monkeypatch.setattr(module, "_is_loopback", lambda peer: False)
    assert (await ask(place, get("/fleet/report")))[0] == 403
    assert (await ask(place, get("/livez")))[0] == 200
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    assert await ask(place, b"GET /li") == (0, b"")
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 0)
    assert await ask(place, b"") == (0, b"")


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        (("127.0.0.2", 1), True),
        (("::1", 1, 0, 0), True),
        (("::ffff:127.0.0.1", 1), True),
        (("::ffff:1.1.1.1", 1), False),
        (("1.1.1.1", 1), False),
        (None, False),
        (("x", 1), False),
        ((), False),
    ],
)
def test_loopback(peer, local):
    assert module._is_loopback(peer) is local


async def test_the_judge_is_for_everybody_and_tells_only_what_was_asked(place, monkeypatch):
    monkeypatch.setattr(module, "_is_loopback", lambda _: False)
    status, body = await ask(place, get("/judge?check=7", b"Via: 1.1 x\r\n"))
    told = json.loads(body)
    assert (status, told["client"], told["path"]) == (200, "127.0.0.1", "/judge?check=7")
    assert told["headers"] == {"host": "x", "via": "1.1 x"}
    assert (await ask(place, b"POST /judge HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 405
