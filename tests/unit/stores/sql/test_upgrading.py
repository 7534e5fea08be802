"""Looking at a database changes nothing and needs no key; upgrading keeps a copy."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql.migrating import Step, steps_in
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.stores.sql.upgrading import look, upgrade

NOW = steps_in()[-1].version
LATER = [*steps_in(), Step(NOW + 1, "ALTER TABLE proxies ADD COLUMN more INTEGER NOT NULL DEFAULT 7;")]


@pytest.fixture
async def made(store: SqliteStore, path: Path) -> Path:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret("p" * 2_000)) for n in range(200)])
    await store.close()
    return path


async def test_a_look_tells_the_figures_also_while_it_is_in_use(store: SqliteStore, path: Path) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1, "u", Secret("p"))])
    found = look(path)
    assert found[1:5] == (NOW, NOW, {"proxies": 1, "users": 0}, (store.database.ring.master.name,))
    assert found.size == len(content(path.parent)[path.name])
    assert found.log > 0
    assert found.trouble is None


async def test_an_upgrade_is_done_once(made: Path) -> None:
    assert upgrade(made, LATER) == (NOW, NOW + 1, made.with_name(f"fleet.db.before-{NOW + 1}.bak"))
    assert look(made, LATER).rows == {"proxies": 200, "users": 0}
    assert look(made.with_name(f"fleet.db.before-{NOW + 1}.bak"), LATER).schema == NOW
    assert upgrade(made, LATER) == (NOW + 1, NOW + 1, None)


async def test_damage_is_found_and_not_upgraded(made: Path) -> None:
    damaged = damage(made)
    found = look(made, LATER)
    assert found.integrity != "ok"
    assert "is damaged" in str(found.trouble)
    with pytest.raises(StoreUnusable, match="restore a backup"):
        upgrade(made, LATER)
    assert content(made.parent) == {made.name: damaged}


def damage(path: Path) -> bytes:
    raw = path.read_bytes()
    damaged = raw[: 20 * 4096] + b"\xa5" * (40 * 4096) + raw[60 * 4096 :]
    path.write_bytes(damaged)
    return damaged


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))}


async def test_newer_foreign_and_absent_ones_are_refused(made: Path, tmp_path: Path) -> None:
    upgrade(made, LATER)
    newer = look(made)
    assert (newer.schema, newer.rows, newer.keys) == (NOW + 1, {}, ())
    with pytest.raises(StoreUnusable, match="use the newer program"):
        upgrade(made)
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE customers (name)")
    other.close()
    with pytest.raises(StoreUnusable, match="another program"):
        look(tmp_path / "other.db")
    with pytest.raises(StoreUnusable, match="there is no database"):
        look(tmp_path / "none.db")
