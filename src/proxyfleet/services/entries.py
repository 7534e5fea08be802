"""From what a list says of a proxy (`wire.text.Entry`) to the record that the fleet keeps. Pure; decides nothing else.

Claims of a list become claimed fields only; what was measured is never set here (SPEC A1).
"""

from dataclasses import dataclass
from functools import lru_cache

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret
from proxyfleet.wire.text.entry import Entry, Extras

NOTHING = Extras()


@dataclass(frozen=True, slots=True)
class Additions:
    """What an import says of all its proxies: tags besides those of the line, the capacity where the line has none."""

    tags: tuple[str, ...] = ()
    capacity: int | None = None
    source: str | None = None


def proxy_from(entry: Entry, additions: Additions) -> Proxy:
    """The record of an entry; its `id` is 0 until an inventory gives one. Raises `BadProxy` for an impossible capacity."""
    extras = entry.extras
    password = None if entry.password is None else Secret(entry.password)
    scheme, labels = Scheme(entry.scheme), _labels(extras, additions)
    if extras is None:
        return Proxy(scheme, entry.host, entry.port, entry.username, password, 0, additions.capacity, labels=labels)
    return Proxy(
        scheme,
        entry.host,
        entry.port,
        entry.username,
        password,
        capacity=extras.capacity or additions.capacity,
        expires_at=extras.expires_at,
        labels=labels,
        details=_details(extras),
    )


@lru_cache(maxsize=4096)
def _labels(extras: Extras | None, additions: Additions) -> Labels:
    """One object for equal labels; lists repeat the same few over and over."""
    told = extras or NOTHING
    return Labels(
        kind=Kind(told.kind or Kind.STATIC),
        type=ProxyType(told.type or ProxyType.DATACENTER),
        country=told.country,
        region=told.region,
        city=told.city,
        asn=told.asn,
        tags=frozenset((*told.tags, *additions.tags)),
        provider=told.provider,
        source=additions.source,
        anonymity=told.anonymity,
        cost_per_month=told.cost_per_month,
        cost_per_gb=told.cost_per_gb,
        currency=told.currency,
    )


def _details(extras: Extras) -> Details | None:
    if not (extras.exit_address or extras.protocols or extras.refresh_url or extras.notes):
        return None
    return Details(
        refresh_url=None if extras.refresh_url is None else Secret(extras.refresh_url),
        notes=extras.notes or "",
        exit_address=extras.exit_address,
        protocols=extras.protocols,
    )
