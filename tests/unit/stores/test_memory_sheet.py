"""The reference; its contract is in tests/conformance/test_sheet_memory.py."""

from proxyfleet.ports.sheet import SheetNote
from proxyfleet.stores.memory_sheet import MemorySheetMemory


async def test_two_memories_share_nothing():
    one, other = MemorySheetMemory(), MemorySheetMemory()
    await one.note(SheetNote(agreed={"a": {}}))
    assert await other.agreed() == {}
