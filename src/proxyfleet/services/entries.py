"""From what a list says of a proxy (`wire.text.Entry`) to the record that the fleet keeps. Pure; decides nothing else.

Claims of a list become claimed fields only; what was measured is never set here (SPEC A1).
"""

from dataclasses import dataclass, field
from functools import lru_cache

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.wire.text.entry import Entry, Extras

NOTHING = Extras()
NO_DETAILS = Details()
SCHEMES = {scheme.value: scheme for scheme in Scheme}


@dataclass(frozen=True, slots=True)
class Additions:
    """What an import says of all its proxies: tags besides those of the line, the capacity where the line has none.

    `require_check` keeps them from being handed out before they have been proven.
    """

    tags: tuple[str, ...] = ()
    capacity: int | None = None
    source: str | None = None
    require_check: bool = False
    bare: Labels = field(init=False, repr=False, compare=False)
    """The labels of a line that says nothing but the address; most lines are such."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bare", _labels(None, self))


def proxy_from(entry: Entry, additions: Additions) -> Proxy:
    """The record of an entry; its `id` is 0 until an inventory gives one. Raises `BadProxy` for an impossible capacity."""
    extras = entry.extras
    password = None if entry.password is None else Secret(entry.password)
    scheme, check = SCHEMES[entry.scheme], additions.require_check
    if extras is None:
        return Proxy(
            scheme,
            entry.host,
            entry.port,
            entry.username,
            password,
            capacity=additions.capacity,
            require_check=check,
            labels=additions.bare,
        )
    return Proxy(
        scheme,
        entry.host,
        entry.port,
        entry.username,
        password,
        capacity=extras.capacity or additions.capacity,
        expires_at=extras.expires_at,
        status=Status(extras.status or Status.PENDING),
        require_check=check,
        labels=_labels(extras, additions),
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
        source=additions.source or told.source,
        anonymity=told.anonymity,
        cost_per_month=told.cost_per_month,
        cost_per_gb=told.cost_per_gb,
        currency=told.currency,
    )


def _details(extras: Extras) -> Details | None:
    details = Details(
        max_connections=extras.max_connections,
        min_interval=extras.min_interval or 0.0,
        target_capacity=extras.target_capacity,
        refresh_url=None if extras.refresh_url is None else Secret(extras.refresh_url),
        notes=extras.notes or "",
        exit_address=extras.exit_address,
        protocols=extras.protocols,
    )
    return None if details == NO_DETAILS else details
