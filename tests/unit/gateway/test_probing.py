"""One question at a time: the clock starts at the dial, a loop that stood still costs nobody his name, fakes are seen through."""

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from proxyfleet.clock import monotonic_clock
from proxyfleet.core.checks import Way
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Scheme
from proxyfleet.gateway.probing import Prober
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import a_proxy, proxy_of
from proxyfleet.net.poller import Poller
from proxyfleet.net.trust import BadTrust, Trust
from proxyfleet.ports.checks import Judge


@asynccontextmanager
async def probing(ca=None, **changes):
    told = {"trust": Trust(ca), "target_trust": Trust(ca), "timer": monotonic_clock, "rng": random.Random(1)}
    async with Prober(**told | changes) as probe:
        yield probe


@asynccontextmanager
async def saying(answer, *, close=True):
    """A server that says that to everybody; the record of a proxy at its place."""

    async def say(reader, writer):
        await reader.read(4096)
        writer.write(answer)
        if close:
            writer.close()
        else:
            await asyncio.sleep(5)

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield a_proxy(1, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        server.close()


JUDGE = Judge("judge.example", 80)
ECHO = b'{"client": "1.2.3.4", "headers": {}}'


def answered(body, status=b"200 OK"):
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


async def test_directly_and_through_a_proxy():
    async with Lab(http=1) as lab, probing() as probe:
        judge = Judge(lab.target.host, lab.target.port, "/judge?who=me")
        for endpoint in (None, proxy_of(lab.proxies[0]).endpoint):
            said = await probe.ask(endpoint, Way.HTTP, judge, 2.0)
            assert said.worked
            assert said.seen.client == "127.0.0.1"
        assert "who=me&check=" in lab.target.requests[-1].path


@pytest.mark.parametrize("way", [Way.CONNECT, Way.HTTPS_CONNECT, Way.SOCKS4, Way.SOCKS5])
async def test_tls_goes_through_each_kind_of_tunnel(way):
    kind = {Way.CONNECT: "http", Way.HTTPS_CONNECT: "https"}.get(way, way.value)
    async with Lab(**{kind: 1}) as lab, probing(str(lab.ca_file)) as probe:
        judge = Judge(lab.target.host, lab.target.tls_port, "/judge", tls=True)
        said = await probe.ask(proxy_of(lab.proxies[0]).endpoint, way, judge, 3.0)
        assert (said.worked, said.tls) == (True, True)


async def test_a_certificate_that_is_not_the_judges_is_touched_tls():
    async with Lab(socks5=1) as lab, probing() as probe:
        judge = Judge(lab.target.host, lab.target.tls_port, "/judge", tls=True)
        said = await probe.ask(proxy_of(lab.proxies[0]).endpoint, Way.SOCKS5, judge, 3.0)
    assert (said.worked, said.tls, said.category) == (False, False, Category.PROTOCOL)


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        (answered(ECHO), "protocol"),
        (answered(b"<html>"), "protocol"),
        (answered(b"x" * 70_000), "protocol"),
        (answered(b"no", b"403 Forbidden"), "banned"),
        (answered(b"no", b"429 Slow Down"), "rate_limit"),
        (answered(b"no", b"502 Bad Gateway"), "network"),
        (answered(b"traffic limit reached", b"407 No"), "quota"),
        (answered(b"", b"407 No"), "authentication"),
        (answered(b"", b"302 Found"), "protocol"),
        (b"", "network"),
        (b"SSH-2.0-x\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "network"),
    ],
)
async def test_what_is_not_the_judges_answer_is_the_proxys(answer, category):
    async with saying(answer) as proxy, probing() as probe:
        said = await probe.ask(proxy.endpoint, Way.HTTP, JUDGE, 2.0)
    assert (said.category, said.phase, said.worked) == (category, Phase.EXCHANGE, False)


async def test_an_answer_that_ends_with_its_connection_and_an_interim_one():
    async with Lab(http=1) as lab, probing() as probe:
        token = f"{random.Random(1).getrandbits(64):016x}".encode()
        body = b'{"client": "1.2.3.4", "path": "%b", "headers": {}}' % token
        async with saying(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body) as proxy:
            assert (await probe.ask(proxy.endpoint, Way.HTTP, JUDGE, 2.0)).worked
        assert lab.target.served == 0


@pytest.mark.parametrize(("way", "phase"), [(Way.HTTP, Phase.EXCHANGE), (Way.CONNECT, Phase.HANDSHAKE)])
async def test_silence_ends_in_time_and_says_how_far_it_came(way, phase):
    async with saying(b"", close=False) as proxy, probing() as probe:
        said = await probe.ask(proxy.endpoint, way, JUDGE, 0.2)
    assert (said.category, said.phase, said.ours) == (Category.TIMEOUT, phase, False)


@pytest.mark.parametrize("here", [True, False])
async def test_the_slower_way_keeps_time_as_well(here, monkeypatch):
    """Of a name, and where there is no transport of our own."""
    monkeypatch.setattr(Poller, "here", here)
    async with saying(b"", close=False) as proxy, probing() as probe:
        place = replace(proxy, host="localhost") if here else proxy
        said = await probe.ask(place.endpoint, Way.HTTP, JUDGE, 0.2)
    assert (said.category, said.phase, said.ours) == (Category.TIMEOUT, Phase.EXCHANGE, False)


async def test_no_connection():
    async with Lab(http=1) as lab, probing() as probe:
        lab.proxies[0].kill()
        said = await probe.ask(proxy_of(lab.proxies[0]).endpoint, Way.HTTP, JUDGE, 2.0)
    assert (said.category, said.phase, said.reached) == (Category.CONNECT, Phase.DIAL, False)


async def test_a_missing_file_of_authorities_is_told_and_not_booked():
    proxy = a_proxy(1, host="127.0.0.1", scheme=Scheme.HTTPS)
    async with probing("nowhere.pem") as probe:
        with pytest.raises(BadTrust):
            await probe.ask(proxy.endpoint, Way.HTTPS, JUDGE, 2.0)
