"""The inventory's work on a connection: read a page, put, change, remove. Sync, inside the caller's transaction.

What a merge means is `stores.merging`, what a row means `stores.records`; nothing here knows threads or loops.
"""

import os
from collections.abc import Sequence

from apsw import Connection

from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.core.proxy import Proxy, Secret
from proxyfleet.ports import Stored
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.merging import merged, settled, taken
from proxyfleet.stores.records import FAMILIES, SECRETS, Row, from_row, to_row
from proxyfleet.stores.sql.keys import learn, refresh
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.vault import Column, Damaged, Keyring

PAGE = 5_000
UUID_BYTES = 16


class Rows:
    """Proxies in and out of the table `proxies`, with its secrets sealed and opened by one ring."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._columns = {name: Column(ring, "proxies", name) for name in SECRETS}
        self._last = Secret("")

    def seal(self, column: str, secret: Secret, uuid: bytes) -> str:
        """The value to store."""
        return self._columns[column].seal(secret.reveal(), uuid)

    def open(self, column: str, value: str, uuid: bytes) -> Secret:
        """The secret; equal ones that follow each other are one object, so that shared credentials cost little."""
        text = self._columns[column].open(value, uuid)
        if self._last.reveal() != text:
            self._last = Secret(text)
        return self._last

    def read(self, row: Row) -> Proxy:
        """The proxy of a row. Raises `StoreLocked` with its id when a secret does not open."""
        try:
            return from_row(row, self.open)
        except Damaged as error:
            raise unopened(row[0], error) from None

    def page(self, connection: Connection, after: int) -> list[Proxy]:
        """The next proxies by id, at most PAGE."""
        learn(connection, self._ring)
        return [self.read(row) for row in connection.execute(SQL["proxies_after"], (after, PAGE))]

    def put(self, connection: Connection, proxies: Sequence[Proxy]) -> list[Stored]:
        """Insert or merge each, in order."""
        refresh(connection, self._ring)
        uuids = os.urandom(UUID_BYTES * len(proxies))
        find, execute = SQL["proxy_by_identity"], connection.execute
        answers: list[Stored] = []
        for nth, proxy in enumerate(proxies):
            row = execute(find, (proxy.host, proxy.port, FAMILIES[proxy.scheme], proxy.username)).fetchone()
            if row is None:
                answers.append(self._insert(connection, proxy, uuids[nth * UUID_BYTES : (nth + 1) * UUID_BYTES]))
            else:
                answers.append(self._merge(connection, proxy, row))
        return answers

    def _insert(self, connection: Connection, proxy: Proxy, uuid: bytes) -> Stored:
        connection.execute(SQL["insert_proxy"], to_row(proxy, uuid, self.seal))
        return Stored("added", settled(proxy, connection.last_insert_rowid()))

    def _merge(self, connection: Connection, proxy: Proxy, row: Row) -> Stored:
        stored = self.read(row)
        after = merged(stored, proxy)
        if after == stored:
            return Stored("duplicate", stored)
        self._replace(connection, after, row[1])
        return Stored("updated", after)

    def change(self, connection: Connection, proxies: Sequence[Proxy]) -> None:
        """Replace whole records, also where identities are exchanged among them."""
        refresh(connection, self._ring)
        changed = {proxy.id: proxy for proxy in proxies}
        uuids = {proxy.id: self._park(connection, proxy) for proxy in changed.values()}
        for proxy in changed.values():
            self._replace(connection, proxy, uuids[proxy.id])

    def _park(self, connection: Connection, proxy: Proxy) -> bytes:
        row = connection.execute(SQL["identity_by_id"], (proxy.id,)).fetchone()
        if row is None:
            raise UnknownProxy(proxy.id)
        uuid, host, port, family, username = row
        if (family, host, port, username) != proxy.identity:
            connection.execute(SQL["park_identity"], (proxy.id,))
        return bytes(uuid)

    def _replace(self, connection: Connection, proxy: Proxy, uuid: bytes) -> None:
        key = (proxy.host, proxy.port, FAMILIES[proxy.scheme], proxy.username)
        holder = connection.execute(SQL["id_by_identity"], key).get
        if holder not in (None, proxy.id):
            raise DuplicateProxy(taken(proxy))
        connection.execute(SQL["replace_proxy"], (*to_row(proxy, uuid, self.seal), proxy.id))


def unopened(proxy_id: int, error: Damaged) -> StoreLocked:
    """A secret that does not open, with the proxy it belongs to."""
    return StoreLocked(f"proxy {proxy_id}: {error}, or remove the proxy")


def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Delete; how many there were."""
    before = connection.total_changes()
    connection.executemany(SQL["remove_proxy"], ((proxy_id,) for proxy_id in ids))
    return connection.total_changes() - before


def sealed_values(proxies: Sequence[Proxy]) -> int:
    """How many secrets a call may have to seal."""
    passwords = sum(proxy.password is not None for proxy in proxies)
    return passwords + sum(proxy.details is not None and proxy.details.refresh_url is not None for proxy in proxies)
