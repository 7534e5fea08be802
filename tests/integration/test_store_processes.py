"""SQLite shared by processes: both write at once, each sees the other's work, a rotation in one does not stop the other."""

import subprocess
import sys
from pathlib import Path

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.rotation import rotate
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource

COUNT = 150
OTHER = """
import asyncio, sys
from pathlib import Path
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

async def main():
    store = await open_store(sys.argv[1], keys=KeySource(file=Path(sys.argv[2])))
    print("open", flush=True)
    for n in range(int(sys.argv[3])):
        await store.put([Proxy(Scheme.HTTP, f"other{n}", 1, "u", Secret(f"canary-{n}"))])
    await store.close()

asyncio.run(main())
"""


def start_other(url: str, key: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", OTHER, url, str(key), str(COUNT)], stdout=subprocess.PIPE, text=True)


async def test_two_processes_write_at_once_while_keys_rotate(tmp_path: Path) -> None:
    url, key = f"sqlite:{tmp_path}/data/fleet.db", tmp_path / "keys" / "key"
    store = await open_store(url, keys=KeySource(file=key))
    assert isinstance(store, SqliteStore)
    other = start_other(url, key)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        for n in range(COUNT):
            await store.put([Proxy(Scheme.HTTP, f"mine{n}", 1, "u", Secret(f"canary-{n}"))])
            if n % 50 == 0:
                await rotate(store.database)
        assert other.wait(timeout=60) == 0
    await rotate(store.database)
    found = {proxy.host: proxy.password for batch in [b async for b in store.proxies()] for proxy in batch}
    assert found == {f"{who}{n}": Secret(f"canary-{n}") for who in ("mine", "other") for n in range(COUNT)}
    await store.close()
    assert b"canary" not in (tmp_path / "data" / "fleet.db").read_bytes()


async def test_canaries_are_found_nowhere_while_the_store_is_open(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "key"
    store = await open_store(f"sqlite:{tmp_path}/data/fleet.db", keys=KeySource(file=key))
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret(f"canary-{n}")) for n in range(500)])
    files = {file.name: file.read_bytes() for file in (tmp_path / "data").iterdir()}
    assert set(files) == {"fleet.db", "fleet.db-wal", "fleet.db-shm"}
    assert not [name for name, content in files.items() if b"canary" in content or key.read_bytes().strip() in content]
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()} == {0o600}
    await store.close()
