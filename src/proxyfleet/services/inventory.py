"""Changes to the inventory by hand: add, edit, tag, enable, disable, remove, export (SPEC A4). Records in, records out.

Which proxies are meant has been decided before (`read_models.matching`); nothing here picks, checks or forwards.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import quote

from proxyfleet.core.errors import BadProxy, UnknownProxy
from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Secret, Status
from proxyfleet.ports import Inventory
from proxyfleet.services.read_models import instant

EXPORTS: Final = ("text", "json", "csv")
_COLUMNS: Final = (
    "scheme", "host", "port", "username", "password", "kind", "type", "country", "region", "city", "asn", "tags",
    "provider", "source", "cost_per_month", "cost_per_gb", "currency", "expires_at", "capacity", "status", "notes",
)  # fmt: skip
_LABELS: Final = frozenset(f.name for f in fields(Labels))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def records(inventory: Inventory, ids: Collection[int] | None = None) -> list[Proxy]:
    """The stored records, all or those with these ids."""
    return [proxy async for batch in inventory.proxies() for proxy in batch if ids is None or proxy.id in ids]


async def record(inventory: Inventory, proxy_id: int) -> Proxy:
    """One stored record; raises `UnknownProxy`."""
    found = await records(inventory, {proxy_id})
    if not found:
        raise UnknownProxy(proxy_id)
    return found[0]


async def edit(inventory: Inventory, ids: Collection[int], changes: Mapping[str, object]) -> int:
    """Change fields of the proxies with these ids, all or none; how many there are. Raises `BadProxy`, `DuplicateProxy`."""
    edited = [changed(proxy, changes) for proxy in await records(inventory, ids)]
    if edited:
        await inventory.change(edited)
    return len(edited)


def changed(proxy: Proxy, changes: Mapping[str, object]) -> Proxy:
    """The record with new values of `Proxy`, `Labels` or `Details` fields; None unsets. `tags+`, `tags-` add and take."""
    plain = dict(changes)
    labels = {name: plain.pop(name) for name in list(plain) if name in _LABELS}
    tags = proxy.labels.tags | frozenset(_words(plain.pop("tags+", ()))) - frozenset(_words(plain.pop("tags-", ())))
    tags -= frozenset(_words(changes.get("tags-", ())))
    details = {name: plain.pop(name) for name in list(plain) if name in _DETAILS}
    # Values of many types, read by `value_of` or checked by the records themselves.
    new_labels = replace(proxy.labels, **({"tags": tags} | labels))  # type: ignore[arg-type]
    new_details = replace(proxy.details or Details(), **details) if details else proxy.details  # type: ignore[arg-type]
    return replace(proxy, labels=new_labels, details=new_details, **plain)  # type: ignore[arg-type]


_DETAILS: Final = frozenset(f.name for f in fields(Details))


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, Iterable) else ()
