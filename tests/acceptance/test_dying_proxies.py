"""Proxies of every scheme die, stall and lie under load: nearly nothing is lost, nothing is sent twice that must not be,
a dead target ejects nobody, and the fleet explains itself.
"""

import asyncio
import random
import ssl
from collections import Counter
from contextlib import asynccontextmanager
from time import monotonic

import aiohttp

from proxyfleet.clock import wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of

CLIENTS, REQUESTS = 8, 150
DOOMED = [f"http-{number}" for number in range(1, 7)]

KILLED = ["http-1", "https-1", "socks5-1"]
STALLED = ["http-2", "https-2", "socks4-1"]
LYING = {
    "http-3": {"speaks": "ssh"},
    "https-3": {"error_rate": 1.0, "error_status": 503, "error_headers": (("X-Error-Description", "no peers"),)},
    "socks5-2": {"speaks": "garbage"},
}
MANY, EACH, SICKEN_AFTER = 20, 100, 300
SHOP, TLS_SHOP, DOWN = "http://shop.lab", "https://shop.lab", "http://down.lab"
CLOSE = {"Connection": "close"}
BOUND = 10.0
"""Seconds within which a request has to succeed."""
GIVEN_UP = aiohttp.ClientTimeout(total=120)
"""To a target that is down the gateway tries stalled proxies too, each with more patience, before it answers."""


class World:
    """A lab and a gateway before all of its proxies."""

    def __init__(self, lab):
        self.lab = lab
        self.fleet = FleetState(Rules(), rng=random.Random(1))
        self.ids = {proxy.name: number for number, proxy in enumerate(lab.proxies, start=1)}
        for proxy in lab.proxies:
            self.fleet.add(proxy_of(proxy, id=self.ids[proxy.name]), wall_clock())
        settings = GatewaySettings(
            listen=("127.0.0.1", 0), allow_private_targets=True, connect_ports=None, upstream_ca=str(lab.ca_file)
        )
        self.gateway = Gateway(self.fleet, None, wall_clock, settings)

    @property
    def url(self):
        host, port = self.gateway.address
        return f"http://{host}:{port}"

    def told(self):
        """What the fleet says of each proxy, by name."""
        told = {found.proxy_id: found for found in self.fleet.explain(ANY, wall_clock())}
        return {name: told[number] for name, number in self.ids.items()}


@asynccontextmanager
async def world(**counts):
    async with Lab(username="lab", password="lab-secret", **counts) as lab:
        made = World(lab)
        await made.gateway.start()
        try:
            yield made
        finally:
            await made.gateway.drain(1.0)


async def test_killing_six_of_twenty_loses_no_request_and_explains_itself():
    async with world(http=20) as made:
        answers = await load(made)
    assert answers == Counter({200: CLIENTS * REQUESTS})
    told = made.told()
    skipped = {name for name in DOOMED if not told[name].eligible}
    assert skipped, "after hundreds of requests the dead ones rest"
    for name in skipped:
        assert told[name].code == "resting"
        assert "connect" in told[name].reason
    assert all(told[name].eligible for name in told if name not in DOOMED)


async def load(made):
    """Steady requests from several clients; the six die after a quarter of them. Counts the answers by status."""
    answers = Counter()

    async def client(session):
        for _ in range(REQUESTS):
            async with session.get(f"{made.lab.target.url}/headers", proxy=made.url) as answer:
                answers[answer.status] += 1
            if answers.total() == CLIENTS * REQUESTS // 4:
                made.lab.kill(DOOMED)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    return answers


class Load:
    """Many clients: plain requests, tunnels, changes, and now and then a target that is down."""

    def __init__(self, made):
        self.made = made
        self.trust = ssl.create_default_context(cafile=str(made.lab.ca_file))
        self.took = []
        self.lost = Counter()

    async def run(self):
        options = {"timeout": aiohttp.ClientTimeout(total=1.5 * BOUND), "proxy": self.made.url}
        async with aiohttp.ClientSession(**options) as session:
            await asyncio.gather(*(self.client(session, number) for number in range(MANY)))

    async def client(self, session, number):
        for turn in range(EACH):
            if len(self.took) == SICKEN_AFTER:
                sicken(self.made.lab)
            label = f"{number}-{turn}"
            kind = turn % 10
            if kind == 0:
                await self.one("POST", session.post(f"{SHOP}/echo", data=label, headers={"X-Id": label}))
            elif kind in (1, 2, 3):
                await self.one("CONNECT", session.get(f"{TLS_SHOP}/headers", ssl=self.trust, headers=CLOSE))
            elif kind == 4 and number % 8 == 0:
                await self.fails(session.get(f"{DOWN}/headers", timeout=GIVEN_UP))
            else:
                await self.one("GET", session.get(f"{SHOP}/headers"))

    async def one(self, kind, request):
        began = monotonic()
        try:
            async with request as answer:
                await answer.read()
                good = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            good = False
        took = monotonic() - began
        self.took.append(took)
        if not good or took > BOUND:
            self.lost[kind] += 1

    async def fails(self, request):
        async with request as answer:
            assert answer.status >= 500


def sicken(lab):
    lab.kill(KILLED)
    for name in STALLED:
        lab[name].behave(stall=True)
    for name, lie in LYING.items():
        lab[name].behave(**lie)


async def test_a_third_dies_stalls_and_lies_in_every_scheme():
    async with world(http=10, https=7, socks4=4, socks5=9) as made:
        made.lab.add_target("down", "down.lab").go_down()
        load = Load(made)
        await load.run()
        told = made.told()
        seen = Counter(visit.header("X-Id") for visit in made.lab.target.requests if visit.header("X-Id"))
    assert sum(load.lost.values()) <= len(load.took) / 100, load.lost
    assert set(seen.values()) == {1}, "a POST never arrives twice"
    sick = {*KILLED, *STALLED, *LYING}
    ejected = {name for name, found in told.items() if not found.eligible}
    assert ejected <= sick, "neither a dead target nor bad company ejects anybody"
    assert ejected, "the sick are found out"
