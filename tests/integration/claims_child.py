"""One node that claims, renews and releases as fast as it can, and tells what it was told: `claims_child.py URL KEYFILE NAME SEED`.

Each line is JSON: [verb, pool, slot, fence, instant, expires], instants by the store's clock. `ask` is said before a release is
asked for, `still` when it was refused; `lost` means that an answer was lost. Ends when its standard input does.
"""

import asyncio
import json
import random
import sys
import threading
from pathlib import Path

from proxyfleet.core.lease import FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, Granted, Order, Release, Renew, Renewed
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Store
from proxyfleet.stores.errors import StoreAway, StoreBusy
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

BATCH = 24
TTLS = (1.0, 2.0, 30.0)


class Child:
    """One node; `held` are the leases that it believes to have."""

    def __init__(self, store: Store, name: str, rng: random.Random) -> None:
        self.store, self.name, self.rng = store, name, rng
        self.held: list[Lease] = []

    async def run(self, ended: threading.Event) -> None:
        proxies = [proxy async for batch in self.store.proxies() for proxy in batch]
        while not ended.is_set():
            orders = [self.order(proxies) for _ in range(self.rng.randrange(1, BATCH))]
            for order in orders:
                if isinstance(order, Release):
                    say("ask", *order.token)
            try:
                decided = await self.store.decide(orders, self.name)
            except StoreAway as away:
                say("lost" if away.lost else "away")
                self.held.clear()
                await asyncio.sleep(0.05)
                continue
            except StoreBusy:
                say("busy")
                continue
            for order, answer in zip(orders, decided.answers, strict=True):
                if isinstance(answer, Granted):
                    for lease in answer.leases:
                        tell("grant", lease, lease.granted)
                        self.held.append(lease)
                elif isinstance(answer, Renewed):
                    tell("end" if isinstance(order, Release) else "renew", answer.lease, decided.now)
                elif isinstance(order, Release):
                    say("still", *order.token)

    def order(self, proxies: list[Proxy]) -> Order:
        kind = self.rng.random()
        if self.held and kind < 0.45:
            lease = self.held.pop(self.rng.randrange(len(self.held)))
            return Release(Token(lease.pool, lease.slot, lease.fence), self.name)
        if self.held and kind < 0.55:
            lease = self.rng.choice(self.held)
            return Renew(Token(lease.pool, lease.slot, lease.fence), self.name, self.rng.choice(TTLS))
        candidates = tuple(self.candidate(proxies) for _ in range(self.rng.choice((1, 1, 3))))
        resource = self.rng.choice((None, None, None, None, "site"))
        wanted = self.rng.choice((1, 1, 1, 2))
        return Claim(Holder(self.name), candidates, self.rng.choice(TTLS), wanted, resource=resource)

    def candidate(self, proxies: list[Proxy]) -> Candidate:
        proxy = self.rng.choice(proxies)
        return Candidate(proxy.id, self.rng.randrange(proxy.slots), proxy.id, proxy.slots, FOREVER)


def tell(verb: str, lease: Lease, instant: float) -> None:
    say(verb, lease.pool, lease.slot, lease.fence, instant, lease.expires)


def say(*words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def main(url: str, key: str, name: str, seed: int) -> None:
    store = await open_store(url, keys=KeySource(file=Path(key)))
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    say("open")
    await Child(store, name, random.Random(seed)).run(ended)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
