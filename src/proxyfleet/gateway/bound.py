"""The way of a request whose proxy is not picked but given: by its session or by the lease that its user shows (SPEC G5).

A session stays with its proxy while that fits, moves once when the proxy turns out to be dead, and says so; a pinned one
and a lease never go elsewhere. What travels under a lease is cut within a second of its end (R3).
"""

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.picking import Refusal
from proxyfleet.gateway.access import LEASEHOLDER
from proxyfleet.gateway.blame import Blame
from proxyfleet.gateway.refusals import retry_after
from proxyfleet.gateway.routes import Route
from proxyfleet.ports.bonds import Bond, Bonds, SessionAsk
from proxyfleet.wire.dialects import Exit

if TYPE_CHECKING:
    from proxyfleet.gateway.context import Swept
    from proxyfleet.gateway.errand import Errand
    from proxyfleet.gateway.terms import Terms

log = logging.getLogger("proxyfleet.gateway")

MOVED = b"X-Proxyfleet-Session: moved\r\n"
ANYBODY = "anonymous"
"""Whose sessions those are that begin where there are no users."""
DEAD = frozenset({Category.CONNECT, Category.PROTOCOL, Category.AUTHENTICATION, Category.QUOTA})


class Ties:
    """What lives under which lease; cut when the lease ends."""

    def __init__(self, bonds: Bonds) -> None:
        self.bonds = bonds
        self.cut = 0
        self._under: dict[str, set[Swept]] = {}
        self._told: dict[str, partial[None]] = {}

    def tie(self, token: str, swept: "Swept") -> bool:
        """It is to end with the lease; at once, and False, if that does not run any more."""
        under = self._under.get(token)
        if under is None:
            self._under[token] = {swept}
            told = self._told[token] = partial(self._ended, token)
            self.bonds.watch(token, told)
        else:
            under.add(swept)
        return token in self._under

    def untie(self, token: str, swept: "Swept") -> None:
        """It has ended by itself."""
        under = self._under.get(token)
        if under is None:
            return
        under.discard(swept)
        if not under:
            del self._under[token]
            self.bonds.unwatch(token, self._told.pop(token))

    def _ended(self, token: str) -> None:
        self._told.pop(token, None)
        for swept in self._under.pop(token, ()):
            self.cut += 1
            swept.abort()


class Bound:
    """Goes with an errand. `bond` is what it is bound to at the moment; `asking` that a commit is being waited for."""

    __slots__ = ("_asking", "_bonds", "_errand", "_moved", "_ties", "bond")

    def __init__(self, errand: "Errand", ties: Ties) -> None:
        self._errand = errand
        self._ties = ties
        self._bonds = ties.bonds
        self._asking: asyncio.Task[object] | None = None
        self._moved = False
        self.bond: Bond | None = None

    @property
    def asking(self) -> bool:
        """Whether the session is being begun or moved."""
        return self._asking is not None

    def go(self) -> None:
        """To the proxy that the session or the lease says."""
        errand, terms = self._errand, self._errand.terms
        if terms.lease is not None:
            bond = self._bonds.lease(terms.lease, None if terms.user is LEASEHOLDER else principal(terms))
            if bond is None:
                errand.refuse("lease_ended")
            else:
                self._use(bond)
            return
        ask = ask_of(terms, errand.target)
        bond = self._bonds.find(ask)
        if bond is None:
            self._begin(ask)
        elif self._stands(bond):
            self._use(bond)
        elif terms.pinned:
            errand.refuse("session_stuck")
        else:
            self._move(ask, bond)

    def _stands(self, bond: Bond) -> bool:
        ctx, terms = self._errand.ctx, self._errand.terms
        now = ctx.clock()
        if ctx.fleet.repick(bond.proxy_id, terms.selector, now) is not None:
            return True
        return terms.elsewhere is not None and ctx.fleet.repick(bond.proxy_id, terms.elsewhere, now) is not None

    def _begin(self, ask: SessionAsk) -> None:
        """A new session; a pinned one that has lost its lease may only have its old proxy again."""
        only = self._bonds.last(ask) if self._errand.terms.pinned else None
        self._ask(self._somewhere(ask, None, only))

    def _move(self, ask: SessionAsk, away: Bond) -> None:
        self._moved = True
        ctx = self._errand.ctx
        ctx.counters.sessions_moved += 1
        log.info("action=move_session user=%s from=%d", ask.user, away.proxy_id)
        self._ask(self._somewhere(ask, away, None))

    async def _somewhere(self, ask: SessionAsk, away: Bond | None, only: int | None) -> Bond | Refusal:
        """Where the exit is wanted; if nobody is there, at a provider that can be told."""
        found = await self._bonds.begin(ask, away, only)
        elsewhere = self._errand.terms.elsewhere
        if isinstance(found, Bond) or elsewhere is None or found.code == "store_away":
            return found
        return await self._bonds.begin(ask._replace(selector=elsewhere), away, only)

    def _ask(self, coming: Coroutine[object, object, Bond | Refusal]) -> None:
        errand = self._errand
        errand.client.deadline = errand.ctx.timer() + errand.ctx.timers.dial
        self._asking = errand.ctx.tasks.spawn(self._answer(coming), name="gateway-session")

    async def _answer(self, coming: Coroutine[object, object, Bond | Refusal]) -> None:
        answer = await coming
        self._asking = None
        errand = self._errand
        if isinstance(answer, Bond):
            if errand.terms.pinned and not self._stands(answer):
                errand.refuse("session_stuck")
            else:
                self._use(answer)
        elif answer.code == "store_away":
            errand.refuse("session_store_away", retry_after(answer.retry_after))
        else:
            log.debug("action=refuse code=no_proxy reason=%s", answer.code)
            errand.refuse("session_stuck" if errand.terms.pinned else "no_proxy", retry_after(answer.retry_after))

    def _use(self, bond: Bond) -> None:
        errand = self._errand
        if self._ties.tie(bond.token, errand.client):
            self.bond = bond
            errand.go_through(bond.proxy_id)

    @property
    def exit(self) -> Exit:
        """Which exit of a rotating endpoint: one of ours is one of theirs."""
        terms, bond = self._errand.terms, self.bond
        name = "" if bond is None else bond.exit
        return terms.exit._replace(session=name, ttl=terms.ttl if terms.session is not None else 0.0)

    def said(self, route: Route) -> Route:
        """The route, which tells the client when its session has moved."""
        return route.saying(MOVED) if self._moved else route

    @property
    def may_move(self) -> bool:
        """Whether it may go to another proxy or exit; once per request."""
        terms = self._errand.terms
        return terms.session is not None and not terms.pinned and not self._moved

    def elsewhere(self, blame: Blame) -> bool:
        """The attempt has failed: whether the session moves on to another proxy, where the request will be tried again."""
        bond, terms = self.bond, self._errand.terms
        self.let_go()
        if bond is None or not self.may_move or not _is_dead(blame, bond):
            return False
        self._move(ask_of(terms, self._errand.target), bond)
        return True

    def let_go(self) -> None:
        """The request is over, or waits no longer."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
        bond, self.bond = self.bond, None
        if bond is not None:
            self._ties.untie(bond.token, self._errand.client)


def ask_of(terms: "Terms", target: str | None = None) -> SessionAsk:
    """The session of these terms."""
    return SessionAsk(principal(terms), terms.session or "", terms.selector, terms.ttl, terms.strategy, target)


def principal(terms: "Terms") -> str:
    """Who holds sessions and leases begun on these terms."""
    return ANYBODY if terms.user is None else terms.user.name


def _is_dead(blame: Blame, bond: Bond) -> bool:
    """A proxy that answers, and could not reach the target, is not dead; the exit of a rotating endpoint is then."""
    if blame.category is Category.NETWORK:
        return bool(bond.exit) or blame.code == "proxy_closed"
    if blame.category is Category.TIMEOUT:
        return bool(bond.exit) or blame.phase is not Phase.EXCHANGE
    return blame.category in DEAD
