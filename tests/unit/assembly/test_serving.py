"""`serve` from start to drain, in this process."""

import asyncio
import os
import signal
import sys
from dataclasses import replace

import pytest
from tests.redis_server import fresh_url

from proxyfleet.assembly.imports import ImportWish
from proxyfleet.assembly.logs import start_logging
from proxyfleet.assembly.serving import NothingImported, serve
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.settings import SettingsError
from proxyfleet.settings.schema import GatewaySection, LogSection, Settings


def settings(folder, **gateway):
    return Settings("memory:", data_folder=folder, gateway=GatewaySection(**{"listen": ("127.0.0.1", 0)} | gateway))


async def test_it_tells_what_is_up_and_ends_on_a_signal(tmp_path):
    (tmp_path / "list").write_text("1.1.1.1:80\n")
    told = {}

    def tell(name, value):
        told[name] = value
        if name == "ready":
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)

    await asyncio.wait_for(serve(settings(tmp_path), [str(tmp_path / "list")], ImportWish(), tell), 10)
    assert list(told) == ["imported", "gateway", "control", "store", "proxies", "access", "ready", "draining"]
    assert (told["imported"], told["proxies"], told["store"]) == ("1 of 1 lines", "1", "memory:")


async def test_it_tells_how_durably_claims_are_kept(tmp_path):
    url = fresh_url().replace("unix://", "unix://:@")
    wanted = replace(
        settings(tmp_path),
        store=f"sqlite:///{tmp_path}/fleet.db",
        key_default=tmp_path / "keys" / "key",
        claims=url,
    )
    told = {}

    def tell(name, value):
        told[name] = value
        if name == "ready":
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)

    await asyncio.wait_for(serve(wanted, [], ImportWish(), tell), 20)
    assert told["claims"].startswith("unix://***@/")
    assert told["claims"].endswith("; nothing is kept when Redis stops (appendonly no, no snapshots)")


async def test_a_list_without_proxies_ends_it(tmp_path):
    (tmp_path / "list").write_text("x\n")
    with pytest.raises(NothingImported, match="list"):
        await serve(settings(tmp_path), [str(tmp_path / "list")], ImportWish(), lambda *_: None)


async def test_an_impossible_address_ends_it(tmp_path):
    with pytest.raises(CannotListen):
        await serve(
            settings(tmp_path, listen=("192.0.2.1", 1), allow_clients=("192.0.2.0/24",)),
            [],
            ImportWish(),
            lambda *_: None,
        )


async def test_settings_are_read_again_on_a_hangup(tmp_path, capsys):
    plain = settings(tmp_path)
    readings = [
        lambda: replace(
            plain, log=LogSection("debug"), gateway=replace(plain.gateway, via=False, listen=("127.0.0.1", 9))
        ),
        lambda: (_ for _ in ()).throw(SettingsError(["one thing is wrong", "another too"])),
        lambda: replace(plain, gateway=replace(plain.gateway, upstream_ca="/nowhere.pem")),
    ]
    done = asyncio.Event()

    def again():
        reading = readings.pop(0)
        if not readings:
            done.set()
        return reading()

    async def hang_up():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
        await done.wait()
        await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    def tell(name, _value):
        if name == "ready":
            tasks.append(asyncio.ensure_future(hang_up()))

    tasks = []
    start_logging(plain.log)
    await asyncio.wait_for(serve(plain, [], ImportWish(), tell, again=again), 10)
    text = capsys.readouterr().err
    assert "waits for a restart: gateway.listen" in text
    assert "nothing changed: one thing is wrong" in text
    assert "nothing changed: another too" in text
    assert "/nowhere.pem" in text


async def test_one_of_several_processes_shares_its_port_and_imports_nothing(tmp_path):
    (tmp_path / "list").write_text("x\n")
    reader, writer = os.pipe()
    told = []

    def tell(name, value):
        told.append(name)
        if name == "ready":
            os.close(writer)

    with os.fdopen(reader) as stdin, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        await asyncio.wait_for(serve(settings(tmp_path), [str(tmp_path / "list")], ImportWish(), tell, member=1), 10)
    assert "imported" not in told
    assert told[-1] == "draining", "it ends when its parent is gone"
