"""What the doctor finds, with the remedy."""

import socket

import pytest

from proxyfleet.assembly import checkup as module
from proxyfleet.assembly.checkup import checkup
from proxyfleet.assembly.opening import opened
from proxyfleet.lab.builders import a_proxy
from proxyfleet.ports import GatewayUser
from proxyfleet.settings import load


def loaded(folder, **flags):
    named = {"store": f"sqlite:///{folder}/fleet.db", "gateway.listen": "127.0.0.1:0"} | flags
    return load(environ={"HOME": str(folder)}, flags={key: (key, value) for key, value in named.items()})


async def found(settings):
    return {check.name: check for check in await checkup(settings)}


async def test_a_fresh_machine_has_warnings_and_no_failures(tmp_path):
    told = await found(loaded(tmp_path))
    assert {check.result for check in told.values()} == {"ok", "warn"}
    assert {name for name, check in told.items() if check.result == "warn"} >= {"proxies", "users", "node"}
    assert all(check.remedy for check in told.values() if check.result == "warn")


async def test_a_furnished_fleet_is_fine(tmp_path):
    settings = loaded(tmp_path)
    async with opened(settings.settings) as store:
        await store.store.put([a_proxy(1, username="u", password="p")])
        await store.store.put_user(GatewayUser("a", "hash"))
    told = await found(settings)
    assert {name for name, check in told.items() if check.result != "ok"} == {"node"}
    assert told["proxies"].found == told["users"].found == "1"


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
