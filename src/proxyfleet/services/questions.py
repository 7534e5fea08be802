"""What people ask a fleet: figures, health, why and why not, a pick, and to forget. The same questions everywhere.

Long answers are put together in slices with a pause after each, so that a node that serves traffic stays quick.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from proxyfleet.clock import Clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import Selector
from proxyfleet.services import read_models
from proxyfleet.services.exporting import url_of
from proxyfleet.services.read_models import Shown

SLICE: Final = 200
MOST_PICKS: Final = 10_000
Item = TypeVar("Item")


class Questions:
    """Answers over one fleet in memory. Selector texts raise `BadSelector`, strategies `UnknownStrategy`."""

    def __init__(self, fleet: FleetState, clock: Clock, node: Callable[[], Shown] | None = None) -> None:
        self._fleet = fleet
        self._clock = clock
        self._node = node

    def node(self) -> Shown:
        """The node's own figures, at no cost; empty where there is no node."""
        return {} if self._node is None else self._node()

    async def report(self) -> Shown:
        """The whole fleet in numbers, and the node's own figures where there is a node."""
        told: Shown = {"fleet": read_models.stats(self._fleet, self._clock())}
        return told | self.node()

    async def health(self, selector: str = "") -> list[Shown]:
        """Every proxy that the selector names, with its health; most days left first."""
        wanted, now = Selector.parse(selector), self._clock()
        ids = await _slowly(read_models.matching(self._fleet, wanted, now))
        known = (proxy_id for proxy_id in ids if proxy_id in self._fleet)
        ordered = read_models.in_listing_order(self._fleet, known)
        return await _slowly(read_models.row(self._fleet, one, now) for one in ordered if one in self._fleet)

    async def explain(self, selector: str = "", target: str | None = None) -> list[Shown]:
        """For every proxy whether it may be picked now, and the first reason why not."""
        wanted = Selector.parse(selector)
        return await _slowly(read_models.explained(self._fleet, wanted, self._clock(), target))

    async def pick(
        self,
        selector: str = "",
        *,
        strategy: str | None = None,
        count: int = 1,
        target: str | None = None,
        passwords: bool = False,
    ) -> Shown:
        """Up to `count` different proxies, and the refusal when there are fewer. URLs hold credentials only if asked for."""
        wanted = Selector.parse(selector)
        picked: list[Shown] = []
        seen: set[int] = set()
        refusal: Refusal | None = None
        while len(picked) < min(count, MOST_PICKS) and refusal is None:
            found = self._fleet.pick(wanted, self._clock(), strategy=strategy, target=target, exclude=seen)
            if isinstance(found, Refusal):
                refusal = found
                continue
            seen.add(found.proxy_id)
            proxy = self._fleet.get(found.proxy_id)
            told: Shown = {"id": proxy.id, "address": proxy.address, "url": url_of(proxy, passwords=passwords)}
            picked.append(told | {"degraded": found.degraded, "probe": found.probe})
        return {"picked": picked, "missing": count - len(picked), "refusal": refusal and refusal._asdict()}

    async def reset(self, selector: str = "") -> Shown:
        """Forget what was learnt about every proxy that the selector names; how many."""
        wanted, now = Selector.parse(selector), self._clock()
        count = 0
        for proxy_id in await _slowly(read_models.matching(self._fleet, wanted, now)):
            if proxy_id in self._fleet:
                self._fleet.reset(proxy_id, now)
                count += 1
        return {"reset": count}


async def _slowly(items: Iterable[Item]) -> list[Item]:
    gathered: list[Item] = []
    for item in items:
        gathered.append(item)
        if len(gathered) % SLICE == 0:
            await asyncio.sleep(0)
    return gathered
