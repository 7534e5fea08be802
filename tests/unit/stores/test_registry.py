"""Store URLs: which are read, and what the others are told."""

import sys
from pathlib import Path

import pytest
from tests import postgres

from proxyfleet.stores.errors import BadStoreUrl, StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.registry import masked, open_store, refuse_missing_driver, sqlite_path
from proxyfleet.vault import KeySource


@pytest.mark.parametrize("url", ["memory:", "memory://"])
async def test_memory(url: str) -> None:
    assert isinstance(await open_store(url), MemoryStore)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:fleet.db", Path.cwd() / "fleet.db"),
        ("fleet.db", Path.cwd() / "fleet.db"),
        ("sqlite:/a/b.db", Path("/a/b.db")),
        ("sqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite:///a/b.db", Path("a/b.db").absolute()),
        ("/a/b.db", Path("/a/b.db")),
        ("sqlite:~/b.db", Path.home() / "b.db"),
    ],
)
def test_sqlite_paths(url: str, path: Path) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize("url", ["sqlite:", "", "mysql://u:pw@h/db", "sqlite://host/fleet.db", "memory:x"])
def test_other_urls_are_refused_with_the_forms_that_work(url: str) -> None:
    with pytest.raises(BadStoreUrl, match=r"use memory:, sqlite:///fleet\.db") as caught:
        sqlite_path(url)
    assert "pw" not in str(caught.value)


def test_credentials_are_masked() -> None:
    assert masked("redis://u:pw@h/0") == "redis://***@h/0"


async def test_a_fleet_on_a_server(tmp_path: Path) -> None:
    async with postgres.schema() as url:
        store = await open_store(url, keys=KeySource(default=tmp_path / "key"))
        assert type(store).__name__ == "PostgresStore"
        await store.close()


def test_a_missing_driver_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_missing_driver()
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(StoreUnusable, match=r"pip install 'proxyfleet\[postgres\]'"):
        refuse_missing_driver()
