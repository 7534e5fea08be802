"""Stores by their URL, with their key; folders of our own are private."""

import stat
import sys
from dataclasses import replace

import pytest
from tests import postgres
from tests.redis_server import fresh_url

from proxyfleet.assembly.opening import UNFINISHED, key_source, opened
from proxyfleet.core.lease import Holder
from proxyfleet.core.orders import Candidate, Claim
from proxyfleet.core.proxy import Secret
from proxyfleet.lab.builders import a_proxy
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.errors import NoDatabase, StoreAway, StoreUnusable
from proxyfleet.stores.memory import MemoryStore


def settings_in(folder, **changes):
    return Settings(store=f"sqlite:///{folder / 'data' / 'fleet.db'}", data_folder=folder / "data", **changes)


def test_the_key_comes_from_the_first_source_that_is_named(tmp_path):
    assert key_source(Settings(key=Secret("k"))).value == "k"
    assert key_source(Settings(key_file="/a/key", key_default=tmp_path)).path.name == "key"
    assert key_source(Settings(key_default=tmp_path)).path == tmp_path
    assert "k-canary" not in repr(key_source(Settings(key=Secret("k-canary"))))


async def test_the_store_keeps_the_claims_too():
    async with opened(Settings(store="memory:")) as found:
        assert isinstance(found.store, MemoryStore)
        assert found.claims is found.store


async def test_a_fleet_on_a_server(tmp_path):
    async with postgres.schema() as url:
        settings = Settings(store=url, data_folder=tmp_path, key_default=tmp_path / "keys" / "key")
        with pytest.raises(NoDatabase):
            async with opened(settings, missing="refuse"):
                pass
        async with opened(settings, missing="pretend") as found:
            assert isinstance(found.store, MemoryStore)
        async with opened(settings) as mine, opened(settings, missing="refuse") as other:
            before = await mine.store.inventory_news(None)
            await other.store.put([a_proxy(1, password="p", username="u")])
            assert (await mine.store.inventory_news(before.position)).ids == {1}


async def test_an_unfinished_copy_is_no_fleet(tmp_path):
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key")
    async with opened(settings) as found:
        await found.store.put_setting(UNFINISHED, "1")
    with pytest.raises(StoreUnusable, match="`proxyfleet db copy` again"):
        async with opened(settings):
            pass


async def test_sqlite_keeps_and_tells_what_others_change(tmp_path):
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key")
    async with opened(settings) as mine:
        before = await mine.store.inventory_news(None)
        async with opened(settings) as other:
            await other.store.put([a_proxy(1, password="p", username="u")])
        assert (await mine.store.inventory_news(before.position)).ids == {1}
        assert [proxy.id async for batch in mine.store.proxies() for proxy in batch] == [1]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "key").stat().st_mode) == 0o600


async def test_claims_may_be_kept_in_redis(tmp_path):
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key")
    url = fresh_url()
    async with opened(replace(settings, claims=url)) as found:
        assert "nothing is kept" in found.promise
        await found.store.put([a_proxy(1)])
        claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 5, float("inf")),), 60.0)
        (answer,) = (await found.claims.decide([claim], "n")).answers
        assert len(answer.leases) == 1
    with pytest.raises(StoreUnusable, match="say where: --claims redis://"):
        async with opened(settings):
            pass
    async with opened(replace(settings, claims=url), missing="refuse") as found:
        assert (await found.claims.standing()).leases == list(answer.leases)


async def test_a_redis_that_is_not_there_leaves_the_store_closed(tmp_path):
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key", claims="redis://u:canary@127.0.0.1:1/0")
    with pytest.raises(StoreAway, match=r"Redis at redis://127.0.0.1:1/0 does not answer") as error:
        async with opened(settings):
            pass
    assert "canary" not in str(error.value)
    async with opened(replace(settings, claims="store")) as found:
        await found.store.users()


async def test_a_missing_package_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    for name in [name for name in sys.modules if name.startswith("proxyfleet.stores.redis.")]:
        if name.rpartition(".")[2] not in ("address", "keys", "names"):
            monkeypatch.delitem(sys.modules, name)
    settings = settings_in(tmp_path, key_default=tmp_path / "keys" / "key", claims="redis://h")
    with pytest.raises(StoreUnusable, match=r"pip install 'proxyfleet\[redis\]'"):
        async with opened(settings):
            pass


async def test_an_empty_fleet_that_is_only_pretended_needs_no_redis(tmp_path):
    settings = settings_in(tmp_path, claims="redis://127.0.0.1:1/0")
    async with opened(settings, missing="pretend") as found:
        assert isinstance(found.store, MemoryStore)
        assert not found.promise
