"""Does one piece of work on copies of a small database, each time killed before another of its statements, and looks.

`statement_child.py FOLDER WORK` prints how many statements the work has; a copy in which something is lost or half there ends
it with a traceback. Forks instead of starting programs, so that a hundred deaths take seconds.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret
from proxyfleet.stores.sql import rotation
from proxyfleet.stores.sql.database import open_and_unlock
from proxyfleet.stores.sql.keys import key_rows
from proxyfleet.stores.sql.migrating import Step, steps_in
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource, KeyState, MasterKey

ROWS = 7
OLD, NEW = "ab" * 32, "cd" * 32
BEFORE = [
    Proxy(
        Scheme.HTTP, f"h{n}", 1, "u", Secret(f"canary-{n}"), details=Details(refresh_url=Secret(f"https://canary/{n}"))
    )
    for n in range(ROWS)
]
AFTER = [
    Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret(f"other-{n}"), labels=Labels(country="DE")) for n in range(ROWS + 2)
]
NEXT = [
    *steps_in(),
    Step(steps_in()[-1].version + 1, "ALTER TABLE proxies ADD COLUMN odd INTEGER; UPDATE proxies SET odd = port;"),
]


def opened(path: Path, key: str = OLD, steps: list[Step] | None = None) -> SqliteStore:
    return SqliteStore(open_and_unlock(path, KeySource(key), lambda: 1.0, steps))


async def everything(store: SqliteStore) -> list[Proxy]:
    return [proxy async for batch in store.proxies() for proxy in batch]


async def rotate(path: Path) -> None:
    store = opened(path)
    await rotation.rotate(store.database)
    await store.close()


async def after_rotation(path: Path) -> None:
    """Everything opens, at once and after the rotation was finished by another call."""
    for again in (False, True):
        store = opened(path)
        if again:
            await rotation.rotate(store.database)
            states = sorted(key.state for key in await rotation.status(store.database))
            assert states.count(KeyState.PRIMARY) == 1, states
            assert set(states) <= {KeyState.PRIMARY, KeyState.RETIRED}, states
        check_same(await everything(store), BEFORE)
        await store.close()


async def change_master(path: Path) -> None:
    store = opened(path)
    await rotation.change_master(store.database, MasterKey(bytes.fromhex(NEW), "new"))
    await store.close()


async def after_change_of_master(path: Path) -> None:
    """One of the two keys opens all of it, never a mixture."""
    connection = apsw.Connection(str(path))
    masters = {row.master for row in key_rows(connection)}
    connection.close()
    assert len(masters) == 1, masters
    key = next(key for key in (OLD, NEW) if MasterKey(bytes.fromhex(key), "").name in masters)
    store = opened(path, key)
    check_same(await everything(store), BEFORE)
    await store.close()


async def put(path: Path) -> None:
    store = opened(path)
    await store.put(AFTER)
    await store.close()


async def after_put(path: Path) -> None:
    """All of the list is there or nothing of it."""
    store = opened(path)
    found = await everything(store)
    assert len(found) in (ROWS, ROWS + 2)
    if len(found) == ROWS:
        check_same(found, BEFORE)
    else:
        assert [proxy.password for proxy in found] == [proxy.password for proxy in AFTER]
        assert {proxy.labels.country for proxy in found} == {"DE"}
    await store.close()


async def migrate(path: Path) -> None:
    await opened(path, steps=NEXT).close()


async def after_migration(path: Path) -> None:
    """The old schema or the new one; opening it again brings it to the new one with every row."""
    store = opened(path, steps=NEXT)
    check_same(await everything(store), BEFORE)
    assert await store.database.read(lambda c: c.execute("SELECT count(*) FROM proxies WHERE odd = port").get) == ROWS
    await store.close()


def check_same(found: list[Proxy], wanted: list[Proxy]) -> None:
    told = [(proxy.host, proxy.password, proxy.details and proxy.details.refresh_url) for proxy in found]
    assert told == [(proxy.host, proxy.password, proxy.details and proxy.details.refresh_url) for proxy in wanted]


Work = Callable[[Path], Awaitable[None]]
WORKS: dict[str, tuple[Work, Work]] = {
    "rotate": (rotate, after_rotation),
    "change_master": (change_master, after_change_of_master),
    "put": (put, after_put),
    "migrate": (migrate, after_migration),
}


def apart(work: Work, path: Path, dies_at: int = 0) -> int:
    """Run it in a process of its own that kills itself before statement number `dies_at`; what became of that process."""
    child = os.fork()
    if not child:
        code = 1
        try:
            if dies_at:
                apsw.connection_hooks.append(Countdown(dies_at))
            asyncio.run(work(path))
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Countdown:
    """Counts the statements of every connection of this process."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, connection: apsw.Connection) -> None:
        connection.exec_trace = self.count

    def count(self, cursor: object, sql: str, bindings: object) -> bool:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return True


async def fill(path: Path) -> None:
    store = opened(path)
    await store.put(BEFORE)
    await store.close()


def main(folder: Path, name: str) -> None:
    rotation.BATCH = 2
    work, judge = WORKS[name]
    template = folder / "template.db"
    assert apart(fill, template) == 0
    for number in range(1, 1_000):
        place = folder / str(number)
        place.mkdir()
        path = place / "fleet.db"
        shutil.copy(template, path)
        ended = apart(work, path, number)
        assert ended in (0, -signal.SIGKILL), f"statement {number}: {ended}"
        assert apart(judge, path) == 0, f"killed before statement {number}"
        shutil.rmtree(place)
        if ended == 0:
            print(number - 1)
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
