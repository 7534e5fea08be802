"""The lab's PX6 in a thread of its own, for commands and nodes that run beside it."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from proxyfleet.assembly import shopping
from proxyfleet.clock import wall_clock
from proxyfleet.lab.providers import Px6Site, Shop
from proxyfleet.providers import px6

KEY = "canary-key-of-px6"
BUDGET = "20 USD"


@contextmanager
def served() -> Iterator[Px6Site]:
    """A seller that listens until the end of the block; it may be looked at and changed from outside its thread."""
    site = Px6Site(Shop(clock=wall_clock), key=KEY)
    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with site:
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


async def no_tls() -> ssl.SSLContext:
    """Nothing here is reached by TLS, and reading the authorities takes longest of all."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seller in the same machine needs no pauses between calls, and no TLS."""
    monkeypatch.setattr(shopping, "tls_context", no_tls)
    monkeypatch.setattr(px6, "GAP", 0.0)


def settings_text(site: Px6Site, **more: object) -> str:
    """A settings file with that account, called `shop`."""
    said = {"kind": "px6", "budget": BUDGET, "country": "de", "days": 30} | more
    lines = [f"{name} = {value if isinstance(value, int) else repr(value)}" for name, value in said.items()]
    options = f'[providers.shop.options]\naddress = "{site.url}"\nallow_private = "yes"'
    return "\n".join(["[providers.shop]", *lines, options])
