"""Texts of a row into the record of a proxy, new or changed: read as every other change that an operator writes.

What makes the identity is never changed here: another host, port or user name is another proxy.
"""

from collections.abc import Mapping

from proxyfleet.core.mirrored import FIELDS, PLACEHOLDER
from proxyfleet.core.proxy import Proxy, Scheme, Status
from proxyfleet.ports.sheet import SheetRow
from proxyfleet.services.editing import change_from

OWNERS_WORD = frozenset(
    {"expires_at", "capacity", "cost_per_month", "cost_per_gb", "currency", "status", "kind", "refresh_url"}
)
"""Fields that would be acted on: a new row in which one of them cannot be read waits until it can."""


def changed(proxy: Proxy, texts: Mapping[str, str]) -> Proxy:
    """The record after people have written that. Raises `BadProxy` and `BadChange` where it would be impossible."""
    said = {name: text for name, text in texts.items() if name in FIELDS and text != PLACEHOLDER}
    if said.get("status") == "":
        said["status"] = Status.PENDING.value
    return change_from(f"{name}={text}" for name, text in said.items()).apply(proxy)


def new_proxy(row: SheetRow) -> Proxy:
    """The record of a row that nobody knows yet."""
    family, host, port, username = row.identity
    scheme = Scheme(row.said.get("scheme") or family)
    told = {name: text for name, text in row.said.items() if text and name != "scheme"}
    return changed(Proxy(scheme, host, port, username), told)


def waits(row: SheetRow) -> bool:
    """Whether a new row must not be taken over yet."""
    return bool(row.unread & OWNERS_WORD)
