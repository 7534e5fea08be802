"""Takes many new proxies in at once, as a node does at its start: what is alike is worked out once and copied.

The result is the same as that of adding them one by one. What a new proxy is worth is the doctor's business.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from proxyfleet.core.clause import Profile
from proxyfleet.core.columns import INFINITY
from proxyfleet.core.errors import BadProxy, DuplicateProxy
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.proxy import Proxy


class Alike(NamedTuple):
    """What new proxies with the same labels, status and capacity have in common: their profile's number and their row.

    `waits` says that time alone will change something about them, so that each needs a due time of its own.
    """

    number: int
    row: bytes
    waits: bool


def new_ids(proxies: Sequence[Proxy], known: Collection[int], most: int) -> list[int]:
    """The ids of all of them. Raises `BadProxy` for one that is not from 1 to `most`, `DuplicateProxy` for one that is known."""
    ids = [proxy.id for proxy in proxies]
    odd = next((one for one in (min(ids, default=1), max(ids, default=1)) if not 0 < one <= most), None)
    if odd is not None:
        raise BadProxy(f"id {odd} is out of range; the inventory gives ids from 1 to {most}")
    if len({*ids}) < len(ids) or any(map(known.__contains__, ids)):
        raise DuplicateProxy(
            "some of these ids are in this fleet already, or given twice; use replace to change a proxy"
        )
    return ids


def slots_in_a_row(spare: list[int], count: int) -> int | None:
    """The first of that many unused slots that follow each other, taken off the end of `spare`; None when they do not."""
    last = spare[len(spare) - count :]
    if not last or last != list(range(last[0], last[0] - count, -1)):
        return None
    del spare[len(spare) - count :]
    return last[-1]


def take_in(doctor: Doctor, proxies: Sequence[Proxy], first: int, now: float) -> None:
    """Put new proxies into the unused slots from `first` on; there must be no view yet."""
    known: dict[tuple[object, ...], Alike] = {}
    alike: list[Alike] = []
    special: list[int] = []
    for slot, proxy in enumerate(proxies, first):
        key = (id(proxy.labels), proxy.scheme, proxy.status, proxy.require_check, proxy.capacity)
        found = known.get(key)
        if found is None:
            found = known[key] = _first_of_its_kind(doctor, slot, proxy, now)
        alike.append(found)
        if proxy.expires_at is not None or proxy.details is not None or found.waits:
            special.append(slot)
    doctor.columns.stamp(first, [one.row for one in alike], [p.id for p in proxies], [p.port for p in proxies])
    doctor.records.write_many(first, proxies)
    doctor.index.add_many(range(first, first + len(proxies)), [one.number for one in alike])
    for slot in special:
        doctor.records.write(slot, proxies[slot - first])
        doctor.slots.place(slot, proxies[slot - first])
        doctor.rescore(slot, now)


def _first_of_its_kind(doctor: Doctor, slot: int, proxy: Proxy, now: float) -> Alike:
    """Judge it as if it were plain: no rare details, and never expiring."""
    columns, records = doctor.columns, doctor.records
    columns.turn[slot] = 0
    records.write(slot, proxy)
    records.drop_details(slot)
    columns.expires[slot] = INFINITY
    columns.profile[slot] = number = records.profiles.number(Profile(proxy.scheme, proxy.labels))
    doctor.rescore(slot, now)
    waits = columns.due[slot] != INFINITY
    columns.due[slot] = INFINITY
    return Alike(number, columns.row(slot), waits)
