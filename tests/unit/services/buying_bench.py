"""A fleet in memory, one account with 10 USD a month, and everything that was told: for the tests of buying."""

from decimal import Decimal

from tests.seller import Seller

from proxyfleet.core.events import Event, Happened
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Money, Purchase, PurchaseState
from proxyfleet.lab.clock import HandClock
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.services.accounts import Account, Listed, listed
from proxyfleet.services.buying import Buying
from proxyfleet.services.reconciling import Reconciling
from proxyfleet.services.syncing import Syncing
from proxyfleet.stores.memory import MemoryStore

TEN = Money(Decimal(10), "USD")


class Bench:
    """`seller` options go to the stand-in."""

    def __init__(self, limit: Money | None = TEN, *, notes: bool = True) -> None:
        self.clock = HandClock(1_800_000_000.0)
        self.store = MemoryStore(self.clock)
        self.seller = Seller(self.clock, notes=notes)
        self.events: list[Event] = []
        self.buying = self.another(limit)
        self.reconciling = Reconciling(self.buying)
        self.syncing = Syncing(self.buying.account, self.store, self.store, self.holdings, self.events.append)

    def another(self, limit: Money | None, book: PurchaseBook | None = None) -> Buying:
        """The account with another budget, or another node's view of the book."""
        account = Account(self.seller, limit)
        return Buying(account, book or self.store.purchase_book, self.store, self.clock, self.events.append)

    async def listed(self) -> Listed:
        """The account's list now."""
        return await listed(self.buying.account, self.clock())

    async def settle(self, after: float = 0.0) -> list[Purchase]:
        """What the list settles so many seconds later."""
        self.clock.advance(after)
        return await self.reconciling.settle_by(await self.listed())

    async def purchases(self) -> list[Purchase]:
        """The whole book, latest first."""
        return await self.store.purchase_book.purchases()

    async def states(self) -> list[PurchaseState]:
        """Of the whole book."""
        return [one.state for one in await self.purchases()]

    async def proxies(self) -> list[Proxy]:
        """The whole fleet."""
        return [one async for page in self.store.proxies() for one in page]

    async def holdings(self, name: str) -> list[Proxy]:
        """What the fleet has of that provider."""
        return [one for one in await self.proxies() if one.labels.provider == name]

    async def hosts(self) -> list[str]:
        """Of the whole fleet."""
        return [one.host for one in await self.proxies()]

    @property
    def told(self) -> list[Happened]:
        """The kinds of the events."""
        return [one.what for one in self.events]
