"""One running node: store, fleet in memory, gateway and control port, brought up in order and taken down in reverse.

What other processes commit (an import, a lease, a new user) is noticed about once a second and applied as differences, in
slices, so that traffic goes on and healthy tunnels stay. Health is learnt here and not stored yet.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, replace
from random import Random, SystemRandom

from proxyfleet.clock import Clock, monotonic_clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.gateway.server import Gateway
from proxyfleet.ports import GatewayUser
from proxyfleet.services.binding import Binding
from proxyfleet.services.leasing import Leasing
from proxyfleet.services.limiting import SharedLimits
from proxyfleet.services.questions import Questions
from proxyfleet.services.read_models import Shown, instant
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.schema import Settings
from proxyfleet.tasks import Tasks

from .caring import Care
from .control import Control, ControlConnection
from .embedded import EmbeddedNode
from .fleet import reachable
from .mapping import gateway_settings
from .opening import Opened
from .reloading import changed, waits
from .rotating import Rotation
from .runtime import NodeAddress, node_file, remove_node_file, write_node_file

log = logging.getLogger("proxyfleet.node")


class Node:
    """`start`, then `stop`; both once. The store stays open: whoever opened it closes it."""

    def __init__(
        self,
        settings: Settings,
        opened: Opened,
        *,
        clock: Clock = wall_clock,
        rng: Random | None = None,
        member: int = 0,
    ) -> None:
        self._settings = settings
        self._member = member
        self._store, self._sheet = opened.store, opened.sheet
        self._tasks = Tasks()
        self._clock = clock
        self._core = EmbeddedNode(opened, settings.rules, clock=clock, rng=rng, users_changed=self._read_users)
        self._binding = Binding(self._core.leasing, opened.store.lease_key(), clock)
        self._care = Care(
            settings,
            opened.store,
            self._core.leasing.table,
            holder=self._core.name,
            clock=clock,
            rng=rng or SystemRandom(),
            own=self._own_places,
        )
        self._users: dict[str, GatewayUser] = {}
        self.guarded = False
        """Whether clients have to say who they are: when there was a user at the start."""
        self._started = clock()
        self._gateway: Gateway | None = None
        self._limits: SharedLimits | None = None
        self._server: asyncio.Server | None = None
        rotation = Rotation(settings, opened.store, clock, self._own_places)
        self._control = Control(
            Questions(self.fleet, clock, self._report, self._core.leasing.table, rotation.order),
            secrets.token_urlsafe(24),
            lambda: self.ready,
            self.flows,
        )
        self._own_control: Address | None = None
        self.address: NodeAddress | None = None

    @property
    def fleet(self) -> FleetState:
        """The fleet in memory."""
        return self._core.fleet

    @property
    def leasing(self) -> Leasing:
        """What hands proxies out."""
        return self._core.leasing

    @property
    def ready(self) -> bool:
        """Whether the gateway accepts connections."""
        return self._gateway is not None and self._gateway.ready

    @property
    def gateway_address(self) -> Address:
        """Where clients connect, with the real port; only after `start`."""
        return self._settings.gateway.listen if self._gateway is None else self._gateway.address

    async def start(self) -> None:
        """Load, listen, tell the command line where. Raises `GatewayError`, `StoreError`; then nothing is left open."""
        await self._core.start()
        try:
            await self._listen()
        except BaseException:
            await self._close_control()
            raise
        self._core.run()
        self._care.start()
        if self._sheet is not None:
            self._tasks.spawn(self._sheet.run(), name="sheet")

    async def _listen(self) -> None:
        own = await self._open_control() if self._settings.gateway.control is not None else None
        self.guarded = bool(self._users)
        gateway = Gateway(
            self.fleet,
            self._users.get if self.guarded else None,
            self._clock,
            gateway_settings(self._settings, own),
            bonds=self._binding,
        )
        await gateway.start()
        self._gateway = gateway
        self._limits = SharedLimits(
            self._store,
            gateway.meters,
            self._core.name,
            monotonic_clock,
            users=self._users.get,
            limited=lambda: any(user.limited for user in self._users.values()),
        )
        self._tasks.spawn(self._limits.run(), name="limits of users")
        if own is not None:
            self._own_control = own
            self.address = NodeAddress(f"http://{address_text(reachable(own))}", self._control.token)
            self._tell_where(self.address)

    def _tell_where(self, address: NodeAddress) -> None:
        try:
            write_node_file(node_file(self._settings, self._member), address)
        except OSError as error:
            log.warning("action=start the node file cannot be written (%s); name this node by --node", error.strerror)

    async def _open_control(self) -> Address:
        wanted = self._settings.gateway.control or ("127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: ControlConnection(self._control), *wanted)
        except (OSError, OverflowError) as error:
            cause = f"the control port {address_text(wanted)} cannot be opened ({error.__class__.__name__})"
            raise CannotListen(cause, "choose another by --control, or switch it off: --control off") from None
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def stop(self, grace: float | None = None) -> None:
        """Drain: nothing new, what runs may take `grace` seconds (the settings' by default), then everything is closed."""
        if self.address is not None:
            remove_node_file(node_file(self._settings, self._member), self.address)
        if self._gateway is not None:
            await self._gateway.drain(self._settings.gateway.drain if grace is None else grace)
        await self._binding.close()
        await self._tasks.close()
        if self._limits is not None:
            with suppress(FleetError):
                await self._limits.forget()
        await self._core.stop()
        await self._care.stop()
        await self._close_control()

    def flows(self) -> Shown:
        """What flows right now."""
        return {"pid": os.getpid()} | (self._gateway.flows() if self._gateway is not None else {})

    def apply(self, settings: Settings) -> list[str]:
        """Take other settings over while traffic flows; the keys of those that wait for the next start.

        Raises what a start would raise, and changes nothing then.
        """
        keys = changed(self._settings, settings)
        if self._gateway is not None:
            own = self._own_control
            self._gateway.apply(gateway_settings(settings, own))
        if settings.rules.strategy != self._settings.rules.strategy:
            self.fleet.switch(settings.rules.strategy)
        old = self._settings
        self._settings = replace(settings, store=old.store, claims=old.claims)
        return [key for key in keys if waits(key)]

    def _own_places(self) -> Collection[Address]:
        """Where this node listens itself, which nothing that it fetches may lead to."""
        sockets = () if self._server is None else self._server.sockets
        names = [one.getsockname()[:2] for one in sockets]
        return [self.gateway_address, *((str(host), int(port)) for host, port in names)]

    async def _close_control(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._control.tasks.close()

    async def _read_users(self) -> None:
        users = {user.name: user for user in await self._store.users()}
        if users and not self.guarded and self.ready:
            log.warning("action=reload first user added; restart this node so that it asks for credentials")
        self._users.clear()
        self._users.update(users)

    def _report(self) -> Shown:
        gateway = self._gateway
        node: Shown = {
            "pid": os.getpid(),
            "started": instant(self._started),
            "ready": self.ready,
            "users": len(self._users),
        }
        return {
            "node": node | {"gateway": address_text(self.gateway_address)},
            "gateway": None if gateway is None else asdict(gateway.stats()),
        }
