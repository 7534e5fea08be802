"""New proxies of which a list says nothing but the address, many to a statement: what they share is bound once.

A statement for each row would cost twice as much, and would let go of the interpreter's lock and take it again each time,
so that nothing else of the process could go on beside it. Knows no secrets: who has one is left to the caller.
"""

import json
from collections.abc import Sequence

from apsw import Connection

from proxyfleet.core.proxy import Proxy
from proxyfleet.stores.records import Row, shared
from proxyfleet.stores.sql.queries import SQL

FEW = 8
"""Fewer are not worth a statement of their own."""


def apart(proxies: Sequence[Proxy]) -> tuple[list[list[Proxy]], list[Proxy]]:
    """Groups that differ in id and address only, and what is in none of them."""
    groups: dict[Row, list[Proxy]] = {}
    others: list[Proxy] = []
    for one in proxies:
        if one.password is None and one.details is None:
            key = (one.scheme, id(one.labels), one.capacity, one.expires_at, one.status, one.require_check)
            groups.setdefault(key, []).append(one)
        else:
            others.append(one)
    others += (one for group in groups.values() if len(group) < FEW for one in group)
    return [group for group in groups.values() if len(group) >= FEW], others


def insert_alike(connection: Connection, group: Sequence[Proxy]) -> None:
    """Insert one such group under the ids that its records have."""
    addresses = [(one.id, one.host, one.port, one.username) for one in group]
    connection.execute(SQL["insert_alike"], (*shared(group[0]), as_json(addresses)))


def as_json(rows: Sequence[Row]) -> str:
    """Rows as `json_each` reads them. Texts stay as they are, so that SQLite refuses what is none, as it does elsewhere."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
