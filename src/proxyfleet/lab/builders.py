"""Readable test data: a proxy of which only the interesting fields are said. Nothing random, no address that answers.

Hosts are of 198.18.0.0/15, reserved for tests (RFC 2544), except for those of lab proxies.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from proxyfleet.core.proxy import LABEL_FIELDS, Kind, Labels, Proxy, Scheme, Secret, Status

from .proxy import LabProxy


def a_proxy(number: int = 1, **changes: object) -> Proxy:
    """An active HTTP proxy; `number` gives id and host, so that different numbers are different proxies.

    `changes` are fields of `Proxy` or of its `Labels` (`a_proxy(country="DE", tags={"fast"})`); a password may be
    plain text. Raises TypeError for a field that neither has.
    """
    host = f"198.{18 + number // 65_536 % 2}.{number // 256 % 256}.{number % 256}"
    return _proxy({"scheme": Scheme.HTTP, "host": host, "port": 8080, "id": number, "status": Status.ACTIVE}, changes)


def some_proxies(count: int, **changes: object) -> list[Proxy]:
    """`count` proxies with the numbers 1 to `count`, alike but for id and host."""
    return [a_proxy(number, **changes) for number in range(1, count + 1)]


def proxy_of(lab_proxy: LabProxy, **changes: object) -> Proxy:
    """The record of a running lab proxy, as an import of its URL would make it; kind rotating where it rotates."""
    parts = urlsplit(lab_proxy.url)
    kind = Kind.STATIC if lab_proxy.behaviour.rotate is None else Kind.ROTATING
    known: dict[str, object] = {
        "scheme": Scheme(parts.scheme),
        "host": parts.hostname,
        "port": parts.port,
        "kind": kind,
    }
    if parts.username is not None:
        known["username"] = unquote(parts.username)
    if parts.password is not None:
        known["password"] = unquote(parts.password)
    return _proxy(known, changes)


def _proxy(known: dict[str, object], changes: dict[str, object]) -> Proxy:
    # Fields of two records in one dictionary have no common type; the records check names, mypy cannot.
    wanted: dict[str, Any] = {**known, **changes}
    labels: dict[str, Any] = {name: wanted.pop(name) for name in LABEL_FIELDS if name in wanted}
    if "tags" in labels:
        labels["tags"] = frozenset(labels["tags"])
    if isinstance(wanted.get("password"), str):
        wanted["password"] = Secret(wanted["password"])
    return Proxy(**wanted, labels=Labels(**labels))
