"""Names of proxies: resolved once a minute, literals never."""

import asyncio
import socket

import pytest

from proxyfleet.net.resolve import MOST_NAMES, TTL, Resolver, Unresolved


class Names:
    """Stands in for the system's resolver, which tests must not ask about the world."""

    def __init__(self, monkeypatch, answers):
        self.asked = []
        self.answers = answers
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.getaddrinfo)

    async def getaddrinfo(self, host, port, *, type):
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, type, 6, "", (address, 0)) for address in self.answers[host]]


async def test_an_answer_is_remembered_for_a_minute(monkeypatch):
    now = [0.0]
    names = Names(monkeypatch, {"p.test": ["192.0.2.1", "192.0.2.2", "192.0.2.1"]})
    resolver = Resolver(lambda: now[0])
    assert await resolver.addresses("p.test") == ("192.0.2.1", "192.0.2.2")
    await resolver.addresses("p.test")
    assert len(names.asked) == 1
    now[0] = TTL
    await resolver.addresses("p.test")
    assert len(names.asked) == 2


@pytest.mark.parametrize("host", ["gone.test", "empty.test", "a" * 70 + ".test"])
async def test_failures_are_said_and_not_remembered(monkeypatch, host):
    names = Names(monkeypatch, {"empty.test": []})
    resolver = Resolver(lambda: 0.0)
    for _ in range(2):
        with pytest.raises(Unresolved):
            await resolver.addresses(host)
    assert len(names.asked) == 2


async def test_memory_is_bounded(monkeypatch):
    names = [f"{number}.test" for number in range(MOST_NAMES + 10)]
    Names(monkeypatch, dict.fromkeys(names, ("192.0.2.1",)))
    resolver = Resolver(lambda: 0.0)
    for name in names:
        await resolver.addresses(name)
    assert len(resolver._known) <= MOST_NAMES
