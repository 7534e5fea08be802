"""The only mapping between a `Proxy` and a flat row; every store with tables uses it. Pure: sealing is done by what is passed in.

A row is `COLUMNS` in that order. Sets and tuples are JSON, money is decimal text, what is not set is NULL.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

from proxyfleet.core.proxy import FAMILIES, Details, Kind, Labels, Measured, Proxy, ProxyType, Scheme, Secret, Status

LABEL_COLUMNS = (
    "kind", "type", "country", "region", "city", "asn", "tags", "provider", "source", "anonymity",
    "cost_per_month", "cost_per_gb", "currency", "measured_country", "measured_anonymity",
)  # fmt: skip
DETAIL_COLUMNS = (
    "max_connections", "min_interval", "target_capacity", "refresh_url", "notes", "exit_address", "protocols",
    "measured",
)  # fmt: skip
COLUMNS = (
    "uuid", "family", "scheme", "host", "port", "username", "password", "capacity", "expires_at", "status",
    "require_check", *LABEL_COLUMNS, *DETAIL_COLUMNS,
)  # fmt: skip
SHARED_COLUMNS = ("family", "scheme", "capacity", "expires_at", "status", "require_check", *LABEL_COLUMNS)
"""Those that many records without secrets and details may have alike; of their other columns but the address none is set."""
SECRETS = ("password", "refresh_url")
FIRST_LABEL = 1 + COLUMNS.index("kind")
FIRST_DETAIL = 1 + COLUMNS.index("max_connections")

Row = tuple[Any, ...]
"""Any: a row holds columns of many types, which the schema's STRICT tables and checks guarantee."""
Seal = Callable[[str, Secret, bytes], str]
"""(column, secret, uuid) -> sealed value."""
Open = Callable[[str, str, bytes], Secret]
"""(column, sealed value, uuid) -> secret."""

SCHEMES = {scheme.value: scheme for scheme in Scheme}
STATUSES = {status.value: status for status in Status}
UNMEASURED = Measured()
MEASURED_FIELDS = tuple(one.name for one in fields(Measured))
NO_DETAILS: Row = (None,) * len(DETAIL_COLUMNS)


def to_row(proxy: Proxy, uuid: bytes, seal: Seal) -> Row:
    """`COLUMNS` of a proxy; its id is not among them."""
    return to_rows([proxy], [uuid], seal)[0]


def to_rows(proxies: Sequence[Proxy], uuids: Sequence[bytes], seal: Seal) -> list[Row]:
    """`COLUMNS` of many; labels that they share are written out once."""
    labels = {key: _labels_row(one) for key, one in {id(proxy.labels): proxy.labels for proxy in proxies}.items()}
    return [
        (
            uuid,
            FAMILIES[proxy.scheme],
            proxy.scheme,
            proxy.host,
            proxy.port,
            proxy.username,
            None if proxy.password is None else seal("password", proxy.password, uuid),
            proxy.capacity,
            proxy.expires_at,
            proxy.status,
            proxy.require_check,
            *labels[id(proxy.labels)],
            *(NO_DETAILS if proxy.details is None else _details_row(proxy.details, uuid, seal)),
        )
        for proxy, uuid in zip(proxies, uuids, strict=True)
    ]


def shared(proxy: Proxy) -> Row:
    """`SHARED_COLUMNS` of a proxy."""
    told = (FAMILIES[proxy.scheme], proxy.scheme, proxy.capacity, proxy.expires_at, proxy.status, proxy.require_check)
    return (*told, *_labels_row(proxy.labels))


def from_row(row: Row, opened: Open) -> Proxy:
    """The proxy of a row that has the id in front of `COLUMNS`."""
    proxy_id, uuid, _, scheme, host, port, username, password, capacity, expires_at, status, check = row[:FIRST_LABEL]
    details = row[FIRST_DETAIL:]
    return Proxy(
        SCHEMES[scheme],
        host,
        port,
        username,
        None if password is None else opened("password", password, uuid),
        proxy_id,
        capacity,
        expires_at,
        STATUSES[status],
        check == 1,
        labels_of(row[FIRST_LABEL:FIRST_DETAIL]),
        None if details == NO_DETAILS else details_of(details, uuid, opened),
    )


@lru_cache(maxsize=16_384)
def _labels_row(labels: Labels) -> Row:
    values = [getattr(labels, name) for name in LABEL_COLUMNS]
    return tuple(_plain(value) for value in values)


def _plain(value: Any) -> Any:  # Any: one label of several types
    if isinstance(value, frozenset):
        return json.dumps(sorted(value), ensure_ascii=False) if value else None
    return str(value) if isinstance(value, Decimal) else value


@lru_cache(maxsize=16_384)
def labels_of(row: Row) -> Labels:
    """From `LABEL_COLUMNS`. Equal rows give one object, so that a million proxies share their labels."""
    told = dict(zip(LABEL_COLUMNS, row, strict=True))
    told["kind"], told["type"] = Kind(told["kind"]), ProxyType(told["type"])
    told["tags"] = frozenset(json.loads(told["tags"] or "[]"))
    for cost in ("cost_per_month", "cost_per_gb"):
        told[cost] = None if told[cost] is None else Decimal(told[cost])
    return Labels(**told)


def _details_row(details: Details, uuid: bytes, seal: Seal) -> Row:
    url = details.refresh_url
    return (
        details.max_connections,
        details.min_interval or None,
        details.target_capacity,
        None if url is None else seal("refresh_url", url, uuid),
        details.notes or None,
        details.exit_address,
        json.dumps(details.protocols, ensure_ascii=False) if details.protocols else None,
        None if details.measured is None else _measured_text(details.measured),
    )


def details_of(row: Row, uuid: bytes, opened: Open) -> Details:
    """From `DETAIL_COLUMNS`."""
    max_connections, min_interval, target_capacity, url, notes, exit_address, protocols, measured = row
    return Details(
        max_connections,
        min_interval or 0.0,
        target_capacity,
        None if url is None else opened("refresh_url", url, uuid),
        notes or "",
        exit_address,
        tuple(json.loads(protocols or "[]")),
        None if measured is None else _measured_of(measured),
    )


def _measured_text(measured: Measured) -> str:
    """A JSON object of what is known; fields at their default are left out."""
    told = {name: getattr(measured, name) for name in MEASURED_FIELDS}
    return json.dumps({k: v for k, v in told.items() if v != getattr(UNMEASURED, k)}, ensure_ascii=False)


def _measured_of(text: str) -> Measured:
    """A name that this program does not know, from a later one of the same schema, is left out."""
    told = {name: value for name, value in json.loads(text).items() if name in MEASURED_FIELDS}
    told["protocols"] = tuple(told.get("protocols", ()))
    told["sites"] = tuple((host, answer) for host, answer in told.get("sites", ()))
    return Measured(**told)
