"""Targets remember, go down and come up."""

import asyncio
import ssl

import pytest

from proxyfleet.lab import Lab, target
from proxyfleet.lab.target import REMEMBERED

from .conftest import Talk

GET = b"GET /bytes/3 HTTP/1.1\r\nHost: a.lab\r\nConnection: close\r\n\r\n"


async def test_direct_visits_are_told_from_forwarded_ones(lab: Lab, talk: Talk) -> None:
    await talk(lab.target.port, GET)
    await talk(lab["http-1"].port, GET.replace(b"GET /", b"GET http://a.lab/"))
    assert [visit.proxy for visit in lab.target.requests] == [None, "http-1"]
    assert lab.target.served == 2


async def test_tls_is_served_and_seen(lab: Lab) -> None:
    trust = ssl.create_default_context(cafile=str(lab.ca_file))
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.target.tls_port, ssl=trust)
    writer.write(GET)
    assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"012")
    writer.close()
    assert (lab.target.requests[-1].tls, lab.target.tls_url) == (True, f"https://127.0.0.1:{lab.target.tls_port}")


async def test_down_and_up(lab: Lab, talk: Talk) -> None:
    lab.target.go_down("error")
    assert (await talk(lab.target.port, GET)).startswith(b"HTTP/1.1 500 ")
    lab.target.go_down("stall")
    assert await talk(lab.target.port, GET, quiet=0.05) == b""
    lab.target.go_down()
    with pytest.raises(ConnectionRefusedError):
        await talk(lab.target.port, GET)
    assert lab.target.status()["down"] == "refuse"
    lab.target.come_up()
    assert (await talk(lab.target.port, GET)).endswith(b"012")


async def test_an_unknown_way_down_is_refused(lab: Lab) -> None:
    wrong: target.Down = "explode"
    with pytest.raises(ValueError, match="refuse, error, stall"):
        lab.target.go_down(wrong)


async def test_memory_is_bounded(lab: Lab) -> None:
    assert lab.target.requests.maxlen == REMEMBERED
