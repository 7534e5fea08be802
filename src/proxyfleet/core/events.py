"""Facts: what happened to which proxy, source or job, when and why. Frozen, serialisable, never a secret.

The core reports those of its proxies, services those of their work; stores, metrics, logs and faces are readers of one
stream. Nothing here acts.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Happened(StrEnum):
    """The kinds of event; the value is the stable name that faces show. The first part is the core's, the rest services'."""

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

    PROXIES_ADDED = "proxies_added"
    PROXIES_REMOVED = "proxies_removed"
    PROXY_EXPIRING = "proxy_expiring"
    PROXIES_RETIRED = "proxies_retired"
    PROXY_RENEWED = "proxy_renewed"
    PROXIES_BOUGHT = "proxies_bought"
    PROXIES_VANISHED = "proxies_vanished"
    PURCHASE_UNCLEAR = "purchase_unclear"
    PURCHASE_FAILED = "purchase_failed"
    BUDGET_REACHED = "budget_reached"
    CAPACITY_LOW = "capacity_low"
    CAPACITY_RECOVERED = "capacity_recovered"
    SOURCE_FAILED = "source_failed"
    SOURCE_RECOVERED = "source_recovered"
    SOURCE_DISABLED = "source_disabled"
    JOB_FAILED = "job_failed"
    JOB_STALLED = "job_stalled"
    JOB_RECOVERED = "job_recovered"


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is UTC epoch seconds; `proxy_id` 0 where no single proxy is meant; `reason` is one readable line.

    `subject` names what else is meant (a source, a job, a provider, the address of a proxy that is gone), `count` how
    many proxies.
    """

    what: Happened
    at: float
    proxy_id: int = 0
    target: str | None = None
    reason: str = ""
    until: float = 0.0
    subject: str = ""
    count: int = 1


class Recorded(NamedTuple):
    """An event as it is kept: later ones have greater numbers."""

    number: int
    event: Event
