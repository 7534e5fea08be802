"""What the inventory's store remembers of claims that are kept in Redis, and who must know of it. Needs no Redis.

The settings are the fleet's id, the home of its claims, by which URLs it was reached (without passwords), and until when leases
may run: microseconds of that Redis's clock.
"""

from typing import Final

from proxyfleet.ports import Journal
from proxyfleet.stores.errors import StoreUnusable

FLEET_ID: Final = "fleet_id"
HOME: Final = "claims_home"
PLACES: Final = "claims_places"
HORIZON: Final = "claims_horizon"


async def refuse_claims_elsewhere(journal: Journal) -> None:
    """Raise `StoreUnusable` when the claims of this fleet are kept in Redis, and this process was not told so."""
    if HOME in await journal.settings():
        raise StoreUnusable("the claims of this fleet are kept in Redis; say where: --claims redis://HOST:6379/0")
