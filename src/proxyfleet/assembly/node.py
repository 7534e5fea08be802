"""One running node: store, fleet in memory, gateway and control port, brought up in order and taken down in reverse.

What other processes commit (an import, a new user) is noticed once a second by the store's revision and applied as
differences, in slices, so that traffic goes on and healthy tunnels stay. Health is learnt here and not stored yet.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from random import Random, SystemRandom
from typing import Final

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.gateway.server import Gateway
from proxyfleet.ports import GatewayUser
from proxyfleet.services.questions import Questions
from proxyfleet.services.read_models import Shown, instant
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.schema import Settings
from proxyfleet.tasks import Tasks

from .control import Control, ControlConnection
from .mapping import gateway_settings
from .marks import Marks
from .opening import Opened
from .runtime import NodeAddress, node_file, remove_node_file, write_node_file

log = logging.getLogger("proxyfleet.node")

LOOK_EVERY: Final = 1.0
SLICE: Final = 250


class Node:
    """`start`, then `stop`; both once. The store stays open: whoever opened it closes it."""

    def __init__(
        self, settings: Settings, opened: Opened, *, clock: Clock = wall_clock, rng: Random | None = None
    ) -> None:
        self._settings = settings
        self._store, self._revision = opened
        self._clock = clock
        self.fleet = FleetState(settings.rules, rng=rng or Random(SystemRandom().getrandbits(64)))
        self._marks = Marks()
        self._users: dict[str, GatewayUser] = {}
        self.guarded = False
        """Whether clients have to say who they are: when there was a user at the start."""
        self._tasks = Tasks()
        self._started = clock()
        self._gateway: Gateway | None = None
        self._server: asyncio.Server | None = None
        self._control = Control(
            Questions(self.fleet, clock, self._report), secrets.token_urlsafe(24), lambda: self.ready
        )
        self.address: NodeAddress | None = None

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
        revision = await self._revision() if self._revision else 0
        await self._load()
        try:
            await self._listen()
        except BaseException:
            await self._close_control()
            raise
        if self._revision is not None:
            self._tasks.spawn(self._follow(revision), name="inventory changes")

    async def _listen(self) -> None:
        own = await self._open_control() if self._settings.gateway.control is not None else None
        self.guarded = bool(self._users)
        gateway = Gateway(
            self.fleet, self._users.get if self.guarded else None, self._clock, gateway_settings(self._settings, own)
        )
        await gateway.start()
        self._gateway = gateway
        if own is not None:
            self.address = NodeAddress(f"http://{address_text(_reachable(own))}", self._control.token)
            self._tell_where(self.address)

    def _tell_where(self, address: NodeAddress) -> None:
        try:
            write_node_file(node_file(self._settings), address)
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
            remove_node_file(node_file(self._settings), self.address)
        if self._gateway is not None:
            await self._gateway.drain(self._settings.gateway.drain if grace is None else grace)
        await self._tasks.close()
        await self._close_control()

    async def _close_control(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._control.tasks.close()

    # what the store holds -----------------------------------------------------------------------------------------

    async def _load(self) -> None:
        """Take over what the store holds now; differences only, so it serves for the start and for every change."""
        self._marks.begin()
        async for batch in self._store.proxies():
            self.fleet.reserve(len(self.fleet) + sum(proxy.id not in self.fleet for proxy in batch))
            for start in range(0, len(batch), SLICE):
                self._apply(batch[start : start + SLICE])
                await asyncio.sleep(0)
        for proxy_id in [one for one in self.fleet if not self._marks.seen(one)]:
            self.fleet.remove(proxy_id, self._clock())
            self._marks.forget(proxy_id)
        users = {user.name: user for user in await self._store.users()}
        self._users.clear()
        self._users.update(users)

    def _apply(self, proxies: Sequence[Proxy]) -> None:
        now = self._clock()
        for proxy in self._marks.changed(proxies):
            if proxy.id in self.fleet:
                self.fleet.replace(proxy, now)
            else:
                self.fleet.add(proxy, now)

    async def _follow(self, revision: int) -> None:
        """Look for changes until cancelled; a store that is away costs a delay and nothing else."""
        while self._revision is not None:
            await asyncio.sleep(LOOK_EVERY)
            try:
                seen = await self._revision()
                if seen != revision:
                    await self._load()
                    revision = seen
                    log.info("action=reload proxies=%d users=%d", len(self.fleet), len(self._users))
                    if self._users and not self.guarded:
                        log.warning("action=reload first user added; restart this node so that it asks for credentials")
            except FleetError as error:
                log.warning("action=reload error=%s", error)

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


def _reachable(address: Address) -> Address:
    """Where this machine finds a server that listens everywhere."""
    return {"0.0.0.0": ("127.0.0.1", address[1]), "::": ("::1", address[1])}.get(address[0], address)  # noqa: S104
