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
import secrets
import socket
from collections.abc import Callable

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.gateway.access import Access
from proxyfleet.gateway.client import ClientConnection
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.control import ControlConnection
from proxyfleet.gateway.counters import GatewayStats, snapshot
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.gateway.settings import Address, GatewaySettings
from proxyfleet.ports import FleetView, UserLookup

log = logging.getLogger("proxyfleet.gateway")

SWEEP_EVERY = 0.5
BACKLOG = 2048
DESCRIPTOR_SHARE = 0.45
"""A tunnel needs two descriptors; the rest is for files, the store and listeners."""


class Gateway:
    """One listener in front of a fleet. `users` None lets everybody in, which is allowed on loopback only.

    `clock` is the fleet's time in UTC seconds; `timer` must not jump. Call everything from the loop it was started on.
    """

    def __init__(
        self,
        fleet: FleetView,
        users: UserLookup | None,
        clock: Clock,
        settings: GatewaySettings | None = None,
        *,
        timer: Clock = monotonic_clock,
    ) -> None:
        self._settings = settings or GatewaySettings()
        key = secrets.token_bytes(32)
        self._ctx = Context(fleet, self._settings, clock, timer, key)
        if users is not None:
            self._ctx.access = Access(users, self._settings.limits, timer, key)
        self._servers: list[asyncio.Server] = []
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen. Raises `OpenProxyRefused` or `CannotListen`; then nothing is left open."""
        settings, ctx = self._settings, self._ctx
        host = settings.listen[0]
        if ctx.access is None and not settings.allow_clients and not is_loopback(host):
            raise OpenProxyRefused(host)
        ctx.door.most = min(settings.limits.connections, _descriptor_bound())
        try:
            await self._listen(settings.listen, lambda: ClientConnection(ctx))
            if settings.control is not None:
                await self._listen(settings.control, lambda: ControlConnection(lambda: self.ready))
        except CannotListen:
            self._stop_listening()
            raise
        for address in (self.address, self.control_address):
            if address is not None:
                ctx.places.policy.own.add(address)
        ctx.places.forget()
        self._sweep()

    async def _listen(self, address: Address, protocol: Callable[[], asyncio.Protocol]) -> None:
        host, port = address
        loop = asyncio.get_running_loop()
        try:
            if not 0 <= port <= 65535:
                raise OverflowError  # as asyncio does; uvloop takes the port modulo 65536
            server = await loop.create_server(
                protocol, host, port, backlog=BACKLOG, reuse_port=self._settings.reuse_port or None
            )
        except (OSError, OverflowError) as error:
            raise _cannot_listen(address, error) from None
        self._servers.append(server)

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

    def _sweep(self) -> None:
        """One look at every deadline instead of a timer per read."""
        ctx = self._ctx
        now = ctx.timer()
        for swept in [one for one in ctx.live if one.deadline <= now]:
            swept.expired()
        ctx.routes.sweep(now)
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_EVERY, self._sweep)

    async def drain(self, grace: float) -> None:
        """Accept nothing more, let requests and tunnels end for `grace` seconds, then cut what is left. Ends the
        gateway.
        """
        ctx = self._ctx
        ctx.draining = True
        if self._servers:
            self._servers.pop(0).close()
        for swept in list(ctx.live):
            swept.drain()
        try:
            if ctx.live:
                await asyncio.wait_for(ctx.empty.wait(), grace)
        except TimeoutError:
            log.warning("action=drain cut=%d", len(ctx.live))
        await self.close()

    async def close(self) -> None:
        """End everything now."""
        ctx = self._ctx
        ctx.draining = True
        self._stop_listening()
        if self._sweeping is not None:
            self._sweeping.cancel()
        for swept in list(ctx.live):
            swept.abort()
        ctx.routes.close()
        if ctx.access is not None:
            ctx.access.close()
        await ctx.tasks.close()

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()


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
