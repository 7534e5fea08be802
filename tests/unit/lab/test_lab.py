"""The whole: names, counts, layout, order of ending."""

import asyncio
import os
import resource

import pytest

from proxyfleet.lab import Behaviour, HandClock, Lab, Layout
from proxyfleet.lab.lab import raise_descriptor_limit

from .conftest import Talk


async def test_names_and_kinds(lab: Lab) -> None:
    assert [proxy.name for proxy in lab.proxies] == [
        "http-1",
        "http-2",
        "https-1",
        "socks4-1",
        "socks5-1",
        "rotating-1",
    ]
    assert [line.partition(":")[0] for line in lab.lines()] == ["http", "http", "https", "socks4", "socks5", "http"]
    assert lab["rotating-1"].behaviour.rotate == "session"
    assert [proxy.name for proxy in lab.find("http-*", "socks5-1")] == ["http-1", "http-2", "socks5-1"]
    with pytest.raises(KeyError):
        lab["http-3"]


async def test_credentials_and_behaviour_are_given_to_all() -> None:
    async with Lab(http=1, username="lab", password="pw", behaviour=Behaviour(latency=0.5)) as lab:
        late = lab.add("socks5", latency=1)
        assert [proxy.behaviour.username for proxy in lab.proxies] == ["lab", "lab"]
        assert (lab["http-1"].behaviour.latency, late.behaviour.latency, late.name) == (0.5, 1.0, "socks5-1")


async def test_kill_and_revive_by_name_and_pattern(lab: Lab) -> None:
    lab.kill(["http-*", "socks4-1"])
    assert [proxy.name for proxy in lab.proxies if proxy.behaviour.dead] == ["http-1", "http-2", "socks4-1"]
    lab.revive(["http-2"])
    assert [proxy.name for proxy in lab.proxies if proxy.behaviour.dead] == ["http-1", "socks4-1"]


async def test_an_unknown_kind_is_refused_and_nothing_stays_open() -> None:
    with pytest.raises(ValueError, match="'gopher'; it has http, https"):
        async with Lab(gopher=1):
            pass


async def test_spread_and_consecutive_ports(talk: Talk) -> None:
    async with Lab(http=1) as probe:
        first = probe["http-1"].port
    async with Lab(http=3, layout=Layout(first_port=first, spread=True)) as lab:
        assert [(proxy.host, proxy.port - first) for proxy in lab.proxies] == [
            ("127.0.0.1", 0),
            ("127.0.0.2", 1),
            ("127.0.0.3", 2),
        ]


async def test_a_failing_start_closes_what_it_opened() -> None:
    before = len(os.listdir("/proc/self/fd"))
    async with Lab(http=1) as other:
        with pytest.raises(OSError, match="choose another"):
            async with Lab(http=2, layout=Layout(first_port=other["http-1"].port - 1)):
                pass
    await asyncio.sleep(0)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_time_is_the_clock_that_was_given(talk: Talk) -> None:
    clock, get = HandClock(), b"GET http://a.lab/bytes/1 HTTP/1.1\r\nConnection: close\r\n\r\n"
    async with Lab(http=1, behaviour=Behaviour(rate=1), clock=clock) as lab:
        answers = [await talk(lab["http-1"].port, get) for _ in range(2)]
        clock.advance(1.0)
        answers.append(await talk(lab["http-1"].port, get))
    assert [answer.split()[1] for answer in answers] == [b"200", b"429", b"200"]


async def test_servers_of_your_own_can_ask_who_came(lab: Lab, talk: Talk) -> None:
    who: list[str | None] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = lab.forwarded_by(writer.get_extra_info("peername"))
        who.append(passage and passage.proxy)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await talk(lab["http-2"].port, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await talk(port)
    assert who == ["http-2", None]


async def test_a_lab_that_does_not_run_says_so() -> None:
    lab = Lab(http=1)
    with pytest.raises(RuntimeError, match="not running"):
        lab.add("http")
    async with lab:
        assert lab.hosts.names()
    await lab.close()
    with pytest.raises(RuntimeError, match="not running"):
        _ = lab.ca_file


def test_the_descriptor_limit_is_raised_as_far_as_it_may_be() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard - 10, hard))
        raise_descriptor_limit(100, wanted=hard - 5)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard - 5
        with pytest.raises(OSError, match="raise it with ulimit -n"):
            raise_descriptor_limit(hard + 1, wanted=hard + 1)
        raise_descriptor_limit(hard, wanted=3 * hard)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
