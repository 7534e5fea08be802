"""Stores by their URL, with their key; folders of our own are private."""

import stat

from proxyfleet.assembly.opening import key_source, opened
from proxyfleet.core.proxy import Secret
from proxyfleet.lab.builders import a_proxy
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.memory import MemoryStore


def settings_in(folder, **changes):
    return Settings(store=f"sqlite:///{folder / 'data' / 'fleet.db'}", data_folder=folder / "data", **changes)


def test_the_key_comes_from_the_first_source_that_is_named(tmp_path):
    assert key_source(Settings(key=Secret("k"))).value == "k"
    assert key_source(Settings(key_file="/a/key", key_default=tmp_path)).path.name == "key"
    assert key_source(Settings(key_default=tmp_path)).path == tmp_path
    assert "k-canary" not in repr(key_source(Settings(key=Secret("k-canary"))))


async def test_memory_has_no_revision_because_nobody_else_can_change_it():
    async with opened(Settings(store="memory:")) as found:
        assert isinstance(found.store, MemoryStore)
        assert found.revision is None


async def test_sqlite_keeps_and_notices_changes_of_others(tmp_path):
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key")
    async with opened(settings) as mine:
        before = await mine.revision()
        assert await mine.revision() == before
        async with opened(settings) as other:
            await other.store.put([a_proxy(1, password="p", username="u")])
        assert await mine.revision() != before
        assert [proxy.id async for batch in mine.store.proxies() for proxy in batch] == [1]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "key").stat().st_mode) == 0o600
