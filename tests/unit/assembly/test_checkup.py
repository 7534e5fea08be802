"""What the doctor finds, with the remedy."""

import json
import socket

import pytest
from tests import postgres
from tests.redis_server import fresh_url

from proxyfleet.assembly import checkup as module
from proxyfleet.assembly.checkup import checkup
from proxyfleet.assembly.opening import opened
from proxyfleet.assembly.sheeting import Link, keep_link
from proxyfleet.lab.builders import a_proxy
from proxyfleet.lab.sheets import GoogleSheets
from proxyfleet.ports import GatewayUser
from proxyfleet.settings import load
from proxyfleet.stores.sheets.fetching import Place


def loaded(folder, **flags):
    named = {"store": f"sqlite:///{folder}/fleet.db", "gateway.listen": "127.0.0.1:0"} | flags
    return load(environ={"HOME": str(folder)}, flags={key: (key, value) for key, value in named.items()})


async def found(settings):
    return {check.name: check for check in await checkup(settings)}


async def test_a_fresh_machine_has_warnings_and_no_failures(tmp_path):
    told = await found(loaded(tmp_path))
    assert {check.result for check in told.values()} == {"ok", "warn"}
    assert {name for name, check in told.items() if check.result == "warn"} >= {"store", "proxies", "users", "node"}
    assert not list(tmp_path.iterdir())
    assert all(check.remedy for check in told.values() if check.result == "warn")


async def test_a_furnished_fleet_is_fine(tmp_path):
    settings = loaded(tmp_path)
    async with opened(settings.settings) as store:
        await store.store.put([a_proxy(1, username="u", password="p")])
        await store.store.put_user(GatewayUser("a", "hash"))
    told = await found(settings)
    assert {name for name, check in told.items() if check.result != "ok"} == {"node"}
    assert told["proxies"].found == told["users"].found == "1"


async def test_a_connected_sheet(tmp_path):
    key = tmp_path / "google.json"
    async with GoogleSheets() as google:
        key.write_text(json.dumps(google.key_file()))
    settings = loaded(tmp_path)
    async with opened(settings.settings) as store:
        await keep_link(store.store, Link(Place("s", 0, "f"), str(key), False, "Ours", "List"))
    told = await found(settings)
    assert (told["sheet"].result, told["sheet"].found) == ("ok", "Ours, tab List")
    async with opened(settings.settings) as store:
        await store.store.put_setting("sheet.last", json.dumps({"at": 1.0, "error": "no permission; share it"}))
    told = await found(settings)
    assert told["sheet"] == ("sheet", "warn", "the last exchange failed: no permission", "share it")
    key.unlink()
    told = await found(settings)
    assert (told["sheet"].result, "cannot be read" in told["sheet"].found) == ("fail", True)
    assert "--key-file" in told["sheet"].remedy


async def test_a_fleet_on_a_server(tmp_path):
    async with postgres.schema() as url:
        settings = loaded(tmp_path, store=url)
        told = await found(settings)
        assert (told["store"].result, told["proxies"].found) == ("warn", "0")
        async with opened(settings.settings) as store:
            await store.store.put([a_proxy(1, username="u", password="p")])
        told = await found(settings)
        assert (told["store"].result, told["proxies"].found) == ("ok", "1")
    told = await found(loaded(tmp_path, store="postgresql://u:canary@127.0.0.1:1/d"))
    assert (told["store"].result, told["store"].remedy) == ("fail", "start it, or check host and port in the URL")
    assert "canary" not in str(told)


async def test_what_is_wrong_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        told = await found(loaded(tmp_path, store=f"sqlite:///{tmp_path}/file/x.db", **{"gateway.listen": place}))
    assert told["store"].result == told["gateway port"].result == "fail"
    assert "taken" in told["gateway port"].found


async def test_an_open_gateway_fails_and_memory_is_named(tmp_path):
    told = await found(loaded(tmp_path, **{"gateway.listen": "0.0.0.0:0"}))
    assert told["users"].result == "fail"
    assert (await found(loaded(tmp_path, store="memory:")))["store"].result == "warn"


def test_an_old_sqlite_or_none(monkeypatch):
    monkeypatch.setattr(module.metadata, "version", lambda name: "3.40.0.0")
    assert module._sqlite().result == "fail"
    assert module._sqlite().remedy


def test_a_clock_before_our_own_files(monkeypatch):
    monkeypatch.setattr(module, "wall_clock", lambda: 0.0)
    assert module._clock().result == "fail"


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(module, "OLDEST_PYTHON", (9, 0))
    assert module._python().result == "fail"


@pytest.mark.parametrize("origin", ["key", "key_file"])
def test_where_the_key_is(tmp_path, origin):
    (tmp_path / "k").write_text("x")
    value = {"key": "secret-canary", "key_file": str(tmp_path / "k")}[origin]
    check = module._key(loaded(tmp_path, **{origin: value}).settings)
    assert check.result == "ok"
    assert "canary" not in str(check)


async def test_claims_in_redis_and_what_it_promises(tmp_path):
    settings = loaded(tmp_path, claims=fresh_url())
    async with opened(settings.settings) as found_store:
        await found_store.store.put([a_proxy(1)])
    told = await found(settings)
    assert told["claims"].result == "ok"
    assert "nothing is kept when Redis stops" in told["claims"].found
    told = await found(loaded(tmp_path, claims="redis://u:canary@127.0.0.1:1/0"))
    assert (told["store"].result, told["store"].remedy) == ("fail", "it is asked again as soon as it is back")
    assert "canary" not in str(told)
