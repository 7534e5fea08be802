"""Two nodes over one store, driven by Hypothesis: nothing is ever given twice, and memory comes to agree with the store.

After every move the store's own view is checked (capacity at the time of the grant, one holder per pair, fences only
grow); after every look of a node, what it believes is exactly what the store holds.
"""

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.property.conftest import PROFILE

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Held, Holder, Lease, Token
from proxyfleet.core.orders import GiveBack, Sweep, Take
from proxyfleet.core.proxy import Details, Measured, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import Selector
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.committing import Settled
from proxyfleet.services.following import Follower
from proxyfleet.services.leasing import Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.stores.memory import MemoryStore

PROXIES = 3
HOLDERS = [Holder("ann", "1"), Holder("ann", "2"), Holder("bob")]
NODES = st.sampled_from([0, 1])
RESOURCES = st.sampled_from([None, "site", "shop"])


async def nothing() -> None:
    """Users do not matter here."""


class Node:
    """A node with its follower."""

    def __init__(self, name: str, store: MemoryStore, clock: HandClock, shared: bool) -> None:
        fleet = FleetState(Rules(jitter=0.0, share_exits=shared), rng=Random(5))
        self.leasing = Leasing(fleet, store, node=name, clock=clock, timer=clock)
        self.follower = Follower(
            self.leasing.table, self.leasing.committer, store, store, node=name, clock=clock, users_changed=nothing
        )


class LeaseMachine(RuleBasedStateMachine):
    """Moves of two nodes; `given` are all leases ever granted, with their newest known state."""

    @initialize(capacity=st.integers(1, 3), shared=st.booleans())
    def start(self, capacity: int, shared: bool) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.given: list[Lease] = []
        self.fences: dict[int, int] = {}
        self.most = dict.fromkeys(range(1, PROXIES + 1), capacity)
        self.run(self.store.put(some_proxies(PROXIES, capacity=capacity)))
        self.shared = shared
        self.nodes = [Node(name, self.store, self.clock, shared) for name in ("n1", "n2")]
        for node in self.nodes:
            self.run(node.follower.load())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def ask(self, node: int, work: Any) -> Any:
        """A refusal is an answer."""
        try:
            return self.run(work)
        except ClaimRefused:
            return None

    def running(self) -> list[Lease]:
        return list(self.run(self.store.standing()).leases)

    @rule(
        node=NODES,
        holder=st.sampled_from(HOLDERS),
        count=st.integers(1, 4),
        whole=st.booleans(),
        resource=RESOURCES,
        key=st.sampled_from([None, None, "k"]),
        ttl=st.sampled_from([5.0, 60.0]),
    )
    def acquire(
        self, node: int, holder: Holder, count: int, whole: bool, resource: str | None, key: str | None, ttl: float
    ) -> None:
        selector = Selector(resource=resource)
        wanted = Wanted(holder, selector, count, ttl, 0.0, key, whole, resource)
        before = {lease.token for lease in self.running()}
        carried = {proxy_id: self.carried(proxy_id) for proxy_id in self.most}
        grant = self.ask(node, self.nodes[node].leasing.acquire(wanted))
        for handout in grant.handouts if grant else ():
            lease = handout.lease
            if lease.token not in before:
                assert lease.fence > self.fences.get(lease.key, 0)
                self.fences[lease.key] = lease.fence
                self.given.append(lease)
                assert carried[lease.proxy_id] < self.capacity(lease.proxy_id), "its exit was full already"
                assert self.carried(lease.proxy_id) <= max(map(self.capacity, self.behind(lease.proxy_id)))

    def behind(self, proxy_id: int) -> list[int]:
        """All whose leases count against the capacity of this one."""
        proxies = self.run(self.store.some(range(1, PROXIES + 1)))
        group = next(proxy.exit_group for proxy in proxies if proxy.id == proxy_id)
        if not self.shared or group is None:
            return [proxy_id]
        return [proxy.id for proxy in proxies if proxy.exit_group == group]

    def carried(self, proxy_id: int) -> int:
        ids = self.behind(proxy_id)
        return sum(lease.proxy_id in ids for lease in self.running())

    @rule(proxy_id=st.integers(1, PROXIES), exit_address=st.sampled_from([None, "192.0.2.1", "192.0.2.1", "192.0.2.2"]))
    def measure(self, proxy_id: int, exit_address: str | None) -> None:
        """Whoever joins an exit brings its leases along, also more than anybody there may carry."""
        details = Details(measured=Measured(exit_address))
        self.run(self.store.amend([proxy_id], lambda proxy: replace(proxy, details=details)))

    def some_lease(self, nth: int) -> Lease | None:
        return self.given[nth % len(self.given)] if self.given else None

    @rule(node=NODES, nth=st.integers(0, 30), rightful=st.booleans())
    def release(self, node: int, nth: int, rightful: bool) -> None:
        if (lease := self.some_lease(nth)) is None:
            return
        alive = lease.token in {one.token for one in self.running()}
        token = Token(lease.pool, lease.slot, lease.fence)
        done = self.ask(node, self.nodes[node].leasing.release(token, lease.holder.principal if rightful else "eve"))
        assert (done is not None) == (alive and rightful), "exactly the holder of a running lease may end it"

    @rule(node=NODES, nth=st.integers(0, 30), ttl=st.sampled_from([5.0, 100.0]))
    def renew(self, node: int, nth: int, ttl: float) -> None:
        if (lease := self.some_lease(nth)) is None:
            return
        alive = lease.token in {one.token for one in self.running()}
        token = Token(lease.pool, lease.slot, lease.fence)
        assert (self.ask(node, self.nodes[node].leasing.renew(token, lease.holder.principal, ttl)) is not None) == alive

    @rule(node=NODES, proxy_id=st.integers(1, PROXIES))
    def sweep(self, node: int, proxy_id: int) -> None:
        self.ask(node, self.nodes[node].leasing.sweep(Sweep(proxy_id=proxy_id)))
        assert proxy_id not in {lease.proxy_id for lease in self.running()}

    @rule(node=NODES, proxy_id=st.integers(1, PROXIES), holder=st.sampled_from(HOLDERS), give=st.booleans())
    def assign(self, node: int, proxy_id: int, holder: Holder, give: bool) -> None:
        order = GiveBack(proxy_id, "site", holder) if give else Take(proxy_id, "site", holder)
        settled: Settled = self.run(self.nodes[node].leasing.committer.ask(order))
        assert settled.answer

    @rule(proxy_id=st.integers(1, PROXIES), capacity=st.integers(1, 4), off=st.booleans())
    def change(self, proxy_id: int, capacity: int, off: bool) -> None:
        (proxy,) = self.run(self.store.some([proxy_id]))
        status = Status.DISABLED if off else Status.ACTIVE
        changed = type(proxy)(
            proxy.scheme,
            proxy.host,
            proxy.port,
            id=proxy_id,
            capacity=capacity,
            status=status,
            labels=proxy.labels,
            details=proxy.details,
        )
        self.run(self.store.change([changed]))
        self.most[proxy_id] = max(capacity, sum(lease.pool == proxy_id for lease in self.running()))

    @rule(seconds=st.sampled_from([0.3, 3.0, 30.0, 90.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for node in self.nodes:
            node.leasing.tick()

    @rule(node=NODES, lost=st.booleans())
    def look(self, node: int, lost: bool) -> None:
        follower, leasing = self.nodes[node].follower, self.nodes[node].leasing
        leasing.committer.lost = lost
        self.run(follower.look())
        leasing.tick()
        now = self.clock()
        standing = self.run(self.store.standing())
        believed = {(lease.token, lease.expires, lease.holder) for lease in leasing.table.leases(now)}
        assert believed == {(lease.token, lease.expires, lease.holder) for lease in standing.leases}
        holds = {(hold.pair, hold.kind, hold.holder) for hold in leasing.table.holds(now)}
        assert holds == {(hold.pair, hold.kind, hold.holder) for hold in standing.holds}
        # A node's memory may end a lease a quarter of a second late, never early.
        late = [lease for lease in leasing.table._leases.values() if now - 0.25 <= lease.expires <= now]
        for proxy_id in leasing.fleet:
            counted = [lease for lease in (*standing.leases, *late) if lease.pool == proxy_id]
            assert leasing.fleet.leases(proxy_id) == len(counted)

    @invariant()
    def nothing_is_given_twice(self) -> None:
        if not hasattr(self, "store"):
            return
        standing = self.run(self.store.standing())
        for proxy_id, most in self.most.items():
            run = sum(lease.pool == proxy_id for lease in standing.leases)
            assert run <= most
            self.most[proxy_id] = max(run, self.capacity(proxy_id))
        pairs = [(lease.proxy_id, lease.resource) for lease in standing.leases if lease.resource]
        pairs += [hold.pair[:2] for hold in standing.holds if hold.kind is Held.ASSIGNMENT]
        assert len(pairs) == len(set(pairs))

    def capacity(self, proxy_id: int) -> int:
        return int(self.run(self.store.some([proxy_id]))[0].slots)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()


def test_two_nodes_and_a_store() -> None:
    run_state_machine_as_test(LeaseMachine, settings=PROFILE)
