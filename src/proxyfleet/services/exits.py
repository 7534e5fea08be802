"""Which entries leave through one and the same measured exit address: they share whatever a site grants an address.

Sees and counts; what they may carry together is decided by stores. Works on the rows that faces show, so that a node need not
be asked twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from proxyfleet.core.proxy import Kind, Proxy

Row = Mapping[str, Any]
"""A row of `read_models.row`; `Any` because it may have come as JSON from a node."""
Shown = dict[str, object]


def by_exit(rows: Iterable[Row], *, shared: bool = False) -> list[Shown]:
    """One row per measured exit, those of most entries first; proxies without a measured exit are in none.

    `shared`: static proxies behind one exit share their capacity, and so many leases fit as the largest of them has.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["measured_exit"]:
            groups.setdefault(row["measured_exit"], []).append(row)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [_shown(exit_address, members, shared) for exit_address, members in ordered]


def _shown(exit_address: str, members: list[Row], shared: bool) -> Shown:
    first = members[0]
    together = [one for one in members if shared and one["kind"] == Kind.STATIC]
    apart = [one for one in members if one not in together]
    return {
        "exit": exit_address,
        "country": first["measured_country"],
        "network": first["measured_network"],
        "proxies": len(members),
        "capacity": sum(one["capacity"] for one in apart) + max((one["capacity"] for one in together), default=0),
        "free": sum(map(_free, apart)) + max(map(_free, together), default=0),
        "ids": [one["id"] for one in members],
    }


def _free(row: Row) -> int:
    return int(row["health"]["free"])


def counted(exits: Iterable[str]) -> Shown:
    """Measured exits, how many of them are of several proxies, and how many proxies those are."""
    counts = Counter(exits)
    shared = [count for count in counts.values() if count > 1]
    return {"exits": len(counts), "shared_exits": len(shared), "behind_shared_exits": sum(shared)}


def exit_of(proxy: Proxy) -> str | None:
    """The measured exit of one that has one of its own."""
    return proxy.details.measured.exit_address if proxy.details and proxy.details.measured else None
