"""Facts that the core reports: what happened to which proxy, when and why. Frozen, serialisable, never a secret.

Stores, metrics, logs and faces are readers of the same list; nothing here acts.
"""

from dataclasses import dataclass
from enum import StrEnum


class Happened(StrEnum):
    """The kinds of event the core knows; the value is the stable name that faces show."""

    PROXY_PROVEN = "proxy_proven"
    PROXY_EXPIRED = "proxy_expired"
    CIRCUIT_OPENED = "circuit_opened"
    EJECTION_SUPPRESSED = "ejection_suppressed"
    CIRCUIT_HALF_OPEN = "circuit_half_open"
    CIRCUIT_CLOSED = "circuit_closed"
    CREDENTIALS_REFUSED = "credentials_refused"
    PAIR_RESTED = "pair_rested"
    TARGET_AT_FAULT = "target_at_fault"
    TARGET_RECOVERED = "target_recovered"
    QUOTA_EXHAUSTED = "quota_exhausted"


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is UTC epoch seconds; `proxy_id` 0 where no single proxy is meant; `reason` is one readable line."""

    what: Happened
    at: float
    proxy_id: int = 0
    target: str | None = None
    reason: str = ""
    until: float = 0.0
