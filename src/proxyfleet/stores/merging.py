"""What a list that names a known proxy again changes about it. One meaning for every store; pure.

A field that the new record leaves at its default (None, empty, the default kind, pending) keeps what is stored, so that
a bare `host:port` in a free list never wipes out labels, credentials, or an operator's switch.
"""

from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Status

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
        stored.status if Status.PENDING is new.status or Status.DISABLED is stored.status else new.status,
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


def claims(scheme: Scheme, protocols: tuple[str, ...]) -> tuple[str, ...]:
    """What is claimed of a proxy, each once: its scheme, then whatever else lists say that it speaks (SPEC rule 16)."""
    return tuple(dict.fromkeys((scheme.value, *protocols)))


def collected(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Claims of both, what was known first; empty where there is one only, because the scheme says it already."""
    both = tuple(dict.fromkeys((*known, *new)))
    return both if len(both) > 1 else ()


def is_bare(new: Proxy) -> bool:
    """Whether a list said nothing of a proxy but where it is and what it speaks."""
    return new.details is None and new.password is None and _are_bare(new.labels)


@lru_cache(maxsize=4096)
def _are_bare(labels: Labels) -> bool:
    return replace(labels, source=None) == PLAIN_LABELS


def gathered(stored: Proxy, new: Proxy, *, overrule: bool) -> Proxy:
    """What is to be stored after a free source named a proxy again: its claims are collected, and what was unknown is
    filled in. `overrule` lets the new scheme, and the source that named it, win.
    """
    kept = stored.details.protocols if stored.details else ()
    known = claims(stored.scheme, kept)
    told = claims(new.scheme, new.details.protocols if new.details else ())
    details = merged_details(new.details, stored.details)
    protocols = kept if set(told) <= set(known) else collected(known, told)
    if details is not None or protocols:
        details = replace(details or PLAIN_DETAILS, protocols=protocols)
    labels = merged_labels(new.labels, stored.labels)
    if overrule and new.labels.source is not None:
        labels = replace(labels, source=new.labels.source)
    return replace(
        stored,
        scheme=new.scheme if overrule else stored.scheme,
        password=new.password if stored.password is None else stored.password,
        labels=labels,
        details=None if details == PLAIN_DETAILS else details,
    )


def _told(new: Labels | Details, plain: Labels | Details) -> dict[str, Any]:  # Any: fields of many types, by name
    told = {field.name: getattr(new, field.name) for field in fields(plain)}
    return {name: value for name, value in told.items() if value != getattr(plain, name)}


def taken(proxy: Proxy) -> str:
    """The line of `DuplicateProxy` for an identity that another record has."""
    user = "" if proxy.username is None else f" with user name {proxy.username!r}"
    return f"another proxy is already {proxy.address}{user}; remove one of the two"
