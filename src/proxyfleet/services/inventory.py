"""Changes to the inventory by hand: read, edit, remove (SPEC A4). Which proxies are meant has been decided before.

Nothing here picks, checks or forwards; how a change is written is read in `editing`.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from proxyfleet.core.errors import UnknownProxy
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Inventory

if TYPE_CHECKING:
    from proxyfleet.services.editing import Change


async def records(inventory: Inventory, ids: Collection[int] | None = None) -> list[Proxy]:
    """The stored records by id, all or those with these ids."""
    return [proxy async for batch in inventory.proxies() for proxy in batch if ids is None or proxy.id in ids]


async def record(inventory: Inventory, proxy_id: int) -> Proxy:
    """One stored record; raises `UnknownProxy`."""
    found = await records(inventory, {proxy_id})
    if not found:
        raise UnknownProxy(proxy_id)
    return found[0]


async def edit(inventory: Inventory, ids: Collection[int], change: "Change") -> int:
    """Change the proxies with these ids, all or none; how many there are. Raises `BadProxy`, `DuplicateProxy`."""
    return await inventory.amend(list(ids), change.apply) if ids else 0


async def fill(fleet: FleetState, inventory: Inventory, now: float) -> int:
    """Load a whole inventory into an empty fleet; how many proxies there are."""
    async for batch in inventory.proxies():
        fleet.add_many(batch, now)
    return len(fleet)
