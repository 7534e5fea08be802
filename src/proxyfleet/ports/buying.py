"""What buying needs from the world, as Protocols: a provider that sells, and a book in which every intent is written first."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Literal, Protocol

from proxyfleet.core.purchase import Budget, Item, Money, Placed, Purchase, PurchaseState, Quote, Wish

Ability = Literal["list", "quote", "buy", "prolong", "replace", "balance"]


class ProviderError(Exception):
    """One line with cause and remedy, never a key or an address that holds one."""


class Refused(ProviderError):
    """The provider said no, so nothing was spent; `code` is stable (`no_money`, `no_stock`, `bad_key`, `bad_terms`, …)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Away(ProviderError):
    """It certainly was not asked, or was asked something that costs nothing; try again, perhaps after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unclear(ProviderError):
    """An order was sent and its answer was lost or cannot be read: it may have been taken. Never ask again, list."""


class Provider(Protocol):
    """One account at one provider. Calls that cost nothing may repeat themselves; `buy`, `prolong`, `replace` make one attempt.

    Every method may raise `Refused` or `Away`; the three that cost money raise `Unclear` as well.
    """

    @property
    def name(self) -> str:
        """The name the account has in the settings."""
        ...

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do; asking for anything else is `Refused` with code `not_offered`."""
        ...

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies of the account, in pages; a page that cannot be read raises, it is never left out."""
        ...

    async def balance(self) -> Money:
        """What is on the account."""
        ...

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """What it would cost now: to buy that, or with `prolonged` to prolong those by `wish.days`."""
        ...

    async def buy(self, wish: Wish, tag: str) -> Placed:
        """Buy, with the tag where the provider keeps a note."""
        ...

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        """Let them run so many days longer."""
        ...

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:
        """Have other proxies in their place."""
        ...


class PurchaseBook(Protocol):
    """Every purchase, durably; decided by the store, so that two nodes cannot spend one budget twice."""

    async def intend(self, purchase: Purchase, budget: Budget) -> Money | None:
        """Write the intent down, if what the budget's span has cost from this provider so far plus its price stays inside.

        None when it is written; else what is left, and nothing is written. Money in another currency than the budget's
        counts as no money left.
        """
        ...

    async def settle(self, purchase: Purchase, was: Collection[PurchaseState]) -> bool:
        """Replace the purchase with this tag if it stands at one of `was`; False when somebody else has settled it."""
        ...

    async def purchases(
        self, *, provider: str | None = None, states: Collection[PurchaseState] = (), limit: int = 1000
    ) -> list[Purchase]:
        """The latest ones, latest first; without `states` all."""
        ...

    async def spent(self, provider: str, since: float, until: float) -> list[Money]:
        """What the span has cost so far, one sum per currency."""
        ...
