"""What a seller of proxies has behind its API: stock, an account with money, orders, and proxies that expire by a given clock.

Knows no HTTP and no format. A purchase is booked in one step, so that a test can count how often it happened.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count, cycle
from typing import NamedTuple, Protocol

from proxyfleet.clock import Clock

DAY = 86_400.0
CENT = Decimal("0.01")


class Place(NamedTuple):
    """Where a sold proxy is; a scheme of http or socks5."""

    host: str
    port: int
    username: str | None = "user"
    password: str | None = "pass"  # noqa: S105 - of a stand-in
    scheme: str = "http"


class Open(Protocol):
    """A proxy of a lab, as far as a shop reaches."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def scheme(self) -> str: ...


class NoStock(Exception):
    """There are not so many."""


class NoMoney(Exception):
    """The balance does not suffice."""


@dataclass(slots=True)
class Sold:
    """One proxy of the account; listed from `ready_at` on."""

    number: int
    place: Place
    country: str
    sort: str
    order: int
    note: str
    bought: float
    expires: float
    ready_at: float


@dataclass(frozen=True, slots=True)
class Booked:
    """One thing that cost money."""

    number: int
    verb: str
    price: Decimal
    proxies: tuple[int, ...]
    note: str = ""


@dataclass(slots=True)
class Shop:
    """`stock` holds how many there are by country in upper case, or `stock_of_others`. `slow` is seconds until delivery."""

    clock: Clock
    places: Iterable[Place] = ()
    balance: Decimal = Decimal(100)
    currency: str = "USD"
    price: Decimal = Decimal("0.05")
    """Of one proxy for one day."""
    stock: dict[str, int] = field(default_factory=dict)
    stock_of_others: int = 1000
    slow: float = 0.0
    sold: dict[int, Sold] = field(default_factory=dict)
    booked: list[Booked] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(11))
    _orders: Iterator[int] = field(default_factory=lambda: count(12345))
    _places: Iterator[Place] | None = None

    def cost(self, count: int, days: int) -> Decimal:
        """What so many cost for so long."""
        return (self.price * count * days).quantize(CENT)

    def in_stock(self, country: str) -> int:
        """How many there are now."""
        return self.stock.get(country.upper(), self.stock_of_others)

    def buy(self, wanted: int, days: int, country: str, *, note: str = "", sort: str = "") -> Booked:
        """Sell them, as one booking. Raises `NoStock`, `NoMoney`."""
        if wanted > self.in_stock(country):
            raise NoStock
        order, now = next(self._orders), self.clock()
        price = self._paid(self.cost(wanted, days))
        self.stock[country.upper()] = self.in_stock(country) - wanted
        made = [
            Sold(
                next(self._numbers),
                self._place(),
                country.upper(),
                sort,
                order,
                note,
                now,
                now + days * DAY,
                now + self.slow,
            )
            for _ in range(wanted)
        ]
        self.sold.update((one.number, one) for one in made)
        return self._book(Booked(order, "buy", price, tuple(one.number for one in made), note))

    def prolong(self, numbers: Iterable[int], days: int, *, renumber: bool = False) -> Booked:
        """Sell more days; with `renumber` the proxies get new numbers. Raises KeyError for an unknown one, `NoMoney`."""
        wanted = [self.sold[number] for number in numbers]
        price = self._paid(self.cost(len(wanted), days))
        for one in wanted:
            one.expires = max(one.expires, self.clock()) + days * DAY
            if renumber:
                del self.sold[one.number]
                one.number = next(self._numbers)
                self.sold[one.number] = one
        return self._book(Booked(next(self._orders), "prolong", price, tuple(one.number for one in wanted)))

    def replace(self, numbers: Iterable[int]) -> Booked:
        """Other proxies in their place, until the same instant and for nothing. Raises KeyError for an unknown one."""
        gone = [self.sold.pop(number) for number in list(numbers)]
        fresh = [
            Sold(
                next(self._numbers),
                self._place(),
                one.country,
                one.sort,
                one.order,
                one.note,
                self.clock(),
                one.expires,
                0.0,
            )
            for one in gone
        ]
        self.sold.update((one.number, one) for one in fresh)
        return self._book(Booked(next(self._orders), "replace", Decimal(0), tuple(one.number for one in fresh)))

    def listed(self) -> list[Sold]:
        """What has been delivered, expired ones too."""
        return [one for one in self.sold.values() if one.ready_at <= self.clock()]

    def spent(self, verb: str = "buy") -> int:
        """How often that was booked."""
        return sum(one.verb == verb for one in self.booked)

    def _paid(self, price: Decimal) -> Decimal:
        if price > self.balance:
            raise NoMoney
        self.balance -= price
        return price

    def _book(self, booked: Booked) -> Booked:
        self.booked.append(booked)
        return booked

    def _place(self) -> Place:
        if self._places is None:
            given = list(self.places)
            self._places = cycle(given) if given else _somewhere()
        return next(self._places)


def _somewhere() -> Iterator[Place]:
    """Addresses of the network for benchmarks, where nobody is."""
    for number in count(1):
        yield Place(f"198.18.{number >> 8 & 255}.{number & 255}", 8000 + (number >> 16))


def places_of(proxies: Iterable[Open], username: str | None, password: str | None) -> list[Place]:
    """Where the proxies of a lab are that a seller can sell: HTTP and SOCKS5."""
    wanted = [one for one in proxies if one.scheme in ("http", "socks5")]
    return [Place(one.host, one.port, username, password, one.scheme) for one in wanted]
