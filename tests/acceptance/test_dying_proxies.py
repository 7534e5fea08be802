"""Twenty lab proxies, six killed under steady load: nothing that can be repeated is lost, and the fleet explains itself."""

import asyncio
import random
from collections import Counter

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


async def test_killing_six_of_twenty_loses_no_request_and_explains_itself():
    async with Lab(http=20, username="lab", password="lab-secret") as lab:
        fleet = FleetState(Rules(), rng=random.Random(1))
        ids = {proxy.name: number for number, proxy in enumerate(lab.proxies, start=1)}
        for proxy in lab.proxies:
            fleet.add(proxy_of(proxy, id=ids[proxy.name]), wall_clock())
        settings = GatewaySettings(listen=("127.0.0.1", 0), allow_private_targets=True)
        gateway = Gateway(fleet, None, wall_clock, settings)
        await gateway.start()
        answers = await load(lab, gateway)
        await gateway.drain(1.0)

    assert answers == Counter({200: CLIENTS * REQUESTS})
    told = {found.proxy_id: found for found in fleet.explain(ANY, wall_clock())}
    skipped = {name for name in DOOMED if not told[ids[name]].eligible}
    assert skipped, "after hundreds of requests the dead ones rest"
    for name in skipped:
        assert told[ids[name]].code == "resting"
        assert "connect" in told[ids[name]].reason
    assert all(told[number].eligible for name, number in ids.items() if name not in DOOMED)


async def load(lab, gateway):
    """Steady requests from several clients; the six die after a quarter of them. Counts the answers by status."""
    answers = Counter()
    host, port = gateway.address
    proxy = f"http://{host}:{port}"

    async def client(session):
        for _ in range(REQUESTS):
            async with session.get(f"{lab.target.url}/headers", proxy=proxy) as answer:
                answers[answer.status] += 1
            if answers.total() == CLIENTS * REQUESTS // 4:
                lab.kill(DOOMED)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    return answers
