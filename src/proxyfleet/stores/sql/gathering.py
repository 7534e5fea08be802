"""What free sources name, into the inventory: one record for each place, whatever the protocol (SPEC rule 16).

Sync, inside the caller's transaction. What a record becomes is `stores.merging`; who was named by whom is kept beside it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from apsw import Connection

from proxyfleet.core.proxy import Proxy, Scheme, with_ids
from proxyfleet.core.source import Gathered
from proxyfleet.stores.merging import claims, gathered, is_bare
from proxyfleet.stores.records import SCHEMES, Row
from proxyfleet.stores.sql.alike import as_json
from proxyfleet.stores.sql.inventory import Rows, next_id
from proxyfleet.stores.sql.keys import refresh
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.sources import note
from proxyfleet.vault import Keyring

Place = tuple[str, int, str | None]
"""Host, port and user name."""
NO_PROTOCOLS: tuple[str, ...] = ()


class Teller(NamedTuple):
    """The source that names proxies; `mark` is its number as it stands in `found.sources`."""

    mark: str
    trusted: bool
    now: float


class Gathering:
    """Takes proxies in through the rows of the inventory."""

    def __init__(self, ring: Keyring, rows: Rows) -> None:
        self._ring = ring
        self._rows = rows

    def take(
        self, connection: Connection, proxies: Sequence[Proxy], source: str, now: float, trusted: bool
    ) -> tuple[Gathered, list[int]]:
        """See `ports.SourceBook.gather`; also the ids of what was added or updated."""
        refresh(connection, self._ring)
        teller = Teller(f",{note(connection, source)},", trusted, now)
        named = self._known(connection, proxies)
        fresh: list[Proxy] = []
        again: list[tuple[Proxy, list[Row] | None]] = []
        for at, proxy in enumerate(proxies):
            if (known := named.get(at)) == []:
                fresh.append(proxy)
            else:
                again.append((proxy, known))
        changed = self._insert(connection, fresh, teller)
        added = len(changed)
        changed += [proxy_id for one, known in again if (proxy_id := self._heard(connection, one, known, teller))]
        return Gathered(added, len(changed) - added, len(proxies) - len(changed)), changed

    def _known(self, connection: Connection, proxies: Sequence[Proxy]) -> dict[int, list[Row]]:
        """The rows at the place of each, by its position. A place that comes again is left out: what is known of it by
        then, it is only known then.
        """
        first: dict[Place, int] = {}
        for at, proxy in enumerate(proxies):
            first.setdefault((proxy.host, proxy.port, proxy.username), at)
        known: dict[int, list[Row]] = {at: [] for at in first.values()}
        positions = list(first.values())
        found: list[Row] = connection.execute(SQL["known_at"], (as_json(list(first)),)).fetchall()
        for nth, *row in found:
            known[positions[nth]].append(tuple(row))
        return known

    def _insert(self, connection: Connection, proxies: Sequence[Proxy], teller: Teller) -> list[int]:
        """All of them new; numbered here, because that is quicker than asking for each number."""
        first = next_id(connection)
        self._rows.insert(connection, with_ids(proxies, first))
        ids = range(first, first + len(proxies))
        mark, trusted, now = teller
        connection.execute(SQL["insert_found"], (mark, trusted, now, first))
        return list(ids)

    def _heard(self, connection: Connection, proxy: Proxy, known: list[Row] | None, teller: Teller) -> int:
        """A proxy that is named again; its id when that has changed its record, else 0. `known` None is to be looked up."""
        if known is None:
            place = as_json([(proxy.host, proxy.port, proxy.username)])
            known = [row[1:] for row in connection.execute(SQL["known_at"], (place,))]
        if len(known) != 1 or known[0][3] is None:
            return 0
        return int(known[0][0]) if self._again(connection, proxy, known[0], teller) else 0

    def _again(self, connection: Connection, new: Proxy, known: Row, teller: Teller) -> bool:
        """Whether the record has changed. What a source has said before is heard again for its claims only."""
        proxy_id, scheme, protocols, kept = known
        trusted, has_worked, sources = kept[0] == "1", kept[1] == "1", kept[2:]
        overrule = teller.trusted and not trusted
        named = teller.mark in sources
        told = claims(new.scheme, new.details.protocols if new.details else NO_PROTOCOLS)
        nothing_new = not overrule and set(told) <= set(_claimed(SCHEMES[scheme], protocols))
        if named and nothing_new:
            return False
        by = sources if named else sources + teller.mark[1:]
        connection.execute(SQL["update_found"], (by, trusted or teller.trusted, proxy_id))
        if has_worked and not named:
            connection.execute(SQL["count_alive"], (teller.mark,))
        if nothing_new and is_bare(new):
            return False
        return self._rows.amend(connection, proxy_id, lambda stored: gathered(stored, new, overrule=overrule))


def _claimed(scheme: Scheme, protocols: str | None) -> tuple[str, ...]:
    return claims(scheme, tuple(json.loads(protocols)) if protocols else NO_PROTOCOLS)


def has_gathered(connection: Connection, source: str) -> bool:
    """Whether the inventory holds a proxy that this source named."""
    number = connection.execute(SQL["source_number"], (source,)).get
    return number is not None and connection.execute(SQL["any_found"], (f",{number},",)).get == 1


def worked(connection: Connection, stamps: Mapping[int, float]) -> None:
    """Stamp what works; the first time counts for every source that named it."""
    for proxy_id, when in stamps.items():
        row = connection.execute(SQL["found_of"], (proxy_id,)).fetchone()
        if row is None:
            continue
        if row[1] is None:
            connection.execute(SQL["count_alive"], (row[0],))
        connection.execute(SQL["stamp_found"], (when, proxy_id))


def idle(connection: Connection, before: float, limit: int) -> list[int]:
    """Ids of what has been of no use since an instant, ascending."""
    return [int(str(proxy_id)) for (proxy_id,) in connection.execute(SQL["idle"], (before, limit))]


def retire(connection: Connection, ids: Sequence[int], before: float, now: float) -> list[int]:
    """Take out those of the ids that are still idle and of which nothing is claimed; which they were."""
    gone = []
    for proxy_id in ids:
        connection.execute(SQL["retire"], {"id": proxy_id, "before": before, "now": now})
        gone += [proxy_id] * connection.changes()
    return gone
