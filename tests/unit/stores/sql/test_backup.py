"""Backups of a database in use, and back; the key is named, never included."""

import stat
from pathlib import Path

import pytest

from proxyfleet.core.lease import Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, Refused, Release, Take
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreError, StoreLocked, StoreUnusable
from proxyfleet.stores.sql.backup import back_up, restore
from proxyfleet.stores.sql.database import open_and_unlock
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource


def proxy(host: str) -> Proxy:
    return Proxy(Scheme.HTTP, host, 1, "u", Secret("canary"))


async def hosts(store: SqliteStore) -> list[str]:
    return [found.host async for batch in store.proxies() for found in batch if found.password == Secret("canary")]


async def test_there_and_back_while_it_is_in_use(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path
) -> None:
    await store.put([proxy("a")])
    copied = back_up(path, tmp_path / "copies" / "fleet.bak")
    await store.put([proxy("b")])
    saved = restore(copied.path, path, keys)
    assert await hosts(store) == ["a"]
    await store.put([proxy("c")])
    assert await hosts(store) == ["a", "c"]
    assert saved is not None
    before = SqliteStore(open_and_unlock(saved, keys, lambda: 0.0))
    assert await hosts(before) == ["a", "b"]
    await before.close()


async def test_a_backup_is_private_and_names_its_key(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path
) -> None:
    await store.put([proxy("a")])
    copied = back_up(path, tmp_path / "fleet.bak")
    assert stat.S_IMODE(copied.path.stat().st_mode) == 0o600
    assert copied.masters == (store.database.ring.master.name,)
    content = copied.path.read_bytes()
    assert keys.default is not None
    assert b"canary" not in content
    assert keys.default.read_bytes().strip() not in content
    with pytest.raises(StoreError, match="exists already"):
        back_up(path, copied.path)
    with pytest.raises(StoreError, match="does not exist"):
        back_up(tmp_path / "none.db", tmp_path / "x.bak")


async def test_restoring_to_a_new_place(store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path) -> None:
    await store.put([proxy("a")])
    copied = back_up(path, tmp_path / "fleet.bak")
    target = tmp_path / "elsewhere" / "fleet.db"
    assert restore(copied.path, target, keys) is None
    moved = SqliteStore(open_and_unlock(target, keys, lambda: 0.0))
    assert await hosts(moved) == ["a"]
    await moved.close()


async def test_unfit_backups_change_nothing(store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path) -> None:
    await store.put([proxy("a")])
    copied = back_up(path, tmp_path / "fleet.bak")
    text, cut = tmp_path / "text", tmp_path / "cut"
    text.write_text("no database " * 100)
    cut.write_bytes(copied.path.read_bytes()[: 5 * 4096])
    for backup, kind in ((text, StoreUnusable), (cut, StoreUnusable), (tmp_path / "none", StoreUnusable)):
        with pytest.raises(kind):
            restore(backup, path, keys)
    for source in (KeySource(), KeySource("ab" * 32)):
        with pytest.raises(StoreLocked, match="PROXYFLEET_KEY"):
            restore(copied.path, path, source)
    assert await hosts(store) == ["a"]
    assert not path.with_name("fleet.db.before-restore.bak").exists()


async def test_a_second_restore_loses_no_earlier_copy(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path
) -> None:
    copied = back_up(path, tmp_path / "fleet.bak")
    await store.put([proxy("a")])
    first = restore(copied.path, path, keys)
    second = restore(copied.path, path, keys)
    assert [saved and saved.name for saved in (first, second)] == [
        "fleet.db.before-restore.bak",
        "fleet.db.before-restore-2.bak",
    ]
    assert first is not None
    before = SqliteStore(open_and_unlock(first, keys, lambda: 0.0))
    assert await hosts(before) == ["a"]
    await before.close()


@pytest.mark.parametrize("lost", ["the proxy", "the database"])
async def test_what_was_granted_since_is_void_though_nobody_knows_of_it(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path, lost: str
) -> None:
    await store.put([proxy("a")])
    back_up(path, tmp_path / "fleet.bak")
    claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 5, 9e9),), 60.0)
    (before,) = (await store.decide([claim], "n")).answers[0].leases
    await store.remove([1])
    place = path if lost == "the proxy" else tmp_path / "another.db"
    restore(tmp_path / "fleet.bak", place, keys)
    restored = store if lost == "the proxy" else SqliteStore(open_and_unlock(place, keys, lambda: 0.0))
    (after,) = (await restored.decide([claim], "n")).answers[0].leases
    assert after.fence > before.fence
    if restored is not store:
        await restored.close()


async def test_no_token_of_before_is_worth_anything_after_a_restore(
    store: SqliteStore, path: Path, keys: KeySource, tmp_path: Path
) -> None:
    await store.put([proxy("a"), proxy("b")])
    ann = Holder("ann")

    async def lease(proxy_id: int, **fields: object) -> Lease:
        (answer,) = (
            await store.decide([Claim(ann, (Candidate(proxy_id, 0, proxy_id, 5, 9e9),), 60.0, **fields)], "n")
        ).answers
        return answer.leases[0]

    kept = await lease(1, resource="site")
    back_up(path, tmp_path / "fleet.bak")
    await store.decide([Release(Token(1, 0, kept.fence), "ann")], "n")
    later, new = await lease(1), await lease(2)
    (gone,) = [one.proxy for one in await store.put([proxy("c")])]
    start = (await store.standing()).position
    await store.decide([Take(2, "shop", ann)], "n")
    restore(tmp_path / "fleet.bak", path, keys)

    assert (await store.standing()).leases == []
    assert (await store.standing()).holds == []
    for old in (kept, later, new):
        (answer,) = (await store.decide([Release(Token(old.pool, 0, old.fence), "ann")], "n")).answers
        assert isinstance(answer, Refused)
    assert (await lease(1)).fence > later.fence
    assert (await lease(2)).fence > new.fence
    assert not (await store.claim_news(start, "m")).complete, "every node reads all anew"
    assert (await store.inventory_news(start)).ids is None
    (added,) = await store.put([proxy("d")])
    assert added.proxy.id > gone.id
