"""Lasting use of proxies for a resource (SPEC E3, E4, rule 14): take, give back, exchange, and reserve while one decides.

Batches go to the store in one commit; each pair has its own answer. Which proxies were meant has been said, or is picked.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Held, Hold, Holder
from proxyfleet.core.orders import GiveBack, Refused, Sweep, Take, Taken
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Kind, Proxy, Status, by_days_left
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.services.leasing import RESERVATION_TTL, Grant, Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused


class Failed(NamedTuple):
    """A proxy that could not be taken or given back, and why."""

    proxy_id: int
    refusal: FleetError


class Batch(NamedTuple):
    """What became of a batch."""

    done: list[Hold]
    failed: list[Failed]


class Assigning:
    """`session` names a new session of a rotating proxy, which may be assigned many times."""

    def __init__(self, leasing: Leasing, clock: Clock, session: Callable[[], str]) -> None:
        self._leasing = leasing
        self._fleet = leasing.fleet
        self._clock = clock
        self._session = session

    async def reserve(
        self,
        holder: Holder,
        resource: str,
        *,
        proxies: Sequence[int] = (),
        count: int = 1,
        selector: Selector = ANY,
        ttl: float = RESERVATION_TTL,
        all_or_nothing: bool = False,
    ) -> Grant:
        """Leases of pairs that nobody else holds: of these very proxies, or of `count` that fit the selector."""
        _check_resource(resource)
        wanted = Wanted(
            holder,
            selector.held_for(resource),
            len(proxies) or count,
            ttl,
            all_or_nothing=all_or_nothing,
            resource=resource,
            proxies=tuple(proxies),
        )
        return await self._leasing.acquire(wanted)

    async def cancel(self, holder: Holder, resource: str | None = None) -> int:
        """End the reservations of a holder, of one resource or all; how many there were."""
        sweep = Sweep(holder.principal, holder.label, None, resource, reservations_only=True)
        return len(await self._leasing.sweep(sweep))

    async def take(self, holder: Holder, resource: str, proxies: Sequence[int]) -> Batch:
        """Assign each of these proxies; an own reservation becomes the assignment."""
        _check_resource(resource)
        return await self._batch(proxies, [self._take(holder, resource, one) for one in proxies])

    async def take_some(self, holder: Holder, resource: str, count: int, selector: Selector = ANY) -> Batch:
        """Assign up to `count` different proxies that fit and that nobody holds for the resource."""
        _check_resource(resource)
        wanted, done, seen = selector.held_for(resource), list[Hold](), set[int]()
        failed: list[Failed] = []
        while len(done) < count:
            picked = self._pick(wanted, count - len(done), seen)
            if not picked:
                break
            seen.update(picked)
            batch = await self.take(holder, resource, picked)
            done += batch.done
            failed += batch.failed
        return Batch(done, failed)

    def _pick(self, selector: Selector, count: int, seen: Collection[int]) -> list[int]:
        picked: list[int] = []
        while len(picked) < count:
            found = self._fleet.pick(selector, self._clock(), exclude={*seen, *picked})
            if not isinstance(found, Pick):
                break
            picked.append(found.proxy_id)
        return picked

    def _take(self, holder: Holder, resource: str, proxy_id: int) -> Take:
        rotating = proxy_id in self._fleet and self._fleet.rotates(proxy_id)
        return Take(proxy_id, resource, holder, self._session() if rotating else "")

    async def give_back(
        self,
        holder: Holder,
        resource: str,
        proxies: Sequence[int],
        *,
        force: bool = False,
        reuse_after: float = 0.0,
    ) -> Batch:
        """End these assignments; by `force` whoever holds them. `reuse_after` seconds nobody may take the pairs."""
        orders = [
            GiveBack(one, resource, holder, self._session_of(one, resource, holder, force), force, reuse_after)
            for one in proxies
        ]
        return await self._batch(proxies, orders)

    def _session_of(self, proxy_id: int, resource: str, holder: Holder, force: bool) -> str:
        """Which of the sessions of a rotating proxy is meant: the first that fits."""
        if proxy_id not in self._fleet or not self._fleet.rotates(proxy_id):
            return ""
        held = (hold for hold in self._leasing.table.holds(self._clock()) if hold.pair[:2] == (proxy_id, resource))
        fitting = [one for one in held if one.kind is Held.ASSIGNMENT and (force or one.holder == holder)]
        return fitting[0].session if fitting else ""

    async def exchange(self, holder: Holder, resource: str, proxy_id: int, selector: Selector = ANY) -> Hold:
        """Rotation: take another proxy, then give this one back. Raises `ClaimRefused`; then nothing has changed."""
        other = selector.without(proxy_id)
        taken = await self.take_some(holder, resource, 1, other)
        if not taken.done:
            if not self._holds(holder, resource, proxy_id):
                raise ClaimRefused("not_assigned")
            raise taken.failed[-1].refusal if taken.failed else ClaimRefused("none_eligible")
        back = await self.give_back(holder, resource, [proxy_id])
        if back.failed:
            await self.give_back(holder, resource, [taken.done[0].proxy_id])
            raise back.failed[0].refusal
        return taken.done[0]

    def _holds(self, holder: Holder, resource: str, proxy_id: int) -> bool:
        return any(hold.proxy_id == proxy_id for hold in self.assignments(resource, holder))

    async def _batch(self, proxies: Sequence[int], orders: Sequence[Take | GiveBack]) -> Batch:
        """All at once, so that they share a commit."""
        settled = await asyncio.gather(*(self._leasing.recorder.ask(order) for order in orders))
        done, failed = list[Hold](), list[Failed]()
        for proxy_id, one in zip(proxies, settled, strict=True):
            if isinstance(one.answer, Taken):
                done.append(one.answer.hold)
            elif isinstance(one.answer, Refused):
                failed.append(Failed(proxy_id, self._leasing.refused(one.answer)))
        return Batch(done, failed)

    def assignments(self, resource: str | None = None, holder: Holder | None = None) -> list[Hold]:
        """Who has what for good, oldest first, as far as this node knows."""
        held = (hold for hold in self._leasing.table.holds(self._clock()) if hold.kind is Held.ASSIGNMENT)
        fitting = (hold for hold in held if resource in (None, hold.resource) and holder in (None, hold.holder))
        return sorted(fitting, key=lambda hold: (hold.since, hold.pair))

    def available(self, resource: str | None = None) -> list[Proxy]:
        """Not expired, not disabled, with a free slot, nobody's for the resource; most days left first (SPEC A5)."""
        now = self._clock()
        return sorted(
            (proxy for one in list(self._fleet) if self._is_available(proxy := self._fleet.get(one), resource, now)),
            key=lambda proxy: (by_days_left(proxy), proxy.id),
        )

    def _is_available(self, proxy: Proxy, resource: str | None, now: float) -> bool:
        if proxy.status is Status.DISABLED or proxy.expired(now) or not self._fleet.free(proxy.id):
            return False
        static = proxy.labels.kind is Kind.STATIC
        return not (static and resource and self._leasing.table.hold_of(proxy.id, resource, now) is not None)


def _check_resource(resource: str) -> None:
    """An empty one would be held by whoever forgot to name one."""
    if not resource.strip():
        raise ClaimRefused("bad_request", told="the resource is empty; name what the proxies are for")
