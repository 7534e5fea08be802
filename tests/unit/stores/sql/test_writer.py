"""Group commit: many jobs, one transaction, and each caller its own answer."""

import asyncio
from pathlib import Path
from threading import Event

import apsw
import pytest

from proxyfleet.stores.errors import StoreClosed, StoreError
from proxyfleet.stores.sql.writer import Writer


class Bench:
    """A writer on a table of numbers; counts commits, and can be held."""

    def __init__(self, path: Path) -> None:
        self.connection = apsw.Connection(str(path))
        self.connection.execute("CREATE TABLE t (x INTEGER CHECK (x < 1000))")
        self.commits = 0
        self.connection.set_commit_hook(self._committed)
        self.go = Event()
        self.writer = Writer(self.connection, path)

    def _committed(self) -> bool:
        self.commits += 1
        return False

    def hold(self, connection: apsw.Connection) -> None:
        assert self.go.wait(5)

    def rows(self) -> list[object]:
        return [x for (x,) in self.connection.execute("SELECT x FROM t ORDER BY x")]

    def end(self) -> None:
        self.go.set()
        self.writer.end()
        self.writer.join()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "t.db")


class Insert:
    """A job; the number 13 fails after having written."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __call__(self, connection: apsw.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?)", (self.x,))
        if self.x == 13:
            raise KeyError(self.x)
        return self.x


async def held(bench: Bench, *xs: int) -> list[object]:
    """All the jobs wait behind one that is held, then are let go together."""
    first = asyncio.gather(
        bench.writer.run(bench.hold), *(bench.writer.run(Insert(x)) for x in xs), return_exceptions=True
    )
    await asyncio.sleep(0)
    bench.go.set()
    return (await first)[1:]


async def test_what_waits_shares_a_commit(bench: Bench) -> None:
    assert await held(bench, *range(20, 120)) == list(range(20, 120))
    assert bench.commits <= 2
    bench.end()
    assert bench.rows() == list(range(20, 120))


async def test_a_job_that_fails_leaves_nothing_and_disturbs_nobody(bench: Bench) -> None:
    one, bad, odd, two = await held(bench, 1, 13, 5000, 2)
    assert (one, two) == (1, 2)
    assert isinstance(bad, KeyError)
    assert isinstance(odd, StoreError)
    bench.end()
    assert bench.rows() == [1, 2]


async def test_a_job_alone_that_fails_leaves_nothing_either(bench: Bench) -> None:
    """It has no savepoint; the transaction itself is rolled back."""

    def fail(connection: apsw.Connection) -> None:
        Insert(7)(connection)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await bench.writer.run(fail)
    with pytest.raises(KeyError):
        await bench.writer.run(Insert(13))
    assert await bench.writer.run(Insert(8)) == 8
    bench.end()
    assert bench.rows() == [8]


async def test_a_full_disk_fails_the_whole_commit_and_the_next_works(bench: Bench) -> None:
    pages = bench.connection.pragma("page_count")
    bench.connection.pragma("max_page_count", pages)

    def grow(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE big (y)")
        connection.execute("INSERT INTO big VALUES (zeroblob(1000000))")

    with pytest.raises(StoreError, match="the disk is full; free some space"):
        await bench.writer.run(grow)
    bench.connection.pragma("max_page_count", 1_000)
    assert await bench.writer.run(Insert(3)) == 3
    bench.end()
    assert bench.rows() == [3]


async def test_a_caller_who_is_gone_is_no_trouble(bench: Bench) -> None:
    waiting = asyncio.gather(bench.writer.run(bench.hold))
    await asyncio.sleep(0)
    waiting.cancel()
    bench.go.set()
    assert await bench.writer.run(Insert(4)) == 4
    bench.end()


async def test_the_end_finishes_what_was_given(bench: Bench) -> None:
    jobs = asyncio.gather(*(bench.writer.run(Insert(x)) for x in range(5)))
    await asyncio.sleep(0)
    bench.end()
    assert await jobs == list(range(5))
    with pytest.raises(StoreClosed):
        await bench.writer.run(Insert(6))
