"""A gateway over the lab's proxies, and the system's curl in front of it."""

import asyncio
import json
import random
import shutil
from base64 import b64encode
from contextlib import asynccontextmanager
from dataclasses import replace

from proxyfleet.clock import monotonic_clock, wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.rules import Rules
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.lab.builders import proxy_of
from proxyfleet.ports import GatewayUser
from proxyfleet.services.binding import Binding
from proxyfleet.services.leasing import Leasing
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.tasks import Tasks

CURL = shutil.which("curl")
KEY = "canary-client"
USERS = {"alice": GatewayUser("alice", hash_key(KEY, b"0123456789abcdef", n=4))}


class Served:
    """A gateway that runs; `fleet` holds the lab's proxies under the ids 1, 2, ... in their order."""

    def __init__(self, lab, gateway, fleet, leasing, store):
        self.lab, self.gateway, self.fleet = lab, gateway, fleet
        self.leasing, self.store = leasing, store
        self.port = gateway.address[1]

    async def curl(self, url, *arguments, scheme="http", login=f"alice:{KEY}"):
        """(exit code, output) through the gateway; `login` is the part before the @."""
        if scheme.startswith("socks4"):
            login = login.replace(":", "%3A")
        proxy = f"{scheme}://{login}{'@' if login else ''}127.0.0.1:{self.port}"
        return await curl("-x", proxy, "--cacert", str(self.lab.ca_file), *arguments, url)

    async def visit(self, url, *arguments, **options):
        """What the target saw; the request must have succeeded."""
        code, out = await self.curl(url, *arguments, **options)
        assert code == 0, out
        return json.loads(out)

    def health(self, number):
        """Of one proxy."""
        return self.fleet.health(number, wall_clock())


async def curl(*arguments):
    """(exit code, output) of one run."""
    process = await asyncio.create_subprocess_exec(
        *[CURL, "-sS", "--max-time", "10", *arguments],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, out.decode()


@asynccontextmanager
async def serving(lab, *, users=USERS, proxies=None, store=None, rules=None, **changes):
    """A gateway over all proxies of the lab, or over `proxies`; loopback targets and all ports allowed.

    Leases are kept in memory, or in a `store` that holds the proxies already.
    """
    fleet = FleetState(rules or Rules(), rng=random.Random(1))
    proxies = [replace(proxy, id=number) for number, proxy in enumerate(proxies or lab_fleet(lab), 1)]
    for proxy in proxies:
        fleet.add(proxy, wall_clock())
    if store is None:
        store = MemoryStore()
        await store.put(proxies)
    leasing = Leasing(fleet, store, node="node", clock=wall_clock, timer=monotonic_clock)
    bonds = Binding(leasing, store.lease_key(), wall_clock)
    plain = GatewaySettings(listen=("127.0.0.1", 0), allow_private_targets=True, connect_ports=None)
    settings = replace(plain, **{"upstream_ca": str(lab.ca_file), **changes})
    gateway = Gateway(fleet, None if users is None else users.get, wall_clock, settings, bonds=bonds)
    await gateway.start()
    tasks = Tasks()
    tasks.spawn(ticking(leasing), name="ticks")
    try:
        yield Served(lab, gateway, fleet, leasing, store)
    finally:
        await gateway.close()
        await tasks.close()
        await bonds.close()
        await leasing.close()


async def ticking(leasing):
    """What a node does four times a second."""
    while True:
        await asyncio.sleep(0.05)
        leasing.tick()


def lab_fleet(lab):
    """The records of all proxies."""
    return [proxy_of(one) for one in lab.proxies]


def basic(login):
    """The value of Proxy-Authorization."""
    return "Basic " + b64encode(login.encode()).decode()
