"""Notices that a fleet was restored from a dump, and lets it go on from there safely (SPEC A8).

What was granted after the dump is forgotten, so no fence that was ever given out may come again and no lease of the dump may
run: fences are moved on, leases end, and every node reads everything anew. A dump is known by its tables being others.
"""

from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL

FENCES_ON = 2**30
"""More than a slot is ever granted between a dump and its restore."""


async def settle_restored(connection: Connection) -> bool:
    """Whether that was so; the first call for a fleet only remembers where it is."""
    async with connection.transaction():
        await connection.execute(SQL["lock_inventory"])
        here, known, future = await connection.fetchrow(SQL["home"]) or ("", None, False)
        if here == known and not future:
            return False
        if known is not None:
            await connection.execute(SQL["take_terms_lock"])
            await connection.execute(SQL["move_fences"], FENCES_ON)
            await connection.execute(SQL["raise_base"], FENCES_ON)
            for name in ("end_reservations", "clear_feed", "terms_changed", "raise_feed_floor"):
                await connection.execute(SQL[name])
            await connection.execute(SQL["tell"], "", "proxies", "null")
        await connection.execute(SQL["put_home"], here)
        return known is not None
