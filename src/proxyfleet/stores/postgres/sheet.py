"""What is remembered of a mirrored sheet, in PostgreSQL: each method is one job for a connection. No decisions about rows."""

import json
from collections.abc import Collection

from proxyfleet.core.lease import Holder
from proxyfleet.core.mirrored import Said
from proxyfleet.ports.sheet import Claiming, OpenWrite, SheetNote
from proxyfleet.stores.postgres.database import Database
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL


class PostgresSheetMemory:
    """`ports.SheetMemory` beside the inventory it belongs to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self, keys: Collection[str] | None = None) -> dict[str, Said]:
        """The rows that both sides agreed on last."""
        wanted = None if keys is None else list(keys)
        rows = await self._database.reads.run(
            lambda connection: connection.fetch(SQL["sheet_rows"], wanted), reads=True
        )
        return {key: json.loads(said) for key, said in rows}

    async def open_writes(self) -> list[OpenWrite]:
        """Writes that were not seen on the sheet yet, oldest first."""
        rows = await self._database.reads.run(lambda connection: connection.fetch(SQL["sheet_writes"]), reads=True)
        return [OpenWrite(one[0], one[1], one[2], json.loads(one[3]), one[4]) for one in rows]

    async def claiming(self) -> list[Claiming]:
        """Pairs whose taking was not finished."""
        rows = await self._database.reads.run(lambda connection: connection.fetch(SQL["sheet_claims"]), reads=True)
        return [Claiming(one[0], one[1], one[2], Holder(one[3], one[4])) for one in rows]

    async def note(self, note: SheetNote) -> None:
        """Remember, durably and at once."""
        await self._database.change(lambda connection: _note(connection, note))


async def _note(connection: Connection, note: SheetNote) -> None:
    many = connection.executemany
    kept = [(key, json.dumps(said, ensure_ascii=False)) for key, said in note.agreed.items() if said is not None]
    await many(SQL["put_sheet_row"], kept)
    await many(SQL["forget_sheet_row"], [(key,) for key, said in note.agreed.items() if said is None])
    opened = [(one.id, one.key, one.row, json.dumps(one.said, ensure_ascii=False), one.at) for one in note.opened]
    await many(SQL["open_sheet_write"], opened)
    await many(SQL["close_sheet_write"], [(write_id,) for write_id in note.closed])
    await many(SQL["put_sheet_claim"], [_columns(one) for one in note.claiming])
    await many(SQL["settle_sheet_claim"], [_columns(one) for one in note.settled])


def _columns(one: Claiming) -> tuple[int, str, str, str, str]:
    return one.proxy_id, one.resource, one.session, one.holder.principal, one.holder.label
