"""A store under test with a clock that is moved by hand, and short words for what is asked of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from proxyfleet.core.lease import Holder, Lease, Token
from proxyfleet.core.orders import (
    Answer,
    Candidate,
    Claim,
    GiveBack,
    Granted,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Take,
    Taken,
)
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, Scheme
from proxyfleet.ports import Claims, Inventory

ANN, BOB = Holder("ann", "a"), Holder("bob")
NODE = "n1"


@dataclass
class World:
    """`inventory` and `claims` may be one store; `advance` moves the clock that decides about claims."""

    inventory: Inventory
    claims: Claims
    advance: Callable[[float], None]

    async def proxies(self, count: int, **fields: object) -> list[Proxy]:
        """That many proxies of capacity 2 (or what `fields` say), stored."""
        kind = fields.pop("kind", Kind.STATIC)
        wanted = [
            Proxy(Scheme.HTTP, f"h{n}.example", 80, labels=Labels(kind=kind), **{"capacity": 2, **fields})
            for n in range(count)
        ]
        return [stored.proxy for stored in await self.inventory.put(wanted)]

    async def change(self, proxy: Proxy, **fields: object) -> Proxy:
        """Another record for a proxy."""
        after = replace(proxy, **fields)
        await self.inventory.change([after])
        return after

    async def behind(self, exit_address: str, *proxies: Proxy) -> list[Proxy]:
        """They are measured to leave there."""
        details = Details(measured=Measured(exit_address))
        return [await self.change(proxy, details=details) for proxy in proxies]

    async def ask(self, *orders: Order, node: str = NODE) -> list[Answer]:
        """One batch."""
        return (await self.claims.decide(orders, node)).answers

    async def claim(self, candidates: Sequence[Candidate], holder: Holder = ANN, **fields: object) -> Granted:
        """One claim alone; it must not be refused."""
        (answer,) = await self.ask(Claim(holder, tuple(candidates), **{"ttl": 60.0, **fields}))
        assert isinstance(answer, Granted), answer
        return answer

    async def lease(self, proxy: Proxy, slot: int = 0, holder: Holder = ANN, **fields: object) -> Lease:
        """A lease that is expected to be granted."""
        granted = await self.claim([at(proxy, slot)], holder, **fields)
        assert len(granted.leases) == 1, granted
        return granted.leases[0]

    async def renew(self, lease: Lease, ttl: float = 60.0, principal: str | None = None) -> Lease | Refused:
        """Renew; the lease as it stands, or why not."""
        (answer,) = await self.ask(Renew(token(lease), principal or lease.holder.principal, ttl))
        return answer.lease if isinstance(answer, Renewed) else refused(answer)

    async def release(self, lease: Lease, principal: str | None = "") -> Lease | Refused:
        """Release; the lease as it ended, or why not."""
        (answer,) = await self.ask(Release(token(lease), lease.holder.principal if principal == "" else principal))
        return answer.lease if isinstance(answer, Renewed) else refused(answer)

    async def sweep(self, **fields: object) -> set[str]:
        """Tokens of what a sweep has ended."""
        (answer,) = await self.ask(Sweep(**fields))
        assert isinstance(answer, Swept)
        return {lease.token for lease in answer.leases}

    async def reassign(self, lease: Lease, holder: Holder) -> Lease | Refused:
        """Another holder."""
        (answer,) = await self.ask(Reassign(token(lease), holder))
        return answer.lease if isinstance(answer, Renewed) else refused(answer)

    async def take(
        self, proxy: Proxy, resource: str = "site", holder: Holder = ANN, session: str = ""
    ) -> Taken | Refused:
        """Take one pair."""
        (answer,) = await self.ask(Take(proxy.id, resource, holder, session))
        assert isinstance(answer, Taken | Refused)
        return answer

    async def give_back(
        self, proxy: Proxy, resource: str = "site", holder: Holder = ANN, **fields: object
    ) -> Taken | Refused:
        """Give one pair back."""
        (answer,) = await self.ask(GiveBack(proxy.id, resource, holder, **fields))
        assert isinstance(answer, Taken | Refused)
        return answer

    async def running(self) -> set[str]:
        """Tokens of all running leases."""
        return {lease.token for lease in (await self.claims.standing()).leases}


def at(proxy: Proxy, slot: int = 0, pool: int | None = None) -> Candidate:
    """A slot of the proxy as a node that knows its record believes it to be."""
    until = float("inf") if proxy.expires_at is None else proxy.expires_at
    rotating = proxy.labels.kind is Kind.ROTATING
    return Candidate(proxy.id if pool is None else pool, slot, proxy.id, proxy.slots, until, rotating)


def token(lease: Lease) -> Token:
    """How the holder names it."""
    return Token(lease.pool, lease.slot, lease.fence)


def refused(answer: Answer) -> Refused:
    """The answer, which must be a refusal."""
    assert isinstance(answer, Refused), answer
    return answer


def codes(granted: Granted) -> list[str]:
    """Why candidates were not granted."""
    return [obstacle.code for obstacle in granted.obstacles]
