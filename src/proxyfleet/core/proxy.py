"""What a proxy is (SPEC A1): the frozen record that people see. It holds no health and no leases, and checks its own fields.

Identity is (family, host, port, username); the `id` is a number that an inventory gives it. Labels are the fields that
many proxies share and that selectors filter by; they are one interned object so that a million proxies cost little.
"""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from math import floor
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
        return self.value.removesuffix("a").removesuffix("h")


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

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


class Endpoint(NamedTuple):
    """What a dialer needs of a proxy."""

    scheme: Scheme
    host: str
    port: int
    username: str | None
    password: Secret | None


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


@dataclass(frozen=True, slots=True)
class Details:
    """The rare fields of a proxy, kept only where one of them is set."""

    max_connections: int | None = None
    min_interval: float = 0.0
    target_capacity: int | None = None
    refresh_url: Secret | None = None
    notes: str = ""
    exit_address: str | None = None
    protocols: tuple[str, ...] = ()


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
        return (self.scheme.family, self.host, self.port, self.username)

    @property
    def endpoint(self) -> Endpoint:
        """What a dialer needs."""
        return Endpoint(self.scheme, self.host, self.port, self.username, self.password)

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


LABEL_FIELDS = tuple(f.name for f in fields(Labels))


def by_days_left(proxy: Proxy) -> float:
    """Sort key that lists most days left first and proxies without expiry last (SPEC A5, rule 15)."""
    return float("inf") if proxy.expires_at is None else -proxy.expires_at
