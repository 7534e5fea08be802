"""The inventory's work on a connection: read a page, put, change, remove. Sync, inside the caller's transaction.

What a merge means is `stores.merging`, what a row means `stores.records`; nothing here knows threads or loops.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from apsw import Connection

from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.core.proxy import FAMILIES, Details, Proxy
from proxyfleet.ports import Stored
from proxyfleet.stores.judging import bare, judged
from proxyfleet.stores.merging import taken
from proxyfleet.stores.pages import proxies_of
from proxyfleet.stores.records import Row, details_of
from proxyfleet.stores.sealing import Sealing, new_uuids
from proxyfleet.stores.sql.alike import apart, insert_alike
from proxyfleet.stores.sql.keys import learn, refresh
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.vault import Keyring

PAGE = 5_000


class Judgement(NamedTuple):
    """`first` is the id from which on proxies are new; `uuids` are those of the others, by id."""

    answers: list[Stored]
    first: int
    uuids: dict[int, bytes]


class Rows(Sealing):
    """Proxies in and out of the table `proxies`, with its secrets sealed and locked by one ring."""

    def __init__(self, ring: Keyring) -> None:
        super().__init__(ring)
        self._ring = ring

    def page(self, connection: Connection, after: int) -> list[Proxy]:
        """The next proxies by id, at most PAGE."""
        return self._read(connection, SQL["proxies_after"], (after, PAGE))

    def some(self, connection: Connection, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id."""
        return self._read(connection, SQL["some_proxies"], (json.dumps(list(ids)),))

    def _read(self, connection: Connection, sql: str, bindings: tuple[object, ...]) -> list[Proxy]:
        learn(connection, self._ring)
        return self._proxies(connection, connection.execute(sql, bindings).fetchall())

    def _proxies(self, connection: Connection, rows: Sequence[Row]) -> list[Proxy]:
        def details(ids: Sequence[int]) -> dict[int, Details]:
            found: list[Row] = connection.execute(SQL["details_by_id"], (json.dumps(ids),)).fetchall()
            return {row[0]: details_of(row[2:], row[1], self.lock) for row in found}

        return proxies_of(rows, self.lock_many, details)

    def recalled(self, connection: Connection, proxies: Sequence[Proxy]) -> set[int]:
        """Positions of bare records that are stored already, and named by their owner: nothing of them need be read."""
        keys = ((at, *_place(proxies[at]), proxies[at].scheme) for at in bare(proxies))
        return {row[0] for row in connection.executemany(SQL["repeats"], keys)}

    def judge(self, connection: Connection, proxies: Sequence[Proxy]) -> Judgement:
        """What would become of each, in order; changes nothing."""
        learn(connection, self._ring)
        keys = map(_place, proxies)
        rows = {row[0]: row for row in connection.executemany(SQL["known_by_identity"], keys)}
        found = self._proxies(connection, list(rows.values()))
        first = next_id(connection)
        answers = judged(proxies, {proxy.identity: proxy for proxy in found}, first)
        return Judgement(answers, first, {proxy_id: bytes(row[1]) for proxy_id, row in rows.items()})

    def put(self, connection: Connection, proxies: Sequence[Proxy]) -> list[Stored]:
        """Insert or merge each, in order; few statements for many proxies, however long the list is."""
        refresh(connection, self._ring)
        answers, first, uuids = self.judge(connection, proxies)
        latest = {one.proxy.id: one.proxy for one in answers if one.verdict != "duplicate"}
        self.insert(connection, [proxy for proxy in latest.values() if proxy.id >= first])
        again = [proxy for proxy in latest.values() if proxy.id < first]
        connection.executemany(SQL["replace_proxy"], ((*self.written(one, uuids[one.id]), one.id) for one in again))
        # Their owner has named them: they are no finds any more.
        connection.executemany(SQL["forget_found"], ((proxy_id,) for proxy_id in uuids))
        return answers

    def insert(self, connection: Connection, proxies: Sequence[Proxy]) -> None:
        """Insert records as they are, with ids that nobody has had."""
        groups, others = apart(proxies)
        for group in groups:
            insert_alike(connection, group)
        rows = self.written_many(others, list(new_uuids(len(others))))
        connection.executemany(
            SQL["insert_numbered"], ((proxy.id, *row) for proxy, row in zip(others, rows, strict=True))
        )

    def change(self, connection: Connection, proxies: Sequence[Proxy]) -> None:
        """Replace whole records, also where identities are exchanged among them."""
        refresh(connection, self._ring)
        changed = {proxy.id: proxy for proxy in proxies}
        uuids = {proxy.id: self._park(connection, proxy) for proxy in changed.values()}
        for proxy in changed.values():
            self._replace(connection, proxy, uuids[proxy.id])

    def amend_some(self, connection: Connection, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> list[int]:
        """Change the records that are there; the ids of those. An exchange of identities among them is no conflict."""
        found = self.some(connection, ids)
        self.change(connection, [change(one) for one in found])
        return [one.id for one in found]

    def amend(self, connection: Connection, proxy_id: int, change: Callable[[Proxy], Proxy]) -> bool:
        """Change one record that is there; whether it is another one afterwards."""
        row: Row | None = connection.execute(SQL["proxy_by_id"], (proxy_id,)).fetchone()
        if row is None:
            raise UnknownProxy(proxy_id)
        stored = self.read(row)
        after = change(stored)
        if after == stored:
            return False
        self._replace(connection, after, row[1])
        return True

    def _park(self, connection: Connection, proxy: Proxy) -> bytes:
        row = connection.execute(SQL["identity_by_id"], (proxy.id,)).fetchone()
        if row is None:
            raise UnknownProxy(proxy.id)
        uuid, host, port, family, username = row
        if (family, host, port, username) != proxy.identity:
            connection.execute(SQL["park_identity"], (proxy.id,))
        return bytes(uuid)

    def _replace(self, connection: Connection, proxy: Proxy, uuid: bytes) -> None:
        holder = connection.execute(SQL["id_by_identity"], _place(proxy)).get
        if holder not in (None, proxy.id):
            raise DuplicateProxy(taken(proxy))
        connection.execute(SQL["replace_proxy"], (*self.written(proxy, uuid), proxy.id))


def _place(proxy: Proxy) -> tuple[str, int, str, str | None]:
    """Its identity as the statements ask for it."""
    return proxy.host, proxy.port, FAMILIES[proxy.scheme], proxy.username


def next_id(connection: Connection) -> int:
    """The id of the next new proxy; ids are never used twice."""
    return 1 + int(str(connection.execute(SQL["last_proxy"]).get))


def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Delete; how many there were."""
    gone = 0
    for proxy_id in ids:
        connection.execute(SQL["remove_proxy"], (proxy_id,))
        gone += connection.changes()  # not total_changes: that counts the rows that go with a proxy, too
    return gone
