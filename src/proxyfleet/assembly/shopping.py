"""Opens the accounts of the settings at their providers, and puts the services of buying together for each. Decides nothing."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Final, NamedTuple

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.events import Event
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Item
from proxyfleet.core.selector import Selector
from proxyfleet.core.settling import TAG, identity_of
from proxyfleet.ports import Store
from proxyfleet.services.accounts import Account, BuyingFailed
from proxyfleet.services.buying import Buying
from proxyfleet.services.inventory import fill
from proxyfleet.services.read_models import matching
from proxyfleet.services.reconciling import Reconciling
from proxyfleet.services.syncing import Holdings, Syncing
from proxyfleet.settings.accounts import PROVIDERS
from proxyfleet.settings.load import variable
from proxyfleet.settings.schema_buying import ProviderSection
from proxyfleet.vault.errors import VaultError
from proxyfleet.vault.keysource import read_key_file

if TYPE_CHECKING:
    import ssl

    from proxyfleet.ports.calling import Call

Note = Callable[[Event], None]
Sleep = Callable[[float], Awaitable[object]]
TAG_BYTES: Final = 8


class Counter(NamedTuple):
    """One account, ready to be dealt with."""

    section: ProviderSection
    account: Account
    buying: Buying
    reconciling: Reconciling
    syncing: Syncing


class Shopping:
    """`note` gets what happens; `holdings` tells what the fleet has of a provider, by default as the store holds it."""

    def __init__(
        self,
        sections: "dict[str, ProviderSection]",
        store: Store,
        note: Note,
        *,
        clock: Clock = wall_clock,
        sleep: Sleep = asyncio.sleep,
        holdings: Holdings | None = None,
    ) -> None:
        self.sections = sections
        self._store = store
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._tls: ssl.SSLContext | None = None
        self._holdings = holdings or self._stored

    def section(self, name: str) -> ProviderSection:
        """What the settings say of a provider. Raises `BuyingFailed`."""
        if name not in self.sections:
            known = ", ".join(self.sections) or "none is set up; write [providers.NAME] into the settings file"
            raise BuyingFailed("unknown_provider", f"there is no provider {name[:40]!r}; there is: {known}")
        return self.sections[name]

    @asynccontextmanager
    async def counters(self, names: Collection[str]) -> AsyncIterator[dict[str, Counter]]:
        """These accounts over connections of their own. Raises `BuyingFailed` and `BadProvider`."""
        keys = {name: key_of(name, self.section(name)) for name in names}
        if not keys:  # nothing to load, nobody to call
            yield {}
            return
        if self._tls is None:
            self._tls = await tls_context()
        async with calls(self._tls) as call:
            yield {name: self._counter(name, key, call) for name, key in keys.items()}

    def _counter(self, name: str, key: str, call: "Call") -> Counter:
        from proxyfleet.providers.registry import open_provider  # only who buys pays for loading it

        section = self.sections[name]
        provider = open_provider(section.kind, name, key, call, section.options, self._clock, sleep=self._sleep)
        account = Account(provider, section.budget)
        buying = Buying(account, self._store.purchase_book, self._store, self._clock, self._note)
        syncing = Syncing(account, self._store, self._store, self._holdings, self._note)
        return Counter(section, account, buying, Reconciling(buying), syncing)

    async def _stored(self, name: str) -> list[Proxy]:
        return [one async for page in self._store.proxies() for one in page if one.labels.provider == name]


def key_of(name: str, section: ProviderSection) -> str:
    """The key of an account, from its variable or its file. Raises `BuyingFailed`."""
    if section.key is not None:
        return section.key.reveal()
    if section.key_file:
        try:
            return read_key_file(Path(section.key_file).expanduser()).strip()
        except VaultError as error:
            raise BuyingFailed("no_key", f"provider {name}: {error}") from None
    remedy = f"set {variable(f'{PROVIDERS}.{name}.key')}, or `key_file` in [{PROVIDERS}.{name}]"
    raise BuyingFailed("no_key", f"the key of provider {name} is not known; {remedy}")


async def tls_context() -> "ssl.SSLContext":
    """Reads a file of certificates for some 30 ms, which the loop need not wait for."""
    import httpx  # a tenth of a second that only who buys pays

    return await asyncio.to_thread(httpx.create_ssl_context)


@asynccontextmanager
async def calls(tls: "ssl.SSLContext") -> "AsyncIterator[Call]":
    """How providers are called. The addresses are their owner's own words, so private ones are fine; nothing is followed."""
    from proxyfleet.net.calling import FRESH, Calls
    from proxyfleet.net.checked import CheckedTransport
    from proxyfleet.net.download import ListPolicy

    transport = CheckedTransport(ListPolicy(allow_private=True), limits=FRESH, tls=tls)
    try:
        yield Calls(transport)
    finally:
        await transport.aclose()


def tag_for(name: str, verb: str, key: str | None = None) -> str:
    """A new tag; with a key always the same one, so that a command which is repeated does not buy again."""
    if key is None:
        return f"{TAG}{secrets.token_hex(TAG_BYTES)}"
    told = "\0".join((name, verb, key)).encode("utf-8", "surrogatepass")
    return f"{TAG}{blake2b(told, digest_size=TAG_BYTES).hexdigest()}"


async def named_items(store: Store, selector: str, items: Collection[Item], now: float) -> list[Item]:
    """Those of the listed proxies that the fleet holds and that a selector names. Raises `BadSelector`."""
    wanted, fleet = Selector.parse(selector), FleetState(rng=SystemRandom())
    await fill(fleet, store, now)
    meant = {identity_of(fleet.get(proxy_id)) for proxy_id in matching(fleet, wanted, now)}
    return [one for one in items if identity_of(one.proxy) in meant]
