"""What one attempt taught us, and whose fault it was (SPEC C5, rules 5 and 9). A table and a record, no state.

The table `FAULT` is the rule; `core/health` decides what each fault changes.
"""

from enum import StrEnum
from typing import NamedTuple

LONGEST = 365 * 86_400.0
_made = tuple.__new__
"""Makes a named tuple in a quarter of the time that its own constructor takes."""


class Category(StrEnum):
    """Why an attempt failed."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    PROTOCOL = "protocol"
    BANNED = "banned"
    TARGET = "target"
    CLIENT_ABORT = "client_abort"
    NETWORK = "network"
    UNKNOWN = "unknown"


class Fault(StrEnum):
    """Whom a failure is booked to."""

    PROXY = "proxy"
    PAIR = "pair"
    ACCOUNT = "account"
    CLIENT = "client"
    TARGET = "target"


class Phase(StrEnum):
    """How far the attempt had come: reaching the proxy, talking to it about the tunnel, or beyond it."""

    DIAL = "dial"
    HANDSHAKE = "handshake"
    EXCHANGE = "exchange"


FAULT: dict[Category, Fault] = {
    Category.CONNECT: Fault.PROXY,
    Category.TIMEOUT: Fault.PROXY,
    Category.PROTOCOL: Fault.PROXY,
    Category.AUTHENTICATION: Fault.PROXY,
    Category.NETWORK: Fault.PROXY,
    Category.UNKNOWN: Fault.PROXY,
    Category.RATE_LIMIT: Fault.PAIR,
    Category.BANNED: Fault.PAIR,
    Category.QUOTA: Fault.ACCOUNT,
    Category.CLIENT_ABORT: Fault.CLIENT,
    Category.TARGET: Fault.TARGET,
}


class Outcome(NamedTuple):
    """One attempt through one proxy. Times are seconds.

    `category` is None for a success. `target` is the host the traffic went to, when known, in lower case (`succeeded` and
    `failed` see to it). `parameterised` says that the credentials carried session or geo parameters, so that a 407 may be
    the request's own fault. `retry_after` is what the other side asked for, where it did.
    """

    category: Category | None = None
    response_time: float = 0.0
    target: str | None = None
    phase: Phase | None = None
    parameterised: bool = False
    retry_after: float = 0.0

    @property
    def success(self) -> bool:
        """True when the attempt reached its target and came back."""
        return self.category is None

    @property
    def reached_target(self) -> bool:
        """False when the attempt provably ended before the proxy tried the target, so that it says nothing of the target."""
        return self.phase is not Phase.DIAL and self.category not in (Category.AUTHENTICATION, Category.QUOTA)

    @property
    def at_endpoint(self) -> bool:
        """True when the endpoint itself could not be reached or refused the credentials (SPEC rule 5, rotating kinds)."""
        return self.phase is Phase.DIAL or self.category in (Category.CONNECT, Category.AUTHENTICATION)

    @classmethod
    def succeeded(cls, response_time: float = 0.0, target: str | None = None) -> "Outcome":
        """A success; `response_time` is connecting plus first byte, in seconds. ValueError unless it is 0 to a year."""
        if not 0.0 <= response_time <= LONGEST:
            raise ValueError(f"response_time = {response_time!r} is impossible; give seconds from 0 to {LONGEST:.0f}")
        return _made(cls, (None, 0.0 + response_time, target and target.lower(), None, False, 0.0))

    @classmethod
    def failed(
        cls,
        category: Category | str = Category.UNKNOWN,
        *,
        target: str | None = None,
        phase: Phase | None = None,
        response_time: float = 0.0,
        retry_after: float = 0.0,
        parameterised: bool = False,
    ) -> "Outcome":
        """A failure of `category`; an unknown category name raises ValueError that lists the known ones."""
        try:
            known = Category(category)
        except ValueError:
            names = ", ".join(c.value for c in Category)
            raise ValueError(f"unknown error category {category!r}; use one of: {names}") from None
        return cls(known, response_time, target and target.lower(), phase, parameterised, retry_after)
