"""What a proxy is (SPEC A1): the frozen record that people see. It holds no health and no leases, and checks its own fields.

Identity is (family, host, port, username); the `id` is a number that an inventory gives it. Labels are the fields that
many proxies share and that selectors filter by; they are one interned object so that a million proxies cost little.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from math import floor
from operator import attrgetter
from typing import NamedTuple

from proxyfleet.core.errors import BadProxy

DEFAULT_CAPACITY = 5
ROTATING_CAPACITY = 1000
MAX_CAPACITY = 1_000_000
DAY = 86_400.0
DEAREST = 10**9


class Scheme(StrEnum):
    """How to speak to a proxy; `https` is TLS to the proxy, `socks5h` and `socks4a` resolve names at the proxy."""

    HTTP = "http"
    HTTPS = "https"
    SOCKS4 = "socks4"
    SOCKS4A = "socks4a"
    SOCKS5 = "socks5"
    SOCKS5H = "socks5h"

    @property
    def family(self) -> str:
        """http, https, socks4 or socks5: the part of the scheme that belongs to the identity."""
        return FAMILIES[self]


FAMILIES = {scheme: scheme.value.removesuffix("a").removesuffix("h") for scheme in Scheme}


class Kind(StrEnum):
    """`static`: one exit address. `rotating`: a provider's gateway whose exit changes."""

    STATIC = "static"
    ROTATING = "rotating"


class ProxyType(StrEnum):
    """Where the exit address lives."""

    DATACENTER = "datacenter"
    RESIDENTIAL = "residential"
    MOBILE = "mobile"
    ISP = "isp"


class Status(StrEnum):
    """pending: not proven yet; active: proven; failed: checked and found dead; disabled: switched off by a person."""

    PENDING = "pending"
    ACTIVE = "active"
    FAILED = "failed"
    DISABLED = "disabled"


class Secret:
    """A string that never shows itself: `repr` and `str` print stars, only `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for building credentials, never for logs."""
        return self._text

    def mark(self) -> int:
        """Tells whether what is kept is still the same: while it has the same mark. Never needs to reveal the text."""
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))


@dataclass(frozen=True, slots=True)
class Labels:
    """The fields that proxies share: what selectors filter by and postings are made of. Hashable, so equal ones are one object."""

    kind: Kind = Kind.STATIC
    type: ProxyType = ProxyType.DATACENTER
    country: str | None = None
    region: str | None = None
    city: str | None = None
    asn: int | None = None
    tags: frozenset[str] = frozenset()
    provider: str | None = None
    source: str | None = None
    anonymity: str | None = None
    cost_per_month: Decimal | None = None
    cost_per_gb: Decimal | None = None
    currency: str | None = None
    measured_country: str | None = None
    measured_anonymity: str | None = None

    def __post_init__(self) -> None:
        for tag in self.tags:
            if not tag or '"' in tag:
                raise BadProxy(f"tag {tag!r} is impossible; use any text without quotation marks")
        for name in ("cost_per_month", "cost_per_gb"):
            cost = getattr(self, name)
            if cost is not None and not (cost.is_finite() and 0 <= cost < DEAREST and cost.as_tuple().exponent >= -9):
                raise BadProxy(f"{name} = {cost:.6g} is impossible; use 0 up to {DEAREST} with at most nine decimals")

    @property
    def place(self) -> str | None:
        """The country that counts: the measured one where there is one, else the claimed one."""
        return self.measured_country or self.country


class Endpoint(NamedTuple):
    """What a dialer needs of a proxy; of a rotating one also its labels, because its credentials may say where the exit is."""

    scheme: Scheme
    host: str
    port: int
    username: str | None
    password: Secret | None
    rotating: Labels | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What checks have found of a proxy beside its labels, whatever anybody claims. None and empty: not known.

    `protocols` are ways that really worked, `tls` whether TLS came through untouched, `names` whether the proxy resolves
    names by itself. `sites` are (host, answer) pairs. `rotated_at`: when its exit was last asked to change.
    """

    exit_address: str | None = None
    asn: int | None = None
    network: str = ""
    protocols: tuple[str, ...] = ()
    tls: bool | None = None
    names: bool | None = None
    sites: tuple[tuple[str, str], ...] = ()
    rotated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Details:
    """The rare fields of a proxy, kept only where one of them is set. `exit_address` and `protocols` are claims."""

    max_connections: int | None = None
    min_interval: float = 0.0
    target_capacity: int | None = None
    refresh_url: Secret | None = None
    notes: str = ""
    exit_address: str | None = None
    protocols: tuple[str, ...] = ()
    measured: Measured | None = None

    @property
    def polite(self) -> bool:
        """Whether they hold the proxy back from some uses that its capacity would allow."""
        return bool(self.max_connections or self.min_interval or self.target_capacity)

    @property
    def exit(self) -> str | None:
        """The exit address that counts: the measured one where there is one, else the claimed one."""
        return (self.measured and self.measured.exit_address) or self.exit_address


@dataclass(frozen=True, slots=True)
class Proxy:
    """One endpoint that forwards traffic. `expires_at` is UTC epoch seconds, `min_interval` seconds, costs are decimals.

    Raises `BadProxy` with field, value and range when a field is impossible. `capacity=None` means the default of its
    kind: 5, or 1000 for a rotating endpoint. `require_check` keeps a pending proxy out of picks until it has been proven.
    """

    scheme: Scheme
    host: str
    port: int
    username: str | None = None
    password: Secret | None = None
    id: int = 0
    capacity: int | None = None
    expires_at: float | None = None
    status: Status = Status.PENDING
    require_check: bool = False
    labels: Labels = field(default_factory=Labels)
    details: Details | None = None

    def __post_init__(self) -> None:
        if not self.host:
            raise BadProxy("host is empty; give a host name or an address")
        if not 0 < self.port < 65536:
            raise BadProxy(f"port {self.port} is out of range; use 1 to 65535")
        if self.capacity is not None and not 0 < self.capacity <= MAX_CAPACITY:
            raise BadProxy(f"capacity {self.capacity} is impossible; use 1 to {MAX_CAPACITY}, or disable the proxy")

    @property
    def slots(self) -> int:
        """How many living leases the proxy may carry: its capacity, or the default of its kind."""
        if self.capacity is not None:
            return self.capacity
        return ROTATING_CAPACITY if self.labels.kind is Kind.ROTATING else DEFAULT_CAPACITY

    @property
    def identity(self) -> tuple[str, str, int, str | None]:
        """What makes two records the same proxy: family, host, port, username."""
        return (FAMILIES[self.scheme], self.host, self.port, self.username)

    @property
    def exit_group(self) -> str | None:
        """The measured exit address of one that has a single one: those with the same look like one to every site."""
        measured = self.details.measured if self.details else None
        return measured.exit_address if measured and self.labels.kind is Kind.STATIC else None

    @property
    def endpoint(self) -> Endpoint:
        """What a dialer needs."""
        rotating = self.labels if self.labels.kind is Kind.ROTATING else None
        return Endpoint(self.scheme, self.host, self.port, self.username, self.password, rotating)

    @property
    def address(self) -> str:
        """`scheme://host:port` without credentials, safe to show."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme.value}://{host}:{self.port}"

    def days_left(self, now: float) -> int | None:
        """Whole days until expiry, floored (negative once expired); None when it never expires (SPEC rule 15)."""
        return None if self.expires_at is None else floor((self.expires_at - now) / DAY)

    def expired(self, now: float) -> bool:
        """True from the instant of expiry on."""
        return self.expires_at is not None and self.expires_at <= now


_SETTERS = {name: vars(Proxy)[name].__set__ for name in Proxy.__slots__}


def checked_proxies(count: int, **columns: Iterable[object]) -> list[Proxy]:
    """That many records, from a column for each field of `Proxy`. For a store whose schema has checked what `Proxy` checks:
    half the cost of making them one by one.
    """
    made = [Proxy.__new__(Proxy) for _ in range(count)]
    for name, set_field in _SETTERS.items():
        deque(map(set_field, made, columns[name]), maxlen=0)
    return made


def with_ids(proxies: Sequence[Proxy], first: int) -> list[Proxy]:
    """The same records with ids from `first` on."""
    columns: dict[str, Iterable[object]] = {
        name: list(map(attrgetter(name), proxies)) for name in Proxy.__slots__ if name != "id"
    }
    return checked_proxies(len(proxies), id=range(first, first + len(proxies)), **columns)


LABEL_FIELDS = tuple(f.name for f in fields(Labels))


def by_days_left(proxy: Proxy) -> float:
    """Sort key that lists most days left first and proxies without expiry last (SPEC A5, rule 15)."""
    return float("inf") if proxy.expires_at is None else -proxy.expires_at
