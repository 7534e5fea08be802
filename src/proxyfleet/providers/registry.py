"""Every kind of provider by name, and the one way to open an account. Pure: nothing is sent before the account is asked."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.proxy import Secret
from proxyfleet.ports.buying import Provider
from proxyfleet.ports.calling import Call
from proxyfleet.providers import proxyseller, px6, rest, webshare
from proxyfleet.providers.kind import Account, BadProvider, ProviderKind, Sleep

KINDS: Final[Mapping[str, ProviderKind]] = MappingProxyType(
    {"webshare": webshare.KIND, "px6": px6.KIND, "proxyseller": proxyseller.KIND, "rest": rest.KIND}
)
"""In the order in which they are listed."""


def open_provider(
    kind: str,
    name: str,
    key: str,
    call: Call,
    options: Mapping[str, str],
    clock: Clock,
    *,
    sleep: Sleep = asyncio.sleep,
) -> Provider:
    """The account `name` at a provider of that kind. `clock` is UTC seconds. Raises `BadProvider` for what cannot be."""
    known = KINDS.get(kind)
    if known is None:
        raise BadProvider(f"provider {name}: there is no kind {kind[:40]!r}; use one of: {', '.join(KINDS)}")
    if not key or not key.isascii() or not key.isprintable():
        raise BadProvider(
            f"provider {name}: its key is empty or holds what no key holds; set it as the provider shows it"
        )
    for option in options:
        if not _is_known(option, known.options):
            raise BadProvider(f"provider {name}: {kind} has no option {option!r}; use: {', '.join(known.options)}")
    return known.open(Account(name, Secret(key), call, options, clock, sleep))


def _is_known(option: str, known: Mapping[str, str]) -> bool:
    group, dot, _ = option.partition(".")
    return option in known or bool(dot and f"{group}.*" in known)
