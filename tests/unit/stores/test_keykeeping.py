"""Who keeps keys can be told from who does not."""

from pathlib import Path

from proxyfleet.stores.keykeeping import KeyKeeper
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource


async def test_a_file_keeps_keys_and_memory_none(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:{tmp_path}/data/fleet.db", keys=KeySource(default=tmp_path / "keys" / "key"))
    assert isinstance(store, KeyKeeper)
    assert [(one.master, one.values) for one in await store.key_status()] == [(store.master.name, 0)]
    await store.close()
    assert not isinstance(MemoryStore(), KeyKeeper)
