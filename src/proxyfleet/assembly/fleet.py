"""`Fleet`: a whole fleet inside a program, on any store, together with all other nodes of that store (SPEC E, H3).

The public face of an embedded node. It opens the store and closes it again; it listens nowhere.
"""

import secrets
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType

from proxyfleet.clock import monotonic_clock, wall_clock
from proxyfleet.core.lease import Hold, Holder, Lease, Token
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.selector import Selector
from proxyfleet.ports import Store
from proxyfleet.services import read_models
from proxyfleet.services.assigning import Assigning, Failed
from proxyfleet.services.leasing import LEASE_TTL, Handout, Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.settings import load
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.schema import Settings
from proxyfleet.wire.lease_pass import lease_password, lease_user

from .embedded import EmbeddedNode
from .leased import LeaseContext, LeasedProxy
from .opening import Missing, opened

LOCAL = "local"
"""The principal of whoever may open the store's file."""


class Fleet:
    """`async with Fleet.open("sqlite:///fleet.db") as fleet:`, or `fleet = await Fleet.open(...)` and `await fleet.close()`.

    Proxies are named by keywords of selectors: `country="DE", tag=["premium"], min_score=0.5`. Methods raise
    `ClaimRefused`, whose `code` is stable and whose text is one line with the remedy, and the errors of the store.
    """

    def __init__(self, settings: Settings, node: EmbeddedNode, stack: AsyncExitStack, store: Store) -> None:
        self.store = store
        self._settings = settings
        self._node = node
        self._stack = stack
        self._lease_key = store.lease_key()
        self._assigning = Assigning(node.leasing, wall_clock, lambda: secrets.token_hex(6))

    @classmethod
    def open(
        cls, store: str | None = None, *, settings: Settings | None = None, missing: Missing = "make"
    ) -> "Opening":
        """A fleet on that store URL, or on what settings, environment and settings file say.

        `missing="refuse"` raises `NoDatabase` for a database that is not there, which would be made otherwise.
        """
        return Opening(store, settings, missing)

    async def close(self) -> None:
        """Commit what is in flight and let go of the store. Leases of this program run on until they expire or are released."""
        await self._stack.aclose()

    @property
    def leasing(self) -> Leasing:
        """What hands proxies out; for code that needs every option."""
        return self._node.leasing

    @property
    def assigning(self) -> Assigning:
        """Assignments and reservations, with every option."""
        return self._assigning

    async def follow(self) -> None:
        """Take over what others, or this program through `store`, have just changed; otherwise within a second."""
        await self._node.follower.look()

    # leases -------------------------------------------------------------------------------------------------------

    def lease(
        self,
        *,
        ttl: float = LEASE_TTL,
        wait: float = 0.0,
        label: str = "",
        strategy: str | None = None,
        target: str | None = None,
        record: bool = True,
        **selector: object,
    ) -> LeaseContext:
        """`async with fleet.lease(country="US") as proxy:` a slot of one proxy, renewed while the body runs.

        `wait` seconds it stands in line for a free slot. `record` False: an exception
        in the body teaches nothing about the proxy.
        """
        wanted = Wanted(
            Holder(LOCAL, label), Selector.of(**selector), ttl=ttl, wait=wait, strategy=strategy, target=target
        )
        learn = wall_clock if record else None
        return LeaseContext(self.leasing, wanted, monotonic_clock, self.leased, learn=learn)

    async def acquire(
        self,
        count: int = 1,
        *,
        ttl: float = LEASE_TTL,
        wait: float = 0.0,
        label: str = "",
        key: str | None = None,
        all_or_nothing: bool = False,
        **selector: object,
    ) -> list[LeasedProxy]:
        """Up to `count` leases that nobody renews but you; fewer when there are no more. None at all raises `ClaimRefused`."""
        wanted = Wanted(Holder(LOCAL, label), Selector.of(**selector), count, ttl, wait, key, all_or_nothing)
        grant = await self.leasing.acquire(wanted)
        if not grant.handouts:
            raise grant.refusal or ClaimRefused("none_eligible")
        return [self.leased(handout) for handout in grant.handouts]

    async def renew(self, proxy: LeasedProxy, ttl: float = LEASE_TTL) -> LeasedProxy:
        """At least `ttl` seconds more from now."""
        lease = proxy.lease
        token = Token(lease.pool, lease.slot, lease.fence)
        proxy.handout = await self.leasing.renew(token, lease.holder.principal, ttl)
        return proxy

    async def release(self, proxy: LeasedProxy) -> None:
        """Free the slot at once."""
        lease = proxy.lease
        await self.leasing.release(Token(lease.pool, lease.slot, lease.fence), lease.holder.principal)

    def leased(self, handout: Handout) -> LeasedProxy:
        """A lease with everything that is needed to use it."""
        return LeasedProxy(self._node.fleet.get(handout.lease.proxy_id), handout, self.gateway_url)

    def gateway_url(self, lease: Lease) -> str:
        """How to use a lease through the gateway of these settings."""
        password = lease_password(self._lease_key, lease.token)
        return f"http://{lease_user(lease.token)}:{password}@{address_text(reachable(self._settings.gateway.listen))}"

    def record(self, proxy: LeasedProxy, outcome: Outcome) -> None:
        """What one attempt through the proxy taught."""
        self._node.fleet.record(proxy.proxy.id, outcome, wall_clock())

    # reservations and assignments, by the names of the older service ------------------------------------------------

    async def reserve_proxies(self, ids: Sequence[int], resource: str, user: str) -> list[int]:
        """Hold these proxies for the resource for five minutes; the ids that could be reserved."""
        grant = await self._assigning.reserve(Holder(LOCAL, user), resource, proxies=ids)
        return [handout.lease.proxy_id for handout in grant.handouts]

    async def take_proxies_batch(
        self, ids: Sequence[int], resource: str, user: str
    ) -> tuple[list[Proxy], list[Failed]]:
        """Assign these proxies for good: (taken, failed with reasons)."""
        batch = await self._assigning.take(Holder(LOCAL, user), resource, ids)
        return [self._node.fleet.get(hold.proxy_id) for hold in batch.done], batch.failed

    async def try_take_proxy(self, proxy_id: int, resource: str, user: str) -> Proxy | None:
        """The proxy, or None when it cannot be taken."""
        taken, _ = await self.take_proxies_batch([proxy_id], resource, user)
        return taken[0] if taken else None

    async def give_back(self, ids: Sequence[int], resource: str, user: str) -> list[Failed]:
        """End assignments; those that could not be ended, with reasons."""
        return (await self._assigning.give_back(Holder(LOCAL, user), resource, ids)).failed

    def get_available_proxies(self, resource: str | None = None) -> list[Proxy]:
        """What could be handed out now for the resource, most days left first."""
        return self._assigning.available(resource)

    async def cancel_all_reservations(self, user: str) -> int:
        """End every reservation of a user; how many there were."""
        return await self._assigning.cancel(Holder(LOCAL, user))

    def assignments(self, resource: str | None = None) -> list[Hold]:
        """Who has what for good, since when."""
        return self._assigning.assignments(resource)

    def matching(self, selector: Selector) -> list[int]:
        """Ids of the proxies that a selector names, most days left first, whether or not they may be used now."""
        return read_models.in_listing_order(
            self._node.fleet, read_models.matching(self._node.fleet, selector, wall_clock())
        )

    def get_stats(self) -> dict[str, object]:
        """The fleet in numbers: the names of SPEC E8, and the core's report."""
        return read_models.stats(self._node.fleet, wall_clock()) | read_models.claims(self.leasing.table, wall_clock())


class Opening:
    """What `Fleet.open` gives: await it, or enter it."""

    def __init__(self, store: str | None, settings: Settings | None, missing: Missing) -> None:
        self._missing: Missing = missing
        self._store = store
        self._settings = settings
        self._fleet: Fleet | None = None

    def __await__(self) -> Generator[object, None, Fleet]:
        return self._open().__await__()

    async def _open(self) -> Fleet:
        settings = self._settings or load(flags={"store": ("open()", self._store)} if self._store else {}).settings
        if self._settings is not None and self._store is not None:
            settings = replace(settings, store=self._store)
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(opened(settings, missing=self._missing))
            node = EmbeddedNode(found, settings.rules)
            await node.start()
            stack.push_async_callback(node.stop)
            node.run()
            return Fleet(settings, node, stack.pop_all(), found.store)
        raise AssertionError("an exit stack swallows nothing")

    async def __aenter__(self) -> Fleet:
        self._fleet = await self._open()
        return self._fleet

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fleet is not None:
            await self._fleet.close()


def reachable(address: Address) -> Address:
    """Where this machine finds a server that listens everywhere."""
    return {"0.0.0.0": ("127.0.0.1", address[1]), "::": ("::1", address[1])}.get(address[0], address)  # noqa: S104
