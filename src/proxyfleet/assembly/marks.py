"""What was last applied of each stored record, so that a reload changes only what differs. Nine bytes per id.

Marks are hashes of this process and mean nothing elsewhere; two different records share one by a chance of 1 in 2^64.
"""

from array import array
from collections.abc import Iterator, Sequence

from proxyfleet.core.proxy import Proxy


class Marks:
    """`begin` a round, `changed` for every record, then `unseen` ids are gone. Ids are dense, as inventories give them."""

    def __init__(self) -> None:
        self._marks = array("q")
        self._rounds = bytearray()
        self._round = 0

    def begin(self) -> None:
        """A new look at the whole inventory."""
        self._round = 3 - self._round if self._round else 1

    def changed(self, proxies: Sequence[Proxy]) -> Iterator[Proxy]:
        """Those of the records that are new or differ from what was applied; all of them count as seen."""
        labels: dict[int, int] = {}
        for proxy in proxies:
            key = id(proxy.labels)
            shared = labels.get(key)
            if shared is None:
                shared = labels[key] = hash(proxy.labels)
            mark = _mark(proxy, shared)
            self._reach(proxy.id)
            differs = not self._rounds[proxy.id] or self._marks[proxy.id] != mark
            self._marks[proxy.id] = mark
            self._rounds[proxy.id] = self._round
            if differs:
                yield proxy

    def seen(self, proxy_id: int) -> bool:
        """Whether the record was there in this round."""
        return proxy_id < len(self._rounds) and self._rounds[proxy_id] == self._round

    def forget(self, proxy_id: int) -> None:
        """The record is gone."""
        self._rounds[proxy_id] = 0

    def _reach(self, proxy_id: int) -> None:
        missing = proxy_id + 1 - len(self._rounds)
        if missing > 0:
            spare = missing + (len(self._rounds) >> 3)
            self._rounds.extend(bytes(spare))
            self._marks.frombytes(bytes(8 * spare))


def _mark(proxy: Proxy, labels: int) -> int:
    """The labels' hash is given, because a batch shares few of them and they are the costly part."""
    plain = (proxy.scheme, proxy.host, proxy.port, proxy.username, proxy.password, proxy.capacity, proxy.expires_at)
    return hash((plain, proxy.status, proxy.require_check, labels, proxy.details))
