"""A leased proxy as programs use it: where it is, how to log in, until when to rely on it. Renews itself while it is held."""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Lease, Token
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Proxy
from proxyfleet.pool.use import category_of
from proxyfleet.services.exporting import url_of
from proxyfleet.services.leasing import Handout, Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.tasks import Tasks

log = logging.getLogger("proxyfleet.leasing")

EARLY: Final = 0.4
"""A lease is renewed when this share of its time has passed."""
AGAIN: Final = 1.0
"""Seconds after which a renewal is tried again while the store is away."""


class LeasedProxy:
    """`proxy_url` goes there directly, which is exclusive by agreement only; `gateway_url` is enforced by the gateway.

    `deadline` is the last instant of `time.monotonic()` at which to rely on it. Neither URL is in `repr`.
    """

    def __init__(self, proxy: Proxy, handout: Handout, gateway_url: Callable[[Lease], str | None]) -> None:
        self.proxy = proxy
        self.handout = handout
        self._gateway_url = gateway_url

    @property
    def lease(self) -> Lease:
        """The lease as it stands."""
        return self.handout.lease

    @property
    def token(self) -> str:
        """`17x3.42`: what renews and releases it."""
        return self.handout.lease.token

    @property
    def deadline(self) -> float:
        """`time.monotonic()` until which it may be relied on."""
        return self.handout.deadline

    @property
    def proxy_url(self) -> str:
        """`scheme://user:password@host:port` of the proxy itself."""
        return url_of(self.proxy, passwords=True)

    @property
    def gateway_url(self) -> str | None:
        """The same proxy through the gateway, where the lease is checked; None where no gateway is known."""
        return self._gateway_url(self.handout.lease)

    @property
    def server(self) -> str:
        """`scheme://host:port` without credentials."""
        return self.proxy.address

    @property
    def username(self) -> str | None:
        """User name at the proxy."""
        return self.proxy.username

    @property
    def password(self) -> str | None:
        """Password at the proxy."""
        return None if self.proxy.password is None else self.proxy.password.reveal()

    def to_playwright_config(self) -> dict[str, str]:
        """What Playwright's `proxy=` takes."""
        config = {"server": self.server}
        if self.username is not None:
            config |= {"username": self.username, "password": self.password or ""}
        return config

    def __repr__(self) -> str:
        return f"LeasedProxy({self.server!r}, lease={self.token!r})"


Make = Callable[[Handout], LeasedProxy]


class LeaseContext:
    """`async with fleet.lease(...) as proxy:` waits for a lease, keeps it renewed, gives it back however the body ends.

    Raises `ClaimRefused` when there is none. When it is lost while the body runs (the operator released it, the store was
    away for too long), the body is cancelled and `ClaimRefused` is raised in its place.
    """

    def __init__(
        self,
        leasing: Leasing,
        wanted: Wanted,
        timer: Clock,
        make: Make,
        *,
        learn: Clock | None,
        handout: Handout | None = None,
    ) -> None:
        """`handout` is a lease that was acquired before."""
        self._leasing = leasing
        self._wanted = wanted
        self._timer = timer
        self._make = make
        self._learn = learn
        self._handout = handout
        self._tasks = Tasks()
        self._proxy: LeasedProxy | None = None
        self._body: asyncio.Task[object] | None = None
        self._lost: FleetError | None = None

    async def __aenter__(self) -> LeasedProxy:
        handout = self._handout
        if handout is None:
            grant = await self._leasing.acquire(self._wanted)
            if not grant.handouts:
                raise grant.refusal or ClaimRefused("none_eligible")
            handout = grant.handouts[0]
        self._proxy = self._make(handout)
        self._body = asyncio.current_task()
        self._tasks.spawn(self._keep(self._proxy), name="lease renewal")
        return self._proxy

    async def _keep(self, proxy: LeasedProxy) -> None:
        """Renew until cancelled; a lease that ends by others' doing ends the body."""
        ended = asyncio.Event()
        token = _token(proxy.lease)
        self._leasing.watch(token, ended.set)
        try:
            while True:
                try:
                    async with asyncio.timeout(EARLY * self._wanted.ttl):
                        await ended.wait()
                    raise ClaimRefused("lease_ended")
                except TimeoutError:
                    await self._renew(proxy, token)
        except FleetError as error:
            self._lost = error
            if self._body is not None:
                self._body.cancel()
        finally:
            self._leasing.unwatch(token, ended.set)

    async def _renew(self, proxy: LeasedProxy, token: Token) -> None:
        while True:
            try:
                proxy.handout = await self._leasing.renew(token, proxy.lease.holder.principal, self._wanted.ttl)
                return
            except ClaimRefused:
                raise
            except FleetError as error:
                if self._timer() + AGAIN >= proxy.deadline:
                    raise
                log.warning("action=renew lease=%s error=%s", proxy.lease.id, error)
                await asyncio.sleep(AGAIN)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        proxy, self._proxy = self._proxy, None
        await self._tasks.close()
        if proxy is None:
            return
        if self._lost is not None:
            if self._body is not None and isinstance(error, asyncio.CancelledError):
                self._body.uncancel()
                raise self._lost from None
            return
        self._record(proxy, error)
        try:
            await asyncio.shield(self._leasing.release(_token(proxy.lease), proxy.lease.holder.principal))
        except FleetError as problem:
            log.warning("action=release lease=%s error=%s", proxy.lease.id, problem)

    def _record(self, proxy: LeasedProxy, error: BaseException | None) -> None:
        """A failure that is the proxy's counts; how long a body took says nothing about its response time."""
        category = None if error is None else category_of(error)
        if category is not None and self._learn is not None:
            self._leasing.fleet.record(proxy.proxy.id, Outcome.failed(category), self._learn())


def _token(lease: Lease) -> Token:
    return Token(lease.pool, lease.slot, lease.fence)
