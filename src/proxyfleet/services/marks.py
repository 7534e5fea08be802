"""What was last applied of each stored record, so that a reload changes only what differs. Nine bytes per id.

Marks are hashes of this process and mean nothing elsewhere; two different records share one by a chance of 1 in 2^64.
"""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from proxyfleet.core.proxy import Details, Proxy


class Marks:
    """`begin` a round, `changed` for every record, then `unseen` ids are gone. Ids are dense, as inventories give them."""

    def __init__(self) -> None:
        self._marks = array("q")
        self._rounds = bytearray()
        self._round = 0

    def begin(self) -> None:
        """A new look at the whole inventory."""
        self._round = 3 - self._round if self._round else 1

    def changed(self, proxies: Sequence[Proxy]) -> list[Proxy]:
        """Those of the records that are new or differ from what was applied; all of them count as seen."""
        ids = [proxy.id for proxy in proxies]
        self._reach(max(ids, default=0))
        marks, rounds, this = self._marks, self._rounds, self._round
        differing: list[Proxy] = []
        for proxy_id, mark, proxy in zip(ids, _marks(proxies), proxies, strict=True):
            if marks[proxy_id] != mark or not rounds[proxy_id]:
                marks[proxy_id] = mark
                differing.append(proxy)
            rounds[proxy_id] = this
        return differing

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


_PLAIN = attrgetter("scheme", "host", "port", "username", "capacity", "expires_at", "status", "require_check")


def _marks(proxies: Sequence[Proxy]) -> list[int]:
    """Opens no password. Labels are hashed once for all who share them, because they are the costly part."""
    labels = {id(one): hash(one) for one in {id(proxy.labels): proxy.labels for proxy in proxies}.values()}
    return [
        hash(
            (
                plain,
                labels[id(proxy.labels)],
                None if proxy.password is None else proxy.password.mark(),
                None if proxy.details is None else _details_mark(proxy.details),
            )
        )
        for plain, proxy in zip(map(_PLAIN, proxies), proxies, strict=True)
    ]


def _details_mark(details: Details) -> int:
    url = details.refresh_url
    return hash((replace(details, refresh_url=None), url and url.mark()))
