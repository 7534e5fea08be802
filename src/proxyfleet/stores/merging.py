"""What a list that names a known proxy again changes about it. One meaning for every store; pure.

A field that the new record leaves at its default (None, empty, the default kind, pending) keeps what is stored, so that
a bare `host:port` in a free list never wipes out labels, credentials, or an operator's switch.
"""

from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from proxyfleet.core.proxy import Details, Labels, Proxy, Status

PLAIN_LABELS = Labels()
PLAIN_DETAILS = Details()


def settled(proxy: Proxy, proxy_id: int) -> Proxy:
    """The record under that id; details in which nothing is set are no details."""
    details = None if proxy.details == PLAIN_DETAILS else proxy.details
    return Proxy(
        proxy.scheme,
        proxy.host,
        proxy.port,
        proxy.username,
        proxy.password,
        proxy_id,
        proxy.capacity,
        proxy.expires_at,
        proxy.status,
        proxy.require_check,
        proxy.labels,
        details,
    )


def merged(stored: Proxy, new: Proxy) -> Proxy:
    """What is to be stored after `new`, which has the same identity, was told; equal to `stored` when nothing changes."""
    return Proxy(
        new.scheme,
        stored.host,
        stored.port,
        stored.username,
        stored.password if new.password is None else new.password,
        stored.id,
        stored.capacity if new.capacity is None else new.capacity,
        stored.expires_at if new.expires_at is None else new.expires_at,
        stored.status if new.status is Status.PENDING else new.status,
        stored.require_check or new.require_check,
        merged_labels(stored.labels, new.labels),
        merged_details(stored.details, new.details),
    )


@lru_cache(maxsize=4096)
def merged_labels(stored: Labels, new: Labels) -> Labels:
    """Each label that `new` sets, else the stored one. Tags are replaced, not united."""
    return replace(stored, **_told(new, PLAIN_LABELS))


def merged_details(stored: Details | None, new: Details | None) -> Details | None:
    """Each detail that `new` sets, else the stored one."""
    if stored is None or new is None:
        return stored or (None if new == PLAIN_DETAILS else new)
    return replace(stored, **_told(new, PLAIN_DETAILS))


def _told(new: Labels | Details, plain: Labels | Details) -> dict[str, Any]:  # Any: fields of many types, by name
    told = {field.name: getattr(new, field.name) for field in fields(plain)}
    return {name: value for name, value in told.items() if value != getattr(plain, name)}


def taken(proxy: Proxy) -> str:
    """The line of `DuplicateProxy` for an identity that another record has."""
    user = "" if proxy.username is None else f" with user name {proxy.username!r}"
    return f"another proxy is already {proxy.address}{user}; remove one of the two"
