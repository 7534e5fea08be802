"""From many rows to many proxies at once, column by column: a fleet of a million starts in seconds. Pure.

The rows are those of `SELECTED`, which spares most of what `records.COLUMNS` holds: labels come as one text that many
rows share, details only where there are some. What a field means is `records`' business.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import MAX_CAPACITY, Details, Labels, Proxy, Secret, checked_proxies
from proxyfleet.stores.records import DETAIL_COLUMNS, LABEL_COLUMNS, SCHEMES, STATUSES, Row, labels_of

SELECTED = (
    "id, uuid, scheme, host, port, username, password, capacity, expires_at, status, require_check, "
    f"json_array({', '.join(LABEL_COLUMNS)}), coalesce({', '.join(DETAIL_COLUMNS)}) IS NOT NULL"
)
Lock = Callable[[Sequence[str], Sequence[bytes]], Sequence[Secret]]
"""(sealed values, uuids) -> secrets that are opened when they are needed."""


def proxies_of(
    rows: Sequence[Row], lock: Lock, details: Callable[[Sequence[int]], Mapping[int, Details]]
) -> list[Proxy]:
    """The proxies of a page. `details` is asked for those of the rows that have some, by id."""
    if not rows:
        return []
    (ids, uuids, schemes, hosts, ports, users, sealed, capacities, expiries, statuses, checks, labels, rare) = zip(
        *rows, strict=True
    )
    if max((one for one in {*capacities} if one is not None), default=1) > MAX_CAPACITY:
        raise BadProxy(f"a stored capacity is impossible; use 1 to {MAX_CAPACITY}")
    found = details([one for one, some in zip(ids, rare, strict=True) if some]) if any(rare) else {}
    return checked_proxies(
        len(rows),
        id=ids,
        scheme=map(SCHEMES.__getitem__, schemes),
        host=hosts,
        port=ports,
        username=users,
        password=_passwords(sealed, uuids, lock),
        capacity=capacities,
        expires_at=expiries,
        status=map(STATUSES.__getitem__, statuses),
        require_check=map(bool, checks),
        labels=map(_labels, labels),
        details=map(found.get, ids),
    )


def _passwords(sealed: Sequence[str | None], uuids: Sequence[bytes], lock: Lock) -> Sequence[Secret | None]:
    values = [value for value in sealed if value is not None]
    if not values:
        return [None] * len(sealed)
    if len(values) == len(sealed):
        return lock(values, uuids)
    known = iter(lock(values, [uuid for uuid, value in zip(uuids, sealed, strict=True) if value is not None]))
    return [None if value is None else next(known) for value in sealed]


@lru_cache(maxsize=16_384)
def _labels(text: str) -> Labels:
    return labels_of(tuple(json.loads(text)))
