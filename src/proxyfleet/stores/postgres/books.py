"""The books of claims as far as they were read from PostgreSQL, and what a decision has made of them. Runs no statement.

What is asked for and was not read is noted in `missing` and answered with a guess: the decision is then worth nothing, but it
has told what else to read. Every row keeps the revision it was read with, so that writing can tell whether it is still that.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxyfleet.core.lease import Hold, Lease, Token
from proxyfleet.core.orders import Claim, GiveBack, Order, Reassign, Release, Renew, Sweep, Take
from proxyfleet.stores.claim_rows import Row, hold_from, lease_from, terms_of
from proxyfleet.stores.deciding import Pair, Remembered, Terms
from proxyfleet.stores.memory_claims import fits

Slot = tuple[int, int]
NEVER = -1
"""The revision of a row that is not there; the first one that is written is 0."""


@dataclass
class Wants:
    """What is to be read. `tokens` are slots of which the pair and the terms are wanted too, `crowded` pools only beyond
    their capacity, `exits` those behind them with what runs there. `shared`: also which exits the proxies have has to stay as
    it is; `alone`: that was not all that has to.
    """

    slots: set[Slot] = field(default_factory=set)
    tokens: set[Slot] = field(default_factory=set)
    pools: set[int] = field(default_factory=set)
    crowded: set[int] = field(default_factory=set)
    proxies: set[int] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)
    exits: set[str] = field(default_factory=set)
    sweeps: list[Sweep] = field(default_factory=list)
    shared: bool = False
    alone: bool = False

    def add(self, more: "Wants") -> None:
        """These as well."""
        for name in ("slots", "tokens", "pools", "crowded", "proxies", "pairs", "keys", "exits"):
            getattr(self, name).update(getattr(more, name))

    def __bool__(self) -> bool:
        return any((self.slots, self.pools, self.proxies, self.pairs, self.keys, self.exits))


def wants_of(orders: Iterable[Order], *, refused: bool = False) -> Wants:
    """What deciding will need at least; where first candidates are known to be `refused`, the rest of their pools as well."""
    wants = Wants()
    for order in orders:
        if isinstance(order, Claim):
            _want_claim(order, wants)
            if refused and order.candidates and not order.candidates[0].rotating:
                wants.pools.add(order.candidates[0].pool)
        elif isinstance(order, Renew | Release | Reassign):
            wants.tokens.add((order.token.pool, order.token.slot))
        elif isinstance(order, Take | GiveBack):
            wants.pairs.add((order.proxy_id, order.resource, order.session))
            wants.proxies.add(order.proxy_id)
        else:
            wants.sweeps.append(order)
    wants.slots |= wants.tokens
    return wants


def _want_claim(order: Claim, wants: Wants) -> None:
    wants.shared = wants.shared or order.share_exits
    if order.key is not None:
        wants.keys.add((order.holder.principal, order.key))
    for candidate in order.candidates:
        wants.slots.add((candidate.pool, candidate.slot))
        wants.crowded.add(candidate.pool)
        wants.proxies.update((candidate.pool, candidate.proxy_id))
        if order.resource is not None and not candidate.rotating:
            wants.pairs.add((candidate.proxy_id, order.resource, ""))


class Found(NamedTuple):
    """What was read at one instant: the clock, the generation of terms, what fences count from, and rows by their kind."""

    now: float
    generation: int
    base: int
    leases: Sequence[Row]
    terms: Sequence[Row]
    holds: Sequence[Row]
    keys: Sequence[Row]
    exits: Sequence[Row] = ()


class ReadBooks:
    """`deciding.Books` over what was found. `leases`, `holds` and `keys` are what was put since, by their keys."""

    def __init__(self, wants: Wants, found: Found) -> None:
        self.base = found.base
        self.missing = Wants()
        self.leases: dict[Slot, Lease] = {}
        self.holds: dict[Pair, Hold] = {}
        self.keys: dict[tuple[str, str], Remembered] = {}
        self._wants = wants
        self._terms = {row[0]: terms_of(tuple(row[1:6])) for row in found.terms}
        self._addresses: dict[int, str | None] = {row[0]: row[5] for row in found.terms}
        self._exits: dict[str, set[int]] = {}
        for exit_address, proxy_id in found.exits:
            self._exits.setdefault(exit_address, set()).add(proxy_id)
        self._read = wants.pools.union(*self._exits.values())
        self._rows: dict[int, dict[int, Lease]] = {}
        for row in found.leases:
            self._rows.setdefault(row[0], {})[row[1]] = lease_from(row)
        self._holds = {(row[0], row[1], row[2]): hold_from(row) for row in found.holds}
        self._keys = {(row[0], row[1]): _remembered(row) for row in found.keys}
        self._revisions: dict[Slot | Pair, int] = {(row[0], row[1]): row[10] for row in found.leases}
        self._revisions.update(((row[0], row[1], row[2]), row[10]) for row in found.holds)
        self._expires = {(row[0], row[1]): row[9] for row in found.leases}
        named = (self._rows.get(pool, {}).get(slot) for pool, slot in wants.tokens)
        self._pairs = wants.pairs | {(row.proxy_id, row.resource or "", row.session) for row in named if row}

    def terms(self, proxy_id: int) -> Terms | None:
        """What the inventory says of the proxy."""
        terms = self._terms.get(proxy_id)
        if terms is None and proxy_id not in self._wants.proxies:
            self.missing.proxies.add(proxy_id)
        return terms

    def behind(self, exit_address: str) -> Collection[int]:
        """The proxies behind that exit. Where there are several, writing cannot tell whether all of that is still so."""
        if exit_address not in self._wants.exits:
            self.missing.exits.add(exit_address)
        ids = self._exits.get(exit_address, ())
        self._wants.alone = self._wants.alone or len(ids) > 1
        return ids

    def slot(self, pool: int, slot: int) -> Lease | None:
        """The last lease of that slot."""
        lease = self._rows.get(pool, {}).get(slot)
        if lease is None and (pool, slot) not in self._wants.slots and pool not in self._wants.pools:
            self.missing.slots.add((pool, slot))
        return lease

    def running(self, pool: int, first: int, now: float) -> Sequence[Lease]:
        """Running leases from that slot on. Those beyond the capacity were read, of others only what was asked for."""
        terms = self._terms.get(pool)
        beyond = pool in self._wants.crowded and terms is not None and first >= terms.capacity
        if not beyond and pool not in self._read:
            self.missing.pools.add(pool)
            return ()
        rows = self._rows.get(pool, {})
        return [rows[slot] for slot in sorted(rows) if slot >= first and rows[slot].expires > now]

    def put(self, lease: Lease) -> None:
        """The slot's row."""
        self._rows.setdefault(lease.pool, {})[lease.slot] = self.leases[lease.pool, lease.slot] = lease

    def hold(self, pair: Pair) -> Hold | None:
        """The pair's row."""
        hold = self._holds.get(pair)
        if hold is None and pair not in self._pairs:
            self.missing.pairs.add(pair)
        return hold

    def put_hold(self, hold: Hold) -> None:
        """The pair's row."""
        self._holds[hold.pair] = self.holds[hold.pair] = hold

    def recall(self, principal: str, key: str) -> Remembered | None:
        """What the key was used for."""
        return self._keys.get((principal, key))

    def remember(self, principal: str, key: str, what: Remembered) -> None:
        """Keep it for repeats."""
        self._keys[principal, key] = self.keys[principal, key] = what

    def matching(self, sweep: Sweep, now: float) -> Sequence[Lease]:
        """The running leases that fit."""
        rows = (row for pool in self._rows.values() for row in pool.values())
        return sorted((row for row in rows if row.expires > now and fits(sweep, row)), key=lambda row: row.key)

    def revision(self, key: Slot | Pair) -> int:
        """The revision that the row gets by being written."""
        return self._revisions.get(key, NEVER) + 1

    def exits(self) -> tuple[list[int], list[str | None], list[str], int]:
        """What has to stay as it is of exits, unless nobody else may write: proxies and theirs, and how many are behind them."""
        if not self._wants.shared or self._wants.alone:
            return [], [], [], 0
        behind = sum(len(self._exits.get(exit_address, ())) for exit_address in self._wants.exits)
        return [*self._addresses], [*self._addresses.values()], [*self._wants.exits], behind

    def deadline(self, now: float) -> float:
        """The soonest expiry of a running lease that was changed: past it, the decision would come too late."""
        before = (self._expires.get(slot, 0.0) for slot in self.leases)
        return min((expires for expires in before if expires > now), default=float("inf"))


def _remembered(row: Row) -> Remembered:
    return Remembered(row[2], tuple(Token(*token) for token in json.loads(row[3])), row[4])
