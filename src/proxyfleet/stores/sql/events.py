"""Events, locks and jobs on a connection. Sync, inside the caller's transaction; locks are judged by the clock passed in."""

import json
from collections.abc import Collection, Sequence
from dataclasses import astuple

from apsw import Connection

from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.ports import JobRun
from proxyfleet.stores.records import Row
from proxyfleet.stores.sql.queries import SQL


def record(connection: Connection, events: Sequence[Event]) -> None:
    """Keep them, in this order."""
    connection.executemany(SQL["record_event"], (_row(event) for event in events))


def _row(event: Event) -> Row:
    proxy, target, reason = event.proxy_id, event.target, event.reason
    return (event.what, event.at, proxy, target, reason, event.until, event.subject, event.count)


def events(connection: Connection, after: int | None, limit: int, kinds: Collection[Happened]) -> list[Recorded]:
    """The next ones behind a number, or the latest; oldest first."""
    asked = {"limit": limit, "kinds": json.dumps([kind.value for kind in kinds])}
    if after is None:
        return [_recorded(row) for row in connection.execute(SQL["latest_events"], asked)]
    return [_recorded(row) for row in connection.execute(SQL["events_after"], asked | {"after": after})]


def _recorded(row: Row) -> Recorded:
    number, what, *rest = row
    return Recorded(number, Event(Happened(what), *rest))


def forget(connection: Connection, before: float, most: int) -> int:
    """Drop what is too old or too much; how many."""
    was = connection.total_changes()
    connection.execute(SQL["forget_events_before"], (before,))
    connection.execute(SQL["forget_events_beyond"], (most,))
    return connection.total_changes() - was


def take_lock(connection: Connection, name: str, holder: str, until: tuple[float, float]) -> bool:
    """Have or prolong a lock; `until` is (now, seconds)."""
    now, ttl = until
    asked = {"name": name, "holder": holder, "now": now, "ttl": ttl}
    return connection.execute(SQL["take_lock"], asked).get is not None


def release_lock(connection: Connection, name: str, holder: str) -> None:
    """Give it back, if it is the holder's."""
    connection.execute(SQL["release_lock"], (name, holder))


def jobs(connection: Connection) -> list[JobRun]:
    """Every job, by name."""
    rows: list[Row] = connection.execute(SQL["jobs"]).fetchall()
    return [JobRun(*row) for row in rows]


def put_job(connection: Connection, job: JobRun) -> None:
    """Add or replace."""
    connection.execute(SQL["put_job"], astuple(job))
