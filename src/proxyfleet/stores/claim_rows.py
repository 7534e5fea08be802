"""The only mapping between rows of claims and their values; every store with tables uses it. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from proxyfleet.core.lease import Held, Hold, Holder, Lease
from proxyfleet.core.orders import as_list, hold_of, lease_of
from proxyfleet.core.proxy import DEFAULT_CAPACITY, ROTATING_CAPACITY, Kind, Status
from proxyfleet.stores.deciding import Terms

Row = tuple[Any, ...]
"""Any: a row holds columns of several types, which the tables guarantee."""
MOST_IDS = 10_000
"""Changed proxies that one row of a feed names; of more it only says that there were many."""


def terms_of(row: Row) -> Terms:
    """What capacity, kind, expires_at, status and measured exit of `proxies` mean."""
    capacity, kind, expires_at, status, measured_exit = row
    rotating = kind == Kind.ROTATING
    usual = ROTATING_CAPACITY if rotating else DEFAULT_CAPACITY
    until = float("inf") if expires_at is None else expires_at
    exit_address = None if rotating else measured_exit
    return Terms(usual if capacity is None else capacity, until, status == Status.DISABLED, rotating, exit_address)


def lease_from(row: Row) -> Lease:
    """The lease of a row of `leases`."""
    return Lease(row[0], row[1], row[2], row[3], Holder(row[4], row[5]), row[6], row[7], row[8], row[9])


def hold_from(row: Row) -> Hold:
    """The hold of a row of `holds`."""
    return Hold(row[0], row[1], row[2], Held(row[3]), Holder(row[4], row[5]), row[6], row[7], row[8], row[9])


def news_text(rows: Iterable[Lease | Hold]) -> str:
    """What one batch has changed, as a row of a feed holds it."""
    return json.dumps([as_list(row) for row in rows], ensure_ascii=False)


def news_from(text: str) -> list[Lease | Hold]:
    """What `news_text` was given. Rows of leases begin with four numbers, those of holds have a name in second place."""
    return [hold_of(row) if isinstance(row[1], str) else lease_of(row) for row in json.loads(text)]


def ids_text(ids: Iterable[int]) -> str:
    """Changed proxies as a row of a feed holds them; empty when there were none."""
    told = sorted(set(ids))
    return "" if not told else json.dumps(told) if len(told) <= MOST_IDS else "null"


def ids_from(texts: Iterable[str]) -> frozenset[int] | None:
    """All that `ids_text` was given; None when one of them said only that there were many."""
    batches = [json.loads(text) for text in texts]
    return None if None in batches else frozenset(proxy_id for batch in batches for proxy_id in batch)
