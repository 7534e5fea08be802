"""What it means to buy proxies: records of what is wanted, what it costs, and what came of it. Nothing is bought here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from proxyfleet.core.proxy import Proxy

Verb = Literal["buy", "prolong", "replace"]


class Money(NamedTuple):
    """An exact amount of one currency (ISO 4217, upper case); amounts of two currencies are never added."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be bought: `count` proxies for `days` days, in `country` (ISO 3166 alpha-2, "" for any).

    `terms` are words of the provider's own (a version, a section, a protocol); a provider names those it knows.
    """

    count: int
    days: int
    country: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One proxy as the provider lists it. `remote_id` may change with each prolongation; the proxy's identity does not.

    `note` is what the provider keeps for us: where it can, the tag of the purchase. `order` is the order it came with, as
    in `Placed.order`, where the list tells. The proxy carries the expiry.
    """

    remote_id: str
    proxy: Proxy
    note: str = ""
    order: str = ""


class Quote(NamedTuple):
    """What a wish or a prolongation costs now, in all; `note` says what else the provider said."""

    price: Money
    note: str = ""


class Placed(NamedTuple):
    """The provider's own answer to an order: it took it. `items` as far as they came with it; `price` as far as it was told."""

    order: str
    price: Money | None = None
    items: tuple[Item, ...] = ()


class PurchaseState(StrEnum):
    """How a purchase stands. Money counts as spent in every one of them but `refused` and `void`.

    `intended`: written down before the provider is called; found again after a crash it is as good as `unclear`.
    `unclear`: the answer was lost; only the provider's list can tell. `placed`: taken, not all delivered yet.
    `done`: its proxies are in the inventory. `refused`: the provider said no. `void`: the list showed that nothing came of it.
    """

    INTENDED = "intended"
    UNCLEAR = "unclear"
    PLACED = "placed"
    DONE = "done"
    REFUSED = "refused"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order that costs money, from its intent on. `tag` is unique, given to the provider wherever it can keep one.

    `at` and `settled` are UTC epoch seconds. `expiries` are the proxies that are prolonged or replaced: identity as text
    to the expiry it had before, by which a lost answer is settled. `cause` says who or which rule wanted it.
    """

    tag: str
    provider: str
    verb: Verb
    wish: Wish
    price: Money
    at: float
    cause: str = ""
    expiries: Mapping[str, float | None] = field(default_factory=dict)
    state: PurchaseState = PurchaseState.INTENDED
    order: str = ""
    because: str = ""
    settled: float | None = None


class Budget(NamedTuple):
    """At most so much money between the instants `since` and `until` (UTC epoch seconds) from one provider."""

    limit: Money
    since: float
    until: float
