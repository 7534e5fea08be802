"""The sheet's tables: durable, one commit, two processes; the contract is in tests/conformance/test_sheet_memory.py."""

import pytest

from proxyfleet.ports.sheet import OpenWrite, SheetNote
from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.sheet import SqliteSheetMemory
from proxyfleet.vault import KeySource


async def opened(tmp_path):
    store = await open_store(f"sqlite:{tmp_path}/fleet.db", keys=KeySource(default=tmp_path / "keys" / "key"))
    return store, SqliteSheetMemory(store.database)


async def test_it_is_there_after_a_restart_and_in_another_process(tmp_path):
    store, memory = await opened(tmp_path)
    await memory.note(SheetNote(agreed={"a": {"city": "Bonn"}}, opened=[OpenWrite("w", "a", 2, {"city": "x"}, 1.0)]))
    other, seen = await opened(tmp_path)
    assert await seen.agreed() == {"a": {"city": "Bonn"}}
    await store.close()
    assert [write.id for write in await seen.open_writes()] == ["w"]
    await other.close()


async def test_a_note_is_kept_whole_or_not_at_all(tmp_path):
    store, memory = await opened(tmp_path)
    write = OpenWrite("w", "a", 2, {}, 1.0)
    await memory.note(SheetNote(opened=[write]))
    with pytest.raises(StoreError):
        await memory.note(SheetNote(agreed={"a": {"city": "Bonn"}}, opened=[write]))
    assert await memory.agreed() == {}
    await store.close()
