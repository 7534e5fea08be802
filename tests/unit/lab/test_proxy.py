"""One proxy: its URL, its orders, its counters."""

import asyncio

import pytest

from proxyfleet.lab import Behaviour, Lab
from proxyfleet.lab.judging import NO_NAMES, Ask, Refusal
from proxyfleet.lab.outbound import Route

from .conftest import Talk

GET = b"GET http://a.lab/bytes/3 HTTP/1.1\r\nHost: a.lab\r\nConnection: close\r\n\r\n"


async def test_the_url_is_what_an_importer_reads(lab: Lab) -> None:
    proxy = lab["http-1"]
    assert proxy.url == f"http://127.0.0.1:{proxy.port}"
    proxy.behave(username="l@b", password="p:w/")
    assert proxy.url == f"http://l%40b:p%3Aw%2F@127.0.0.1:{proxy.port}"
    proxy.behave(password=None, claims="socks5h")
    assert proxy.url == f"socks5h://l%40b@127.0.0.1:{proxy.port}"
    assert "l@b" not in repr(proxy)


async def test_death_and_life_on_one_port(lab: Lab, talk: Talk) -> None:
    proxy = lab["http-1"]
    port = proxy.port
    proxy.kill()
    with pytest.raises(ConnectionRefusedError):
        await talk(port, GET)
    proxy.revive()
    assert (proxy.port, proxy.behaviour) == (port, Behaviour())
    assert (await talk(port, GET)).endswith(b"012")


async def test_death_ends_tls_handshakes_too(lab: Lab) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["https-1"].port)
    await asyncio.sleep(0.02)
    assert lab["https-1"].connections == 1
    lab["https-1"].kill()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_a_bad_order_changes_nothing(lab: Lab) -> None:
    with pytest.raises(ValueError, match="unknown behaviour"):
        lab["http-1"].behave(dead=True, colour="red")
    assert lab["http-1"].behaviour == Behaviour()


async def test_orders_reach_connections_that_are_open(lab: Lab) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port)
    request = GET.replace(b"Connection: close\r\n", b"")
    writer.write(request)
    await reader.readuntil(b"\r\n\r\n012")
    lab["http-1"].behave(error_rate=1.0, error_status=503, error_headers={"X-Error-Description": "no exit"})
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"X-Error-Description: no exit\r\n" in head
    lab["http-1"].behave(error_rate=0.0, reset=True)
    await reader.readuntil(b"\n")
    writer.write(request)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_counters(lab: Lab, talk: Talk) -> None:
    proxy = lab["http-1"]
    await talk(proxy.port, GET)
    await talk(proxy.port, b"CONNECT a.lab:80 HTTP/1.1\r\nHost: a.lab\r\n\r\n" + GET)
    proxy.behave(banned=["a.lab"])
    await talk(proxy.port, GET)
    assert (proxy.connections, proxy.requests, proxy.tunnels) == (3, 3, 1)
    status = proxy.status()
    assert (status["refused"], status["name"]) == ({403: 1}, "http-1")


async def test_the_status_never_shows_the_password(lab: Lab) -> None:
    lab["http-1"].behave(username="lab", password="hunter2")
    assert "hunter2" not in str(lab["http-1"].status())


async def test_decisions(lab: Lab) -> None:
    proxy = lab["rotating-1"]
    one = proxy.decide(Ask("a.lab", 80, "session-1", ""))
    assert isinstance(one, Route)
    assert (one.host, one.port, one.session) == ("127.0.0.1", lab.target.port, "1")
    assert one == proxy.decide(Ask("a.lab", 80, "session-1", ""))
    assert one != proxy.decide(Ask("a.lab", 80, "session-2", ""))
    assert isinstance(proxy.decide(Ask("8.8.8.8", 80)), Refusal)
    proxy.behave(resolves=False)
    assert proxy.decide(Ask("a.lab", 80, "session-1", "")) is NO_NAMES
    assert isinstance(proxy.decide(Ask("127.0.0.1", lab.target.port, "session-1", "")), Route)


async def test_latency_is_fixed_plus_chance(lab: Lab) -> None:
    lab["http-1"].behave(latency=1.0, jitter=0.5)
    drawn = [lab["http-1"].latency() for _ in range(100)]
    assert min(drawn) >= 1.0
    assert max(drawn) <= 1.5
    assert len(set(drawn)) > 50


async def test_a_wrong_scheme_is_refused(lab: Lab) -> None:
    with pytest.raises(ValueError, match="no 'gopher'"):
        lab.add("gopher")
