"""What a mirrored sheet says of a proxy: its fields as text, one form for each value. Who uses it is `core.uses`. Pure.

Two records agree on a field when their texts are equal. An empty text is a field that is not set, or is at its default.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Status

Identity = tuple[str, str, int, str | None]
Said = dict[str, str]
"""Texts by field; a field that is missing is one that nothing is said about."""

IDENTIFYING: Final = ("scheme", "host", "port", "username")
SECRETS: Final = frozenset({"password", "refresh_url"})
LABELS: Final = (
    "type", "kind", "country", "region", "city", "asn", "provider", "anonymity", "cost_per_month", "cost_per_gb", "currency",
)  # fmt: skip
DETAILS: Final = ("max_connections", "min_interval", "target_capacity", "refresh_url", "notes")
FIELDS: Final = ("scheme", "password", "capacity", "expires_at", "status", "tags", *LABELS, *DETAILS)
"""Every field that is mirrored both ways, besides what makes the identity."""
REMOVED: Final = "removed"
"""The status of a row whose proxy the fleet has taken out; the row itself is the people's."""
_END_OF_DAY: Final = "23:59:59"
_NO_LABELS: Final = Labels()
_NO_DETAILS: Final = Details()


PLACEHOLDER: Final = "(in the vault)"
"""What stands in the cell of a secret that people have chosen to keep out of the sheet."""


def key_of(identity: Identity) -> str:
    """An identity as one text without secrets, such as `http://user@192.0.2.1:8080`; different for different ones."""
    family, host, port, username = identity
    user = "" if username is None else quote(username, safe="") + "@"
    return f"{family}://{user}{f'[{host}]' if ':' in host else host}:{port}"


def said(proxy: Proxy) -> Said:
    """Every field of `FIELDS` as text."""
    labels, details = proxy.labels, proxy.details or _NO_DETAILS
    told = {
        "scheme": proxy.scheme.value,
        "password": "" if proxy.password is None else proxy.password.reveal(),
        "capacity": "" if proxy.capacity is None else str(proxy.capacity),
        "expires_at": "" if proxy.expires_at is None else instant(proxy.expires_at),
        "status": "" if proxy.status is Status.PENDING else proxy.status.value,
        "tags": ", ".join(sorted(labels.tags)),
    }
    for name in LABELS:
        value = getattr(labels, name)
        told[name] = (
            "" if value is None or value in (ProxyType.DATACENTER, Kind.STATIC) else _PLAIN.get(name, str)(value)
        )
    for name in DETAILS:
        value = getattr(details, name)
        told[name] = "" if value == getattr(_NO_DETAILS, name) else _PLAIN.get(name, str)(value)
    return told


def outgoing(proxy: Proxy, *, vault: bool) -> Said:
    """What a row that we write says of a proxy; with `vault` a placeholder instead of each secret."""
    told = said(proxy)
    host = {"host": proxy.host, "port": str(proxy.port), "username": proxy.username or ""}
    hidden = {name: PLACEHOLDER for name in SECRETS if vault and told[name]}
    return told | host | hidden | {"proxy": _url(proxy, told["password"] if not vault else "")}


def _url(proxy: Proxy, password: str) -> str:
    """For sheets that have one column for everything."""
    if proxy.username is None:
        return proxy.address
    scheme, _, place = proxy.address.partition("://")
    return f"{scheme}://{quote(proxy.username, safe='')}{':' + quote(password, safe='') if password else ''}@{place}"


def instant(seconds: float) -> str:
    """`2026-12-31` for the last second of a day, else with the time, UTC; an instant no calendar has as its number."""
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    clock = moment.strftime("%H:%M:%S")
    day = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    return day if clock == _END_OF_DAY else f"{day} {clock}"


def remembered(told: Mapping[str, str], fleet: str) -> Said:
    """What is kept of a row to tell later who has changed it: secrets as two bytes of a hash salted with the fleet's id.

    That is enough to notice a change in all but one of 65,536 cases, and too little to find a password by trying.
    """
    return {name: _mark(name, text, fleet) if name in SECRETS and text else text for name, text in told.items()}


def _mark(name: str, text: str, fleet: str) -> str:
    return blake2b(text.encode(), digest_size=2, salt=name.encode()[:16], key=fleet.encode()[:64]).hexdigest()


def money(value: object) -> str:
    """A decimal without the zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: object) -> str:
    return f"{value:.15g}"


_PLAIN: Final[Mapping[str, Callable[[object], str]]] = {
    "cost_per_month": money,
    "cost_per_gb": money,
    "min_interval": _number,
    "refresh_url": lambda secret: str(getattr(secret, "reveal", str)()),
}
