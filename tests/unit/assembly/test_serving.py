"""`serve` from start to drain, in this process."""

import asyncio
import os
import signal

import pytest

from proxyfleet.assembly.imports import ImportWish
from proxyfleet.assembly.serving import NothingImported, serve
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.settings.schema import GatewaySection, Settings


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


async def test_a_list_without_proxies_ends_it(tmp_path):
    (tmp_path / "list").write_text("x\n")
    with pytest.raises(NothingImported, match="list"):
        await serve(settings(tmp_path), [str(tmp_path / "list")], ImportWish(), lambda *_: None)


async def test_an_impossible_address_ends_it(tmp_path):
    with pytest.raises(CannotListen):
        await serve(
            settings(tmp_path, listen=("192.0.2.1", 1), allow_clients=("::/0",)), [], ImportWish(), lambda *_: None
        )
