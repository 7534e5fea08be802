"""What the upper floors need from the world, as Protocols: one page, no code.

Whoever implements one of these lives elsewhere and is introduced by the composition root.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.lease import Hold, Lease
from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.proxy import Endpoint, Proxy
from proxyfleet.core.selector import Selector
from proxyfleet.core.source import Gathered, Ledger, Source, SourceEntry
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.ports.sheet import SheetMemory


@dataclass(frozen=True, slots=True)
class GatewayUser:
    """Somebody who may use the gateway. `key_hash` is what `gateway.keys.hash_key` gave: never the key itself.

    `selector` is the text of what this user may be served from, `clients` are the networks to come from; empty for
    everything. `concurrency` are requests and tunnels at a time, `rate` those begun per second; 0 is no limit.
    """

    name: str
    key_hash: str
    selector: str = ""
    clients: tuple[str, ...] = ()
    concurrency: int = 0
    rate: float = 0.0
    bytes_per_minute: int = 0

    @property
    def limited(self) -> bool:
        """Whether anything has to be counted."""
        return bool(self.concurrency or self.rate or self.bytes_per_minute)


class UserLookup(Protocol):
    """Finds a gateway user by name, from memory: it is asked on the hot path and must not wait."""

    def __call__(self, name: str, /) -> GatewayUser | None:
        """The user, or None when there is nobody of that name."""
        ...


class FleetView(Protocol):
    """What traffic needs of a fleet: choose, count what is in flight, tell how it went. `now` is UTC epoch seconds.

    `begin` and `endpoint` raise `core.errors.UnknownProxy` for ids that are not in the fleet. `edits` grows whenever the
    record of a proxy is changed or removed: until then an endpoint is as it was.
    """

    edits: int

    def pick(
        self,
        selector: Selector,
        now: float,
        *,
        strategy: str | None = None,
        key: str | None = None,
        target: str | None = None,
        exclude: Collection[int] = (),
    ) -> Pick | Refusal:
        """One proxy for one request or tunnel to `target` (a host name in lower case)."""
        ...

    def repick(self, proxy_id: int, selector: Selector, now: float) -> Pick | None:
        """The same proxy once more; None when it is gone, out, resting, or not what is asked for any more."""
        ...

    def begin(self, proxy_id: int, target: str | None = None) -> None:
        """One more request or tunnel to `target` is in flight on that proxy."""
        ...

    def end(self, proxy_id: int, target: str | None = None) -> None:
        """One fewer; exactly once for each `begin`. A proxy that was removed meanwhile is no error."""
        ...

    def record(self, proxy_id: int, outcome: Outcome, now: float, *, end: bool = False) -> object:
        """What one attempt taught; with `end` it is no longer in flight. A proxy that was removed meanwhile is no error;
        whatever it returns is not looked at.
        """
        ...

    def endpoint(self, proxy_id: int) -> Endpoint:
        """Where and how to reach it."""
        ...


class Stored(NamedTuple):
    """What became of one proxy that was to be stored: `verdict` is added, updated or duplicate; `proxy` has its id."""

    verdict: str
    proxy: Proxy


@runtime_checkable
class Recalling(Protocol):
    """An inventory that can tell cheaply of bare lines what it would take `put` long to find out."""

    async def recalled(self, proxies: Sequence[Proxy]) -> set[int]:
        """Positions of those of which `put` would say `duplicate`; those of which that is not cheap to tell are left out."""
        ...


class Wakes(Protocol):
    """Whoever may have changed something without us says so, perhaps."""

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - running out of time is no error here
        """Return when somebody may have changed something, or after `timeout` seconds; for one caller at a time.

        A hint and nothing more: it may come for nothing, and one that is missed costs a delay. What has been changed
        tell `inventory_news` and `claim_news`.
        """
        ...


class Inventory(Wakes, Protocol):
    """Every proxy of a fleet, durably; what is answered has been committed. Identity is `Proxy.identity`, ids start at 1.

    Every method may raise `stores.errors.StoreError`, one line with cause and remedy.
    """

    def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies in batches, by id."""
        ...

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """Store new proxies (their `id` is ignored) and update known identities, all or nothing; one answer each, in order.

        What a new record leaves unset (None, empty) keeps its stored value; `duplicate` means that nothing changed.
        A dry run answers the same and writes nothing.
        """
        ...

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace the records with these ids, whole, all or nothing. Raises `UnknownProxy`, `DuplicateProxy` on identity."""
        ...

    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """Change the records with these ids as they are at that instant, all or nothing; how many of them there are.

        Nobody else's change is lost. `change` may run twice. Raises what it raises, and `DuplicateProxy`.
        """
        ...

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out, with their leases and assignments; how many of the ids there were."""
        ...

    async def some(self, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id, as far as there are any."""
        ...

    async def inventory_news(self, after: str | None) -> "InventoryNews":
        """What has been changed since that position, by whomever; None asks where the feed ends now."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go."""
        ...


class SourceBook(Protocol):
    """Sources, their ledgers, and the proxies that free ones have named. May raise `stores.errors.StoreError`."""

    async def sources(self) -> list[SourceEntry]:
        """Everything kept, by name; a built-in source of which nothing is kept is not among it."""
        ...

    async def put_source(self, source: Source) -> None:
        """Add an own source, or replace its definition; ledger and switch stay."""
        ...

    async def remove_source(self, name: str) -> bool:
        """Forget everything about it; its proxies stay. False when nothing was kept."""
        ...

    async def switch_source(self, name: str, on: bool | None, because: str | None = None) -> None:
        """Switch on or off, or back to nobody's word with None."""
        ...

    async def put_ledger(self, name: str, ledger: Ledger) -> None:
        """Replace the ledger; `alive` is counted by the store and not taken from here."""
        ...

    async def gather(
        self, proxies: Sequence[Proxy], source: str, now: float, *, trusted: bool = True, dry_run: bool = False
    ) -> Gathered:
        """Take in what a free source names, all or nothing: known by host, port and user name, whatever the protocol.

        A known one collects the claimed protocols in `details.protocols` and whatever was unknown of it; a trusted
        source sets the scheme where only untrusted ones have named it. A proxy that no source has named before, its
        owner's, is left alone. A dry run answers the same and writes nothing.
        """
        ...

    async def has_gathered(self, source: str) -> bool:
        """Whether the inventory holds a proxy that this source named."""
        ...

    async def worked(self, stamps: Mapping[int, float]) -> None:
        """Gathered proxies that worked, by id, and when; others are passed over. The first time counts for `alive`."""
        ...

    async def idle(self, before: float, limit: int) -> list[int]:
        """Gathered proxies that are not disabled and neither were added nor have worked since `before`; ids, ascending."""
        ...

    async def retire(self, ids: Sequence[int], before: float) -> int:
        """Take out those of the ids that are still idle and of which no lease, reservation or assignment stands; how many."""
        ...


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job as every node sees it. `every` and `longest` are seconds: between two runs, and for one.

    `result` is "" before the first run. `stalled`: it should have run, or ended, and has not. `last_ok` is when the last run
    that went well began.
    """

    name: str
    every: float
    longest: float
    next_run: float
    started: float | None = None
    took: float | None = None
    result: Literal["", "running", "ok", "failed", "stalled"] = ""
    told: str = ""
    holder: str = ""
    last_ok: float | None = None


class InventoryNews(NamedTuple):
    """`ids` of proxies added, changed or removed; None when there are too many to tell: read all. `users`: they changed."""

    position: str
    ids: frozenset[int] | None
    users: bool


class Standing(NamedTuple):
    """Everything that is claimed at one instant `now` of the store's clock, and the position of the feed at that instant."""

    now: float
    leases: list[Lease]
    holds: list[Hold]
    position: str


class ClaimNews(NamedTuple):
    """Rows of slots and pairs as others have left them, oldest first; in any order they give the same (`lease.later`).

    `complete` False: the feed does not reach back that far, ask for `standing` again.
    """

    now: float
    rows: list[Lease | Hold]
    position: str
    complete: bool


class Claims(Wakes, Protocol):
    """Who holds what: leases, reservations, assignments, decided by the store and its clock (SPEC E, rules 1 to 5).

    What is answered is durable as far as the store says it is. Every method may raise `stores.errors.StoreError`.
    """

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """Decide a batch in order, atomically against all other batches; `node` names who asks, for `claim_news`."""
        ...

    async def standing(self) -> Standing:
        """All running leases and standing holds."""
        ...

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """What other nodes' batches have changed since that position."""
        ...


class Journal(Protocol):
    """Users of the gateway and settings made at run time; events; jobs and what keeps two nodes from one job."""

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        ...

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        ...

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        ...

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name; what a value means is its owner's business."""
        ...

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        ...

    async def add_health(self, sums: Sequence[HealthSum]) -> None:
        """Add what a node has learnt to what is known, faded to now by the store's clock."""
        ...

    async def health_since(self, since: float) -> tuple[float, list[HealthSum]]:
        """The store's instant now, and the sums of proxies that were added to at or after `since`; 0 means all."""
        ...

    async def record_events(self, events: Sequence[Event]) -> None:
        """Keep them, in this order."""
        ...

    async def events(
        self, after: int | None = None, *, limit: int = 1000, kinds: Collection[Happened] = ()
    ) -> list[Recorded]:
        """The next events behind number `after`, oldest first; without `after` the latest ones, oldest first."""
        ...

    async def forget_events(self, before: float, most: int) -> int:
        """Drop those older than the instant `before`, and the oldest beyond `most`; how many."""
        ...

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool:
        """Have the lock for `ttl` seconds from now, by the store's clock; False while somebody else has it.

        Taking it again prolongs it.
        """
        ...

    async def release_lock(self, name: str, holder: str) -> None:
        """Give it back; nothing happens when somebody else has it."""
        ...

    async def jobs(self) -> list[JobRun]:
        """Every job that a node has set up, by name."""
        ...

    async def put_job(self, job: JobRun) -> None:
        """Add or replace."""
        ...


class Store(Inventory, SourceBook, Claims, Journal, Protocol):
    """What a store URL opens: all ports in one place."""

    @property
    def sheet_memory(self) -> SheetMemory:
        """What is remembered of the sheet that mirrors this inventory."""
        ...

    @property
    def purchase_book(self) -> PurchaseBook:
        """Every purchase, from its intent on."""
        ...

    def lease_key(self) -> bytes:
        """32 secret bytes, the same for all nodes of the fleet, from which the passwords of leases are made."""
        ...


@dataclass(slots=True)
class Fetched:
    """One answer. `unchanged`: as when `etag` or `modified` were told; `absent`: status 404; `failed`: `problem` says why.

    `body` may be read once. `again`: the failure may pass, perhaps after `retry_after` seconds. The problem never shows
    credentials of an address.
    """

    outcome: Literal["ok", "unchanged", "absent", "failed"]
    body: Iterator[bytes] = field(default_factory=lambda: iter(()), repr=False)
    etag: str | None = None
    modified: str | None = None
    problem: str = ""
    again: bool = False
    retry_after: float | None = None


class Fetch(Protocol):
    """Gets one address within limits of time, size, redirects and compression; the answer holds within the context."""

    def __call__(
        self, url: str, *, etag: str | None = None, modified: str | None = None
    ) -> AbstractAsyncContextManager[Fetched]:
        """One attempt; what can go wrong is in the answer."""
        ...
