"""An account at a provider as the services see it, what can go wrong with it, and how its list is read whole.

Providers raise errors of their own; from here on they are lines for people with a stable code. Spends nothing.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from proxyfleet.core.errors import FleetError
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Budget, Item, Money
from proxyfleet.core.spending import month_of
from proxyfleet.ports.buying import Ability, Away, Provider, ProviderError, Refused


class BuyingFailed(FleetError):
    """Why nothing was bought, listed or settled; `code` is stable, `tag` names the purchase where one was written down."""

    def __init__(self, code: str, message: str, tag: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Account:
    """`limit` is what a calendar month (UTC) may cost; without one nothing is bought."""

    provider: Provider
    limit: Money | None = None

    @property
    def name(self) -> str:
        """The name it has in the settings."""
        return self.provider.name

    def budget(self, now: float) -> Budget:
        """Of the month that this instant lies in. Raises `BuyingFailed` when there is none."""
        if self.limit is None:
            remedy = f'set one: budget = "50 USD" in [providers.{self.name}]'
            raise BuyingFailed("no_budget", f"nothing is bought from {self.name} without a budget; {remedy}")
        return Budget(self.limit, *month_of(now))

    def need(self, ability: Ability) -> None:
        """Raises `BuyingFailed` when the provider cannot do that."""
        if ability not in self.provider.abilities:
            raise BuyingFailed("not_offered", f"{self.name} does not offer to {ability} by its API; do it on its site")


class Listed(NamedTuple):
    """The whole list of an account; what it shows was true at `at` or later."""

    items: tuple[Item, ...]
    at: float


@asynccontextmanager
async def told_apart(account: Account) -> AsyncIterator[None]:
    """Calls that cost nothing: what the provider raises becomes a line with its name."""
    try:
        yield
    except Refused as error:
        raise BuyingFailed(error.code, f"{account.name}: {error}") from error
    except Away as error:
        raise BuyingFailed("away", f"{account.name}: {error}") from error
    except ProviderError as error:
        raise BuyingFailed("unclear", f"{account.name}: {error}") from error


async def listed(account: Account, now: float) -> Listed:
    """Every page; a list that cannot be read whole is none. Raises `BuyingFailed`."""
    account.need("list")
    async with told_apart(account):
        items = [item async for page in account.provider.items() for item in page]
    return Listed(tuple(items), now)


def owned(account: Account, items: Iterable[Item], each: Money | None = None) -> list[Proxy]:
    """The proxies as the inventory is to know them: of this provider, and with what one costs a month where that is known."""
    return [_labelled(account.name, item.proxy, each) for item in items]


def _labelled(name: str, proxy: Proxy, each: Money | None) -> Proxy:
    labels = replace(proxy.labels, provider=name)
    if each is not None and labels.cost_per_month is None:
        cost = each.amount.quantize(Decimal("0.0001"))
        labels = replace(labels, cost_per_month=cost, currency=each.currency)
    return replace(proxy, labels=labels)


def monthly(price: Money, count: int, days: int) -> Money:
    """What one of them costs in thirty days."""
    return price._replace(amount=price.amount * 30 / (max(count, 1) * max(days, 1)))
