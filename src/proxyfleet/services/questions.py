"""What people ask a fleet: figures, health, why and why not, a pick, and to forget. The same questions everywhere.

Long answers are put together in slices with a pause after each, so that a node that serves traffic stays quick.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import Selector
from proxyfleet.services import read_models
from proxyfleet.services.exporting import url_of
from proxyfleet.services.read_models import Shown
from proxyfleet.wire.targets import target_host

SLICE: Final = 200
MOST_PICKS: Final = 10_000
Item = TypeVar("Item")
ENDLESS: Final = float("inf")
EJECTED_FOR: Final = 300.0
Do = Callable[[FleetState, int, float, str, float | None], None]
ORDERS: Final[dict[str, Do]] = {
    "reset": lambda fleet, one, now, _target, _seconds: fleet.reset(one, now),
    "eject": lambda fleet, one, now, _target, seconds: fleet.eject(one, now, seconds or EJECTED_FOR),
    "reinstate": lambda fleet, one, now, _target, _seconds: fleet.reinstate(one, now),
    "block": lambda fleet, one, now, target, seconds: fleet.block(one, target, now + (seconds or ENDLESS)),
    "unblock": lambda fleet, one, _now, target, _seconds: fleet.unblock(one, target),
}
"""What an operator may order a node to do with a proxy; `TARGETED` ones concern one site."""
ROTATE: Final = "rotate"
"""An order that takes its time and has an answer for each proxy; only nodes that have a store know it."""
Rotate = Callable[[Sequence[int]], Awaitable[Shown]]
TARGETED: Final = frozenset({"block", "unblock"})


class BadTarget(FleetError):
    """What was given as a target names no host."""

    code = "bad_target"


class Questions:
    """Answers over one fleet in memory. Selector texts raise `BadSelector`, strategies `UnknownStrategy`."""

    def __init__(
        self,
        fleet: FleetState,
        clock: Clock,
        node: Callable[[], Shown] | None = None,
        table: LeaseTable | None = None,
        rotate: Rotate | None = None,
    ) -> None:
        self._rotate = rotate
        self._fleet = fleet
        self._table = LeaseTable(fleet) if table is None else table
        self._clock = clock
        self._node = node

    def node(self) -> Shown:
        """The node's own figures, at no cost; empty where there is no node."""
        return {} if self._node is None else self._node()

    async def report(self) -> Shown:
        """The whole fleet in numbers, and the node's own figures where there is a node."""
        now = self._clock()
        told: Shown = {"fleet": read_models.stats(self._fleet, now) | read_models.claims(self._table, now)}
        return told | self.node()

    async def health(self, selector: str = "") -> list[Shown]:
        """Every proxy that the selector names, with its health; most days left first."""
        wanted, now = Selector.parse(selector), self._clock()
        ids = await _slowly(read_models.matching(self._fleet, wanted, now))
        known = (proxy_id for proxy_id in ids if proxy_id in self._fleet)
        ordered = read_models.in_listing_order(self._fleet, known)
        return await _slowly(read_models.row(self._fleet, one, now) for one in ordered if one in self._fleet)

    async def explain(self, selector: str = "", target: str | None = None) -> list[Shown]:
        """For every proxy whether it may be picked now, and the first reason why not; `target` is a host or a URL."""
        wanted, host = Selector.parse(selector), _host(target)
        return await _slowly(read_models.explained(self._fleet, wanted, self._clock(), host))

    async def pick(
        self,
        selector: str = "",
        *,
        strategy: str | None = None,
        count: int = 1,
        target: str | None = None,
        passwords: bool = False,
    ) -> Shown:
        """Up to `count` different proxies, and the refusal when there are fewer. URLs hold credentials only if asked for.

        `target` is a host or a URL; raises `BadTarget`.
        """
        wanted, host = Selector.parse(selector), _host(target)
        picked: list[Shown] = []
        seen: set[int] = set()
        refusal: Refusal | None = None
        while len(picked) < min(count, MOST_PICKS) and refusal is None:
            found = self._fleet.pick(wanted, self._clock(), strategy=strategy, target=host, exclude=seen)
            if isinstance(found, Refusal):
                refusal = found
                continue
            seen.add(found.proxy_id)
            proxy = self._fleet.get(found.proxy_id)
            told: Shown = {"id": proxy.id, "address": proxy.address, "url": url_of(proxy, passwords=passwords)}
            picked.append(told | {"degraded": found.degraded, "probe": found.probe})
        return {"picked": picked, "missing": count - len(picked), "refusal": refusal and refusal._asdict()}

    async def order(
        self, verb: str, selector: str = "", *, target: str | None = None, seconds: float | None = None
    ) -> Shown:
        """Do one of `ORDERS` to every proxy that the selector names; how many. ValueError for what cannot be done."""
        if verb == ROTATE and self._rotate is not None:
            wanted = Selector.parse(selector)
            return await self._rotate(await _slowly(read_models.matching(self._fleet, wanted, self._clock())))
        if verb not in ORDERS:
            raise ValueError(f"there is no order {verb!r}; use one of: {', '.join((*ORDERS, ROTATE))}")
        if (target is None) == (verb in TARGETED):
            raise ValueError(f"{verb} {'needs' if verb in TARGETED else 'takes no'} target")
        wanted, now = Selector.parse(selector), self._clock()
        count = 0
        for proxy_id in await _slowly(read_models.matching(self._fleet, wanted, now)):
            if proxy_id in self._fleet:
                ORDERS[verb](self._fleet, proxy_id, now, target or "", seconds)
                count += 1
        return {verb: count}


def _host(target: str | None) -> str | None:
    try:
        return None if target is None else target_host(target)
    except ValueError as problem:
        raise BadTarget(f"target {problem}") from None


async def _slowly(items: Iterable[Item]) -> list[Item]:
    gathered: list[Item] = []
    for item in items:
        gathered.append(item)
        if len(gathered) % SLICE == 0:
            await asyncio.sleep(0)
    return gathered
