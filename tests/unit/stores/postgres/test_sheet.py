"""The sheet's tables in PostgreSQL: one commit for a note, seen by every node; the contract is in tests/conformance."""

import pytest
from tests import postgres

from proxyfleet.ports.sheet import OpenWrite, SheetNote
from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.postgres.sheet import PostgresSheetMemory
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource


async def test_every_node_sees_it_and_a_note_is_kept_whole_or_not_at_all(tmp_path):
    async with postgres.schema() as url:
        stores = [await open_store(url, keys=KeySource(default=tmp_path / "keys" / "key")) for _ in range(2)]
        one, other = (PostgresSheetMemory(store.database) for store in stores)
        write = OpenWrite("w", "a", 2, {"city": "Bonn"}, 1.0)
        await one.note(SheetNote(opened=[write]))
        assert await other.open_writes() == [write]
        with pytest.raises(StoreError):
            await other.note(SheetNote(agreed={"a": {"city": "x"}}, opened=[write]))
        assert await one.agreed() == {}
        for store in stores:
            await store.close()
