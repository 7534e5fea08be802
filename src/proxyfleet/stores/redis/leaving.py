"""The way back: claims that were kept in Redis move into the store of the inventory. All nodes have to be stopped before.

Only what lasts is moved. Leases are waited for; a cooling period is forgotten.
"""

from collections.abc import Sequence
from typing import Final

from proxyfleet.core.lease import Held, Hold
from proxyfleet.core.orders import Refused, Take
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.redis.fleet import RedisFleet
from proxyfleet.stores.redis.names import HOME, HORIZON, PLACES

PIECE: Final = 500


async def leave(fleet: RedisFleet) -> int:
    """How many assignments were moved. Raises `StoreUnusable` while leases run; may be repeated after any failure."""
    standing = await fleet.standing()
    if standing.leases:
        left = max(lease.expires for lease in standing.leases) - standing.now
        remedy = "stop all nodes and wait, or release them: `proxyfleet release` with --label or --proxy and --force"
        raise StoreUnusable(f"{len(standing.leases)} leases still run, the last for {left:.0f} s; {remedy}")
    assigned = [hold for hold in standing.holds if hold.kind is Held.ASSIGNMENT]
    for start in range(0, len(assigned), PIECE):
        await _take(fleet, assigned[start : start + PIECE])
    for name in (HOME, HORIZON, PLACES):
        await fleet.inventory.put_setting(name, None)
    await fleet.server.ask("UNLINK", *fleet.server.keys)
    return len(assigned)


async def _take(fleet: RedisFleet, holds: Sequence[Hold]) -> None:
    orders = [Take(hold.proxy_id, hold.resource, hold.holder, hold.session) for hold in holds]
    answers = (await fleet.inventory.decide(orders, "")).answers
    for hold, answer in zip(holds, answers, strict=True):
        if isinstance(answer, Refused):
            pair = f"proxy {hold.proxy_id} for {hold.resource!r}"
            remedy = "give it back, or make the proxy usable; then repeat this"
            raise StoreUnusable(f"{pair}, assigned to {hold.holder}, cannot be moved ({answer.code}); {remedy}")
