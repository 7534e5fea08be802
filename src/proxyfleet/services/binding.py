"""Binds traffic to proxies: sessions of the gateway as leases, and leases that their holders use (SPEC G5, rules 2 and 12).

A session is a lease held by its user under the label `session NAME`, so it counts against capacity, is listed, renewed
and released like any other, and is the same on every node of the fleet. Looking one up costs no store; beginning or
moving one waits for a commit, once for all who want it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, cast

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import SESSION, Holder, Lease, Token
from proxyfleet.core.orders import LONGEST
from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import Selector
from proxyfleet.ports.bonds import Bond, SessionAsk
from proxyfleet.services.leasing import Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.tasks import Tasks
from proxyfleet.wire.lease_pass import opens

log = logging.getLogger("proxyfleet.sessions")

MOST_SESSIONS: Final = 65_536
SPARE: Final = 1.25
"""A session's lease runs this much longer than the session, so that not every use has to prolong it."""
AGAIN: Final = 1.0
"""Seconds after which prolonging is tried again while the store is away."""
AWAY: Final = 5.0
UNFINISHED: Final = Refusal("store_away", "the session could not be begun; try again", AWAY)


class Session:
    """What this node remembers of one session: its last lease, when it was used, when to try to prolong it again."""

    __slots__ = ("prolonging", "proxy_id", "token", "used")

    def __init__(self) -> None:
        self.token: Token | None = None
        self.proxy_id = 0
        self.used = 0.0
        self.prolonging = 0.0


class Binding:
    """Implements `ports.Bonds` over a node's leasing. `key` is the fleet's lease key; call from one loop."""

    def __init__(self, leasing: Leasing, key: bytes, clock: Clock) -> None:
        self._leasing = leasing
        self._key = key
        self._clock = clock
        self._known: dict[Holder, Session] = {}
        self._beginning: dict[Holder, asyncio.Future[Bond | Refusal]] = {}
        self._tasks = Tasks()

    # sessions -----------------------------------------------------------------------------------------------------

    def find(self, ask: SessionAsk) -> Bond | None:
        """See `ports.Bonds`."""
        now = self._clock()
        holder = _holder(ask)
        session = self._known.get(holder)
        lease = None
        if session is not None and session.token is not None:
            lease = self._leasing.table.find(session.token, now)
        if lease is None:
            lease = self._leasing.table.session(holder, now)
        if lease is None:
            return None
        session = session or self._remember(holder)
        self._use(session, lease, now)
        if lease.expires - now < ask.ttl and session.prolonging <= now:
            session.prolonging = now + AGAIN
            self._tasks.spawn(self._prolong(session, lease, ask.ttl), name="session renewal")
        return _bond(lease)

    def last(self, ask: SessionAsk) -> int | None:
        """See `ports.Bonds`."""
        session = self._known.get(_holder(ask))
        if session is None or not session.proxy_id or self._clock() - session.used > ask.ttl:
            return None
        return session.proxy_id

    def _use(self, session: Session, lease: Lease, now: float) -> None:
        session.token = Token(lease.pool, lease.slot, lease.fence)
        session.proxy_id = lease.proxy_id
        session.used = now

    def _remember(self, holder: Holder) -> Session:
        while len(self._known) >= MOST_SESSIONS:
            del self._known[next(iter(self._known))]
        session = self._known[holder] = Session()
        return session

    async def _prolong(self, session: Session, lease: Lease, ttl: float) -> None:
        token = Token(lease.pool, lease.slot, lease.fence)
        try:
            await self._leasing.renew(token, lease.holder.principal, _lasting(ttl))
            session.prolonging = 0.0
        except ClaimRefused as refused:
            log.info("action=renew lease=%s code=%s", lease.id, refused.code)
        except FleetError as error:
            log.warning("action=renew lease=%s error=%s", lease.id, error)

    async def begin(self, ask: SessionAsk, instead_of: Bond | None = None, only: int | None = None) -> Bond | Refusal:
        """See `ports.Bonds`."""
        holder = _holder(ask)
        waiting = self._beginning.get(holder)
        if waiting is None:
            waiting = self._beginning[holder] = asyncio.get_running_loop().create_future()
            work = self._tasks.spawn(self._begin(holder, ask, instead_of, only), name="session begin")
            work.add_done_callback(partial(self._settle, holder, waiting))
        # Whoever gives up waiting does not end it for the others.
        return await asyncio.shield(waiting)

    def _settle(self, holder: Holder, waiting: "asyncio.Future[Bond | Refusal]", work: "asyncio.Task[object]") -> None:
        del self._beginning[holder]
        ended_well = not work.cancelled() and work.exception() is None
        waiting.set_result(cast("Bond | Refusal", work.result()) if ended_well else UNFINISHED)

    async def _begin(self, holder: Holder, ask: SessionAsk, old: Bond | None, only: int | None) -> Bond | Refusal:
        found = self.find(ask)
        if found is not None and (old is None or found.token != old.token):
            return found  # others have begun or moved it meanwhile
        try:
            if old is not None:
                await self._let_go(holder, old)
            return await self._claim(holder, ask, old, only)
        except ClaimRefused as refused:
            return Refusal(refused.code, str(refused), refused.retry_after or 1.0)
        except FleetError as error:
            log.warning("action=session error=%s", error)
            return Refusal("store_away", str(error), AWAY)

    async def _let_go(self, holder: Holder, old: Bond) -> None:
        token = Token.parse(old.token)
        try:
            if token is not None:
                await self._leasing.release(token, holder.principal)
        except ClaimRefused:
            pass  # it has ended by itself, or somebody else was quicker

    async def _claim(self, holder: Holder, ask: SessionAsk, old: Bond | None, only: int | None) -> Bond | Refusal:
        session = self._known.get(holder) or self._remember(holder)
        selector = ask.selector
        if old is not None and not old.exit:
            selector = selector.narrowed(Selector(exclude=(old.proxy_id,)))
        # All nodes that know the same last lease ask under the same key, and so get the same next one.
        key = f"{holder.label} after {session.token or ''}"
        wanted = Wanted(
            holder,
            selector,
            ttl=_lasting(ask.ttl),
            key=key,
            strategy=ask.strategy,
            target=ask.target,
            proxies=() if only is None else (only,),
        )
        try:
            grant = await self._leasing.acquire(wanted)
        except ClaimRefused as refused:
            if refused.code not in ("key_spent", "key_conflict"):
                raise
            grant = await self._leasing.acquire(replace(wanted, key=None))
        if not grant.handouts:
            raise grant.refusal or ClaimRefused("none_eligible")
        lease = grant.handouts[0].lease
        self._use(session, lease, self._clock())
        return _bond(lease)

    # leases -------------------------------------------------------------------------------------------------------

    def lease(self, token: str, user: str | None) -> Bond | None:
        """See `ports.Bonds`."""
        named = Token.parse(token)
        lease = None if named is None else self._leasing.table.find(named, self._clock())
        if lease is None or (user is not None and lease.holder.principal != user):
            return None
        return _bond(lease)

    def opens(self, token: str, password: str) -> bool:
        """See `ports.Bonds`."""
        return opens(self._key, token, password)

    def watch(self, token: str, told: Callable[[], None]) -> None:
        """See `ports.Bonds`."""
        named = Token.parse(token)
        if named is None:
            told()
        else:
            self._leasing.watch(named, told)

    def unwatch(self, token: str, told: Callable[[], None]) -> None:
        """See `ports.Bonds`."""
        named = Token.parse(token)
        if named is not None:
            self._leasing.unwatch(named, told)

    async def close(self) -> None:
        """End what is being begun or prolonged."""
        await self._tasks.close()


def _holder(ask: SessionAsk) -> Holder:
    return Holder(ask.user, SESSION + ask.session)


def _lasting(ttl: float) -> float:
    return min(LONGEST, ttl * SPARE + 1.0)


def _bond(lease: Lease) -> Bond:
    return Bond(lease.proxy_id, lease.token, lease.session)
