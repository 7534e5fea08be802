"""What is remembered of a mirrored sheet, in SQLite: each method is one job for the database. No decisions about rows."""

import json
from collections.abc import Collection

from apsw import Connection

from proxyfleet.core.lease import Holder
from proxyfleet.core.mirrored import Said
from proxyfleet.ports.sheet import Claiming, OpenWrite, SheetNote
from proxyfleet.stores.sql.database import Database
from proxyfleet.stores.sql.queries import SQL


class SqliteSheetMemory:
    """`ports.SheetMemory` beside the inventory it belongs to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self, keys: Collection[str] | None = None) -> dict[str, Said]:
        """The rows that both sides agreed on last."""
        wanted = None if keys is None else json.dumps(list(keys))

        def job(connection: Connection) -> dict[str, Said]:
            rows = connection.execute(
                SQL["sheet_rows"] if wanted is None else SQL["sheet_rows_of"], wanted and (wanted,)
            )
            return {str(key): json.loads(str(said)) for key, said in rows}

        return await self._database.read(job)

    async def open_writes(self) -> list[OpenWrite]:
        """Writes that were not seen on the sheet yet, oldest first."""
        rows = await self._database.read(lambda connection: list(connection.execute(SQL["sheet_writes"])))
        return [
            OpenWrite(str(one[0]), str(one[1]), int(str(one[2])), json.loads(str(one[3])), float(str(one[4])))
            for one in rows
        ]

    async def claiming(self) -> list[Claiming]:
        """Pairs whose taking was not finished."""
        rows = await self._database.read(lambda connection: list(connection.execute(SQL["sheet_claims"])))
        return [Claiming(int(str(one[0])), str(one[1]), str(one[2]), Holder(str(one[3]), str(one[4]))) for one in rows]

    async def note(self, note: SheetNote) -> None:
        """Remember, durably and at once."""
        await self._database.write(lambda connection: _note(connection, note))


def _note(connection: Connection, note: SheetNote) -> None:
    many = connection.executemany
    kept = ((key, json.dumps(said, ensure_ascii=False)) for key, said in note.agreed.items() if said is not None)
    many(SQL["put_sheet_row"], kept)
    many(SQL["forget_sheet_row"], ((key,) for key, said in note.agreed.items() if said is None))
    opened = ((one.id, one.key, one.row, json.dumps(one.said, ensure_ascii=False), one.at) for one in note.opened)
    many(SQL["open_sheet_write"], opened)
    many(SQL["close_sheet_write"], ((write_id,) for write_id in note.closed))
    many(SQL["put_sheet_claim"], (_columns(one) for one in note.claiming))
    many(SQL["settle_sheet_claim"], (_columns(one) for one in note.settled))


def _columns(one: Claiming) -> tuple[int, str, str, str, str]:
    return one.proxy_id, one.resource, one.session, one.holder.principal, one.holder.label
