"""Which Redis keeps the claims of a fleet, and what happens when it was restarted, lost its data or is another one.

The inventory names the one `home` of the claims, and until when leases may run at most (`horizon`). No lease is granted
beyond the horizon before the inventory holds a later one. So a new home, which knows nothing of the old one's leases, only
has to refuse new ones until the horizon has passed, and the old one cannot grant any that end later without noticing.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from proxyfleet.core.lease import Held, Lease, Token
from proxyfleet.core.orders import GiveBack, Order, Release
from proxyfleet.ports import Store
from proxyfleet.stores.errors import StoreAway, StoreUnusable
from proxyfleet.stores.redis.claims import RedisClaims, Unsettled
from proxyfleet.stores.redis.durability import durability
from proxyfleet.stores.redis.keys import SECOND, micros
from proxyfleet.stores.redis.names import FLEET_ID, HOME, HORIZON, PLACES
from proxyfleet.stores.redis.scripts import FLEET, FOUND, STATE
from proxyfleet.tasks import Tasks

SLACK: Final = 60 * SECOND
"""The horizon is moved so far ahead, so that the inventory is written about once a minute."""
MOST_PLACES: Final = 16
LOCK_MS: Final = 5_000
PATIENCE: Final = 30.0
"""Seconds to wait while another node moves in."""
UNLOCK: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class State(NamedTuple):
    """What a Redis says of itself; `process` answers now, `run` answered when it was last settled."""

    fleet: str
    home: str
    run: str
    ready: str
    next: str
    horizon: str
    quiet: str
    process: str
    now: str

    @property
    def settled(self) -> bool:
        """Whether orders are decided here."""
        return self.run == self.process and self.ready != ""


def generation(home: str) -> int:
    """Homes are numbered by when they began; 0 for none."""
    return int(home.partition("-")[0] or 0)


class Home:
    """Settles what `claims` cannot answer by itself; `seed` publishes the terms of all proxies."""

    def __init__(self, claims: RedisClaims, store: Store, seed: Callable[[], Awaitable[None]]) -> None:
        self._claims = claims
        self._server = claims.server
        self._store = store
        self._seed = seed
        self._one_at_a_time = asyncio.Lock()

    async def settle(self, trouble: Unsettled) -> None:
        """Make the call possible that met this trouble. Raises `StoreError` when that is not to be."""
        async with self._one_at_a_time:
            if trouble.why == "horizon":
                await self._extend(trouble.until)
            else:
                await self._move_in()

    async def _extend(self, until: int) -> None:
        settings = await self._store.settings()
        target = max(until + SLACK, int(settings.get(HORIZON, 0)))
        await self._store.put_setting(HORIZON, str(target))
        if (await self._store.settings()).get(HOME) != self._claims.home:
            await self._move_in()
            return
        reached = int(await self._claims.run(FLEET, "extend", target))
        if reached > target:  # another node was faster, and has been overwritten
            await self._store.put_setting(HORIZON, str(reached))

    async def _move_in(self) -> None:
        lock, token = f"{self._server.keys[0]}:lock", secrets.token_hex(8)
        end = asyncio.get_running_loop().time() + PATIENCE
        while not await self._agreed():
            if await self._server.ask("SET", lock, token, "NX", "PX", LOCK_MS):
                keeping = Tasks()
                keeping.spawn(self._keep(lock), name="lock of the claims")
                try:
                    await self._take_over()
                finally:
                    await keeping.close()
                    await self._server.ask("EVAL", UNLOCK, 1, lock, token)
            elif asyncio.get_running_loop().time() > end:
                raise StoreAway(
                    f"another node has been filling Redis at {self._server.address.shown} for long; try again"
                )
            else:
                await asyncio.sleep(0.1)

    async def _keep(self, lock: str) -> None:
        while True:
            await asyncio.sleep(LOCK_MS / 3000)
            await self._server.ask("PEXPIRE", lock, LOCK_MS)

    async def _agreed(self) -> bool:
        """Whether this Redis and the inventory name the same home, and it is ready."""
        state, settings = await self._state(), await self._store.settings()
        if state.fleet and state.fleet != settings.get(FLEET_ID):
            raise self._foreign()
        if not state.settled or state.home != settings.get(HOME):
            return False
        if int(state.horizon) > int(settings.get(HORIZON, 0)):  # the inventory was restored from a backup
            await self._store.put_setting(HORIZON, state.horizon)
        self._claims.home = state.home
        if self._server.address.accept_loss and int(state.quiet) > int(state.now):
            await self._claims.run(FLEET, "accept")
        await self._note_place(settings.get(PLACES, ""))
        return True

    async def _note_place(self, known: str) -> None:
        """One Redis has several names; each that was used once is known as its own."""
        places, mine = known.splitlines(), self._server.address.place
        if mine not in places:
            await self._store.put_setting(PLACES, "\n".join([*places, mine][-MOST_PLACES:]))

    async def _state(self) -> State:
        return State(*json.loads(await self._claims.run(STATE)))

    async def _take_over(self) -> None:
        """Only one node at a time, as far as its lock lasts."""
        state, settings = await self._state(), await self._store.settings()
        mine = settings.get(HOME, "")
        if mine and not state.fleet:
            self._refuse_elsewhere(settings.get(PLACES, "").splitlines())
        if not settings.get(FLEET_ID):
            await self._store.put_setting(FLEET_ID, secrets.token_hex(16))
        if state.run == state.process and state.home != mine:
            if generation(state.home) > generation(mine):  # the inventory is older: it was restored from a backup
                await self._store.put_setting(HORIZON, state.horizon)
                await self._store.put_setting(HOME, state.home)
                return
            if state.next != mine:
                raise self._superseded()
        if state.run != state.process or state.home != mine:
            await self._found(state, mine)
        self._claims.home = (await self._store.settings())[HOME]
        await self._seed()
        await self._adopt()
        await self._claims.run(FLEET, "ready")

    async def _found(self, state: State, mine: str) -> None:
        kept = state.home == mine and (await durability(self._server)).kept
        number = max(int(state.now), generation(mine) + 1, generation(state.home) + 1)
        home = f"{number}-{secrets.token_hex(4)}"
        await self._server.ask("HSET", self._server.keys[0], "next", home)
        await self._store.put_setting(HOME, home)
        settings = await self._store.settings()
        horizon = int(settings.get(HORIZON, 0))
        quiet = 0 if kept or not mine else horizon
        self._claims.home = home
        until = "accept" if self._server.address.accept_loss else quiet
        await self._claims.run(FOUND, settings[FLEET_ID], until, horizon)

    async def _adopt(self) -> None:
        """What the inventory's own store has kept of claims moves here, and ends there."""
        standing = await self._store.standing()
        if not standing.leases and not standing.holds:
            return
        latest = max((micros(lease.expires) for lease in standing.leases), default=0)
        if latest:
            await self._extend(latest)
        await self._claims.adopt(standing.leases, standing.holds)
        given_back: list[Order] = [
            GiveBack(hold.proxy_id, hold.resource, hold.holder, hold.session, force=True)
            for hold in standing.holds
            if hold.kind is Held.ASSIGNMENT
        ]
        await self._store.decide([*map(released, standing.leases), *given_back], "")

    def _refuse_elsewhere(self, places: Sequence[str]) -> None:
        """An empty Redis has lost its data, or is another one by mistake; its address tells which is likelier."""
        address = self._server.address
        if address.place not in places and not address.instead:
            last = "{}?prefix={}".format(*places[-1].rsplit(" ", 1)) if places else "another Redis"
            raise StoreUnusable(
                f"Redis at {address.shown} knows nothing of this fleet, whose claims are kept at {last}; "
                "name that one in --claims, or if it is gone for good: --claims URL?instead=yes"
            )

    def _foreign(self) -> StoreUnusable:
        where, prefix = self._server.address.shown, self._server.address.prefix
        return StoreUnusable(
            f"Redis at {where} keeps the claims of another fleet under the prefix {prefix!r}; "
            "give this fleet one of its own: --claims URL?prefix=NAME"
        )

    def _superseded(self) -> StoreUnusable:
        where, prefix = self._server.address.shown, self._server.address.prefix
        return StoreUnusable(
            f"the claims of this fleet have moved from Redis at {where} to another one; "
            f"name that one in --claims, or delete the keys {{{prefix}}}:* here to come back"
        )


def released(lease: Lease) -> Order:
    """The operator ends it."""
    return Release(Token(lease.pool, lease.slot, lease.fence), None)
