"""The gateway itself: listens, sweeps, drains. Everything that happens on a connection is elsewhere.

gateway = Gateway(fleet, users, clock, GatewaySettings(listen=("127.0.0.1", 8899)))
await gateway.start()
...
await gateway.drain(grace=30.0)
"""

import asyncio
import errno
import ipaddress
import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.gateway.access import Access
from proxyfleet.gateway.client import HttpClient
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.control import ControlConnection
from proxyfleet.gateway.counters import GatewayStats, snapshot
from proxyfleet.gateway.door import keeps_out
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.gateway.exchange import Exchange
from proxyfleet.gateway.flows import Flows
from proxyfleet.gateway.judged import JudgedExchange
from proxyfleet.gateway.settings import Address, GatewaySettings
from proxyfleet.gateway.tls import server_context
from proxyfleet.net.listening import Listening, listen
from proxyfleet.net.poller import TOGETHER, Poller
from proxyfleet.net.trust import Trust
from proxyfleet.ports import FleetView, UserLookup
from proxyfleet.ports.bonds import Bonds
from proxyfleet.ports.uses import Metered

log = logging.getLogger("proxyfleet.gateway")

SWEEP_EVERY = 0.5
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
DESCRIPTOR_SHARE = 0.45
"""A tunnel needs two descriptors; the rest is for files, the store and listeners."""


class Gateway:
    """One listener in front of a fleet. `users` None lets everybody in, which is allowed on loopback only.

    `bonds` None: sessions and leases cannot be used. `clock` is the fleet's time in UTC seconds; `timer` must not jump.
    Call everything from the loop it was started on.
    """

    def __init__(
        self,
        fleet: FleetView,
        users: UserLookup | None,
        clock: Clock,
        settings: GatewaySettings | None = None,
        *,
        bonds: Bonds | None = None,
        timer: Clock = monotonic_clock,
    ) -> None:
        self._settings = settings or GatewaySettings()
        key = secrets.token_bytes(32)
        self._ctx = Context(fleet, self._settings, clock, timer, key, bonds)
        if users is not None:
            self._ctx.access = Access(users, self._settings.limits, timer, key, bonds)
        self._flows = Flows(self._ctx)
        self._servers: list[Listening] = []
        self._poller: Poller | None = None
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen. Raises `GatewayError` or `BadTrust`; then nothing is left open."""
        settings, ctx = self._settings, self._ctx
        self._prepare(settings)
        if settings.own_sockets and Poller.here:
            self._poller = ctx.dialer.poller = Poller(asyncio.get_running_loop())
        try:
            await self._listen(settings.listen, lambda: HttpClient(ctx))
            if settings.control is not None:
                await self._listen(settings.control, lambda: ControlConnection(lambda: self.ready))
        except CannotListen:
            self._stop_listening()
            self._stop_polling()
            raise
        self._know_ourselves()
        self._sweep()

    def _prepare(self, settings: GatewaySettings) -> None:
        """Everything that may be wrong with settings, before anything is changed by them."""
        ctx = self._ctx
        host = settings.listen[0]
        if ctx.access is None and not keeps_out(settings.allow_clients) and not is_loopback(host):
            raise OpenProxyRefused(host)
        tls = None
        if settings.tls_certificate is not None:
            tls = server_context(settings.tls_certificate, settings.tls_key)
        trust = Trust(settings.upstream_ca, verify=settings.upstream_verify)
        if settings.upstream_ca is not None:
            trust.context()
        ctx.keep_to(settings)
        ctx.tls, ctx.trust = tls, trust
        ctx.exchange = JudgedExchange if settings.answer_rules else Exchange
        ctx.door.most = min(settings.limits.connections, _descriptor_bound())

    def _know_ourselves(self) -> None:
        """Our own listening addresses are no destinations."""
        places = self._ctx.places
        for address in (self.address, self.control_address):
            if address is not None:
                places.policy.own |= {address, (socket.gethostname().lower(), address[1])}
        places.forget()

    def apply(self, settings: GatewaySettings) -> None:
        """Other settings while traffic flows; where it listens stays as it is. Raises as `start` does, and changes nothing
        then.
        """
        old = self._settings
        new = replace(settings, listen=old.listen, control=old.control, reuse_port=old.reuse_port)
        self._prepare(new)
        self._settings = new
        self._know_ourselves()
        for living in list(self._ctx.live):
            if isinstance(living, HttpClient):
                living.settings_changed()

    async def _listen(self, address: Address, protocol: Callable[[], asyncio.Protocol]) -> None:
        host, port = address
        try:
            if not 0 <= port <= 65535:
                raise OverflowError  # getaddrinfo may take it modulo 65536
            listening = await listen(protocol, host, port, reuse_port=self._settings.reuse_port, poller=self._poller)
        except (OSError, OverflowError) as error:
            raise _cannot_listen(address, error) from None
        self._servers.append(listening)

    @property
    def sockets(self) -> list[socket.socket]:
        """The listening sockets, the gateway's before the control port's."""
        return [one for server in self._servers for one in server.sockets]

    @property
    def address(self) -> Address:
        """(host, port) that clients use; the real port where 0 was asked for."""
        host, port = self._servers[0].sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def control_address(self) -> Address | None:
        """The same of the control port, None without one."""
        if len(self._servers) < 2:
            return None
        host, port = self._servers[1].sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def ready(self) -> bool:
        """Whether new connections are accepted."""
        return bool(self._servers) and not self._ctx.draining

    def stats(self) -> GatewayStats:
        """What was done so far."""
        counters = self._ctx.counters
        counters.connections_open = self._ctx.door.total
        return snapshot(counters)

    @property
    def meters(self) -> Metered:
        """What users with limits do here."""
        return self._ctx.meters

    def flows(self) -> dict[str, Any]:
        """What flows right now, see `Flows.look`."""
        return self._flows.look()

    def _sweep(self) -> None:
        """One look at every deadline instead of a timer per read."""
        ctx = self._ctx
        now = ctx.timer()
        for swept in [one for one in ctx.live if one.deadline <= now]:
            swept.expired()
        ctx.routes.sweep(now)
        ctx.meters.sweep(now)
        ctx.places.sweep(now)
        if ctx.limits.memory:
            ctx.door.shut = resident_bytes() > ctx.limits.memory
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_EVERY, self._sweep)

    async def drain(self, grace: float) -> None:
        """Accept nothing more, let requests and tunnels end for `grace` seconds, those that have reached us already too, then
        cut what is left. Ends the gateway.
        """
        ctx = self._ctx
        ctx.draining = True
        if self._servers:
            await self._servers.pop(0).drain()
        await self._hear_out()
        for swept in list(ctx.live):
            swept.drain()
        try:
            if ctx.live:
                await asyncio.wait_for(ctx.empty.wait(), grace)
        except TimeoutError:
            log.warning("action=drain cut=%d", len(ctx.live))
        await self.close()

    async def _hear_out(self) -> None:
        """Read what had arrived when we began to end: closing a connection with a request unread would reset it."""
        for _ in range(2 + len(self._ctx.live) // TOGETHER):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End everything now."""
        ctx = self._ctx
        ctx.draining = True
        for listening in self._stop_listening():
            await listening.settled()
        if self._sweeping is not None:
            self._sweeping.cancel()
        for swept in list(ctx.live):
            swept.abort()
        ctx.routes.close()
        if ctx.access is not None:
            ctx.access.close()
        await ctx.tasks.close()
        self._stop_polling()

    def _stop_polling(self) -> None:
        poller, self._poller = self._poller, None
        if poller is not None:
            poller.close()

    def _stop_listening(self) -> list[Listening]:
        """What was listened on."""
        stopped, self._servers = self._servers, []
        for server in stopped:
            server.abort()
        return stopped


def resident_bytes() -> int:
    """Memory of this process; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def is_loopback(host: str) -> bool:
    """Whether listening on `host` is seen by this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _descriptor_bound() -> int:
    try:
        import resource
    except ImportError:
        return 1 << 30
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else max(16, int(soft * DESCRIPTOR_SHARE))


def _cannot_listen(address: Address, error: OSError | OverflowError) -> CannotListen:
    place = f"{address[0]}:{address[1]}"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return CannotListen(f"{place} is taken by another program", "stop that program or choose another port")
    if number == errno.EACCES:
        return CannotListen(f"{place} may not be used by this user", "choose a port above 1023")
    return CannotListen(f"cannot listen on {place}", "choose an address of this machine and a port from 0 to 65535")
