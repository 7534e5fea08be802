"""Events, locks and jobs on a connection, inside the caller's transaction; locks are judged by the server's clock."""

from collections.abc import Collection, Sequence
from dataclasses import astuple

from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.ports import JobRun
from proxyfleet.stores.postgres.driver import Connection, Row
from proxyfleet.stores.postgres.queries import SQL


async def record(connection: Connection, events: Sequence[Event]) -> None:
    """Keep them, in this order."""
    await connection.executemany(SQL["record_event"], [_row(event) for event in events])


def _row(event: Event) -> Row:
    proxy, target, reason = event.proxy_id, event.target, event.reason
    return (event.what, event.at, proxy, target, reason, event.until, event.subject, event.count)


async def events(connection: Connection, after: int | None, limit: int, kinds: Collection[Happened]) -> list[Recorded]:
    """The next ones behind a number, or the latest; oldest first."""
    wanted = [kind.value for kind in kinds]
    if after is None:
        return [_recorded(row) for row in await connection.fetch(SQL["latest_events"], wanted, limit)]
    return [_recorded(row) for row in await connection.fetch(SQL["events_after"], after, wanted, limit)]


def _recorded(row: Row) -> Recorded:
    number, what, *rest = row
    return Recorded(number, Event(Happened(what), *rest))


async def forget(connection: Connection, before: float, most: int) -> int:
    """Drop what is too old or too much; how many."""
    return int((await connection.execute(SQL["forget_events"], before, most)).rpartition(" ")[2])


async def take_lock(connection: Connection, name: str, holder: str, ttl: float, shift: float) -> bool:
    """Have or prolong a lock."""
    return await connection.fetchval(SQL["take_lock"], name, holder, ttl, shift) is not None


async def release_lock(connection: Connection, name: str, holder: str) -> None:
    """Give it back, if it is the holder's."""
    await connection.execute(SQL["release_lock"], name, holder)


async def jobs(connection: Connection) -> list[JobRun]:
    """Every job, by name."""
    return [JobRun(*row) for row in await connection.fetch(SQL["jobs"])]


async def put_job(connection: Connection, job: JobRun) -> None:
    """Add or replace."""
    await connection.execute(SQL["put_job"], *astuple(job))
