"""Opens connections by asyncpg, and says on one page what of them is used. Knows no tables and explains no errors."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

import asyncpg

from proxyfleet.stores.postgres.address import Address

CONNECT_SECONDS = 3.0
Row = tuple[Any, ...]
"""What reads like one, in truth an `asyncpg.Record`. Any: columns of several types, which the schema guarantees."""
Heard = Callable[[object, int, str, object], None]
"""(connection, process id of the sender, channel, payload)."""


class Cursor(Protocol):
    """What is used of `asyncpg.cursor.Cursor`."""

    async def fetch(self, count: int, *, timeout: float) -> list[Row]:  # noqa: ASYNC109 - the driver's own
        """The next rows, at most so many."""
        ...


class Connection(Protocol):
    """What is used of `asyncpg.Connection`."""

    async def execute(self, query: str, *arguments: object) -> str:
        """Run a statement; the server's word for what it did."""
        ...

    async def executemany(self, query: str, arguments: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row of arguments."""
        ...

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """The first row."""
        ...

    async def fetchval(self, query: str, *arguments: object) -> Any:  # Any: one column of any type
        """The first column of the first row."""
        ...

    async def copy_records_to_table(
        self, table: str, *, records: Iterable[Sequence[object]], columns: Sequence[str]
    ) -> str:
        """Insert many rows at once."""
        ...

    def cursor(self, query: str) -> Awaitable["Cursor"]:
        """Rows that the server holds until they are fetched; inside a transaction."""
        ...

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[object]:
        """BEGIN; at its end COMMIT, or ROLLBACK after an error."""
        ...

    async def add_listener(self, channel: str, heard: Heard) -> None:
        """LISTEN."""
        ...

    def add_termination_listener(self, told: Callable[[object], None]) -> None:
        """Call when the connection has ended, by whomever."""
        ...

    def get_server_pid(self) -> int:
        """The server's process for this connection."""
        ...

    def is_closed(self) -> bool:
        """Whether it has ended."""
        ...

    def terminate(self) -> None:
        """End it at once, without a word to the server."""
        ...

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's own
        """Take leave of the server."""
        ...


async def connect(address: Address, rules: Mapping[str, str]) -> Connection:
    """A connection whose tables are those of the fleet. `rules` are further settings of the session."""
    settings = {
        "application_name": "proxyfleet",
        "search_path": address.schema,
        "jit": "off",
        **rules,
    }
    connection = await asyncpg.connect(address.dsn, timeout=CONNECT_SECONDS, server_settings=settings)
    return cast(Connection, connection)


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as the columns that `unnest` takes. Any: of several types."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
