"""From a founding database to the report: every row has one verdict."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.assembly.adopting import adopt
from proxyfleet.services.importing import LineVerdict
from proxyfleet.stores.memory import MemoryStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    connection = apsw.Connection(str(tmp_path / "old.db"))
    connection.execute("CREATE TABLE proxy_pool (host TEXT, port)")
    connection.execute("INSERT INTO proxy_pool VALUES ('1.1.1.1', 80), ('1.1.1.1', 80), ('1.1.1.1', 0)")
    connection.execute("CREATE TABLE proxies (host TEXT, port, capacity)")
    connection.execute("INSERT INTO proxies VALUES ('1.1.1.1', 80, 9), ('1.1.1.2', 80, 'many')")
    connection.close()
    return tmp_path / "old.db"


async def test_rows_of_both_tables_add_up(path: Path) -> None:
    store, told = MemoryStore(), list[int]()
    report = await adopt(store, path, None, tell=told.append)
    assert (report.read, report.added, report.duplicate) == (5, 1, 2)
    assert report.rejected == {"bad_port": 1, "bad_value": 1}
    assert told == [5]
    assert [(line.source, line.line, line.verdict) for line in report.lines] == [
        ("proxies", 1, "duplicate"),
        ("proxies", 2, "rejected"),
        ("proxy_pool", 2, "duplicate"),
        ("proxy_pool", 3, "rejected"),
    ]
    assert LineVerdict("proxy_pool", 3, "rejected", "bad_port", "") in report.lines


async def test_a_second_time_adds_nothing_and_a_dry_run_writes_nothing(path: Path) -> None:
    store = MemoryStore()
    assert (await adopt(store, path, None, dry_run=True)).added == 1
    assert (await adopt(store, path, None)).added == 1
    assert (await adopt(store, path, None)).added == 0
