"""Several sources, one report."""

from proxyfleet.assembly.imports import ImportWish, import_sources
from proxyfleet.stores.memory import MemoryStore


async def test_sources_are_one_import(tmp_path):
    for name, text in (("a", "1.1.1.1:80\n10.0.0.1:1\n"), ("b", "1.1.1.1:80\n8.8.8.8:80\n")):
        (tmp_path / name).write_text(text)
    store, told = MemoryStore(), []
    wish = ImportWish(scheme="socks5", tags=("t",), capacity=2)
    report = await import_sources(store, [str(tmp_path / "a"), str(tmp_path / "b")], wish, told.append)

    assert (report.read, report.added, report.duplicate, report.rejected) == (4, 2, 1, {"not_global": 1})
    assert told == [2, 4]
    (batch,) = [batch async for batch in store.proxies()]
    assert {(proxy.scheme.value, proxy.capacity, *proxy.labels.tags) for proxy in batch} == {("socks5", 2, "t")}


async def test_a_dry_run_and_private_addresses(tmp_path):
    (tmp_path / "a").write_text("10.0.0.1:1\n")
    store = MemoryStore()
    report = await import_sources(store, [str(tmp_path / "a")], ImportWish(allow_private=True, dry_run=True))
    assert report.added == 1
    assert [batch async for batch in store.proxies()] == []
