"""Leases from a fleet that several programs may share: exact capacity, renewed while they are held."""

import asyncio

from proxyfleet import ClaimRefused, Fleet
from proxyfleet.lab.builders import some_proxies


async def main() -> None:
    async with Fleet.open("sqlite:///fleet.db") as fleet:
        await fleet.store.put(some_proxies(2, capacity=1, country="US"))
        await fleet.follow()
        async with fleet.lease(country="US") as one, fleet.lease(country="US") as other:
            print("two different ones:", one.token, other.token)
            try:
                await fleet.acquire(country="US")
            except ClaimRefused as refused:
                print("a third is refused:", refused.code)
        taken, failed = await fleet.take_proxies_batch([1, 2, 3], "shop", "ann")
        print("taken:", [proxy.id for proxy in taken], "failed:", [(one.proxy_id, str(one.refusal)) for one in failed])


asyncio.run(main())
