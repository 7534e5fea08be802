"""Twelve workers on six proxies, spread evenly, each on a slot of its own."""

import asyncio
from collections import Counter

from proxyfleet import Fleet, LeasedProxy, SessionManager
from proxyfleet.lab.builders import some_proxies


async def main() -> None:
    used: Counter[str] = Counter()

    async def worker(proxy: LeasedProxy | None) -> None:
        assert proxy is not None
        used[proxy.server] += 1

    async with Fleet.open("sqlite:///fleet.db") as fleet:
        await fleet.store.put(some_proxies(6))
        await fleet.follow()
        session = await SessionManager(fleet).start(size=12, worker=worker)
        ended = await session.wait()
    print(f"{len(ended)} workers on {len(used)} proxies, at most {max(used.values())} on one")


asyncio.run(main())
