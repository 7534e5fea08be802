"""`demo`: a lab of proxies, a node that uses them, a user, and a little traffic, all on loopback and gone at the end."""

import asyncio
import base64
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

from proxyfleet.core.proxy import Secret
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.gateway.keys import hash_key
from proxyfleet.lab import Behaviour, Lab
from proxyfleet.services.entries import Additions
from proxyfleet.services.importing import Import
from proxyfleet.services.users import add_user
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.schema import GatewaySection, Settings
from proxyfleet.tasks import Tasks
from proxyfleet.wire.text.reader import read

from .node import Node
from .opening import Opened, opened
from .runtime import node_file

PROXIES: Final = 20
USUAL: Final = ("127.0.0.1", 8080)
USER: Final = "demo"
PAUSE: Final = 0.5
"""Seconds between two requests of the background traffic."""
PATIENCE: Final = 10.0
WARM_UP: Final = 2 * PROXIES


@dataclass(frozen=True, slots=True)
class Demo:
    """What is up. `lines` are name and value as the demo prints them; the password in them lives as long as the demo."""

    lines: tuple[tuple[str, str], ...]


@asynccontextmanager
async def demo(counts: int = PROXIES, wanted: Address = USUAL) -> AsyncIterator[Demo]:
    """Everything up and warm; taken down at the end. `wanted` is where the gateway listens unless it is taken."""
    with tempfile.TemporaryDirectory(prefix="proxyfleet-demo-") as folder:
        settings = _settings(Path(folder), wanted)
        lab = Lab(http=counts, username="lab", password=secrets.token_urlsafe(9), behaviour=Behaviour(jitter=0.03))
        async with lab, opened(settings) as found:
            password = await _furnish(found, lab)
            node = await _start(settings, found)
            tasks = Tasks()
            try:
                visit = Visit(node.gateway_address, password, f"{lab.target.url}/")
                for _ in range(WARM_UP):
                    await visit()
                tasks.spawn(_traffic(visit), name="demo traffic")
                yield Demo(_lines(settings, node, lab, password))
            finally:
                await tasks.close()
                await node.stop(grace=2.0)


def _settings(folder: Path, wanted: Address) -> Settings:
    """Loopback targets are allowed because the lab's target is one; nothing of this is right for a real fleet."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    gateway = GatewaySection(listen=wanted, allow_private_targets=True, connect_ports=None)
    return Settings(store=f"sqlite:///{folder / 'fleet.db'}", key=Secret(key), gateway=gateway)


async def _furnish(found: Opened, lab: Lab) -> str:
    """Proxies and a user into the store; the user's password."""
    work = Import(found.store)
    lines = "\n".join(lab.lines()).encode()
    await work.take(read([lines], allow_private=True), "lab", Additions(tags=("lab",)))
    password, _ = await add_user(found.store, USER, hash_key)
    return password


async def _start(settings: Settings, found: Opened) -> Node:
    node = Node(settings, found, rng=Random(secrets.randbits(64)))
    try:
        await node.start()
    except CannotListen:
        free = replace(settings, gateway=replace(settings.gateway, listen=("127.0.0.1", 0)))
        node = Node(free, found, rng=Random(secrets.randbits(64)))
        await node.start()
    return node


def _lines(settings: Settings, node: Node, lab: Lab, password: str) -> tuple[tuple[str, str], ...]:
    gateway = f"http://{USER}:{password}@{address_text(node.gateway_address)}"
    return (
        ("gateway", gateway),
        ("try", f"curl -x {gateway} {lab.target.url}/"),
        ("explain", f"proxyfleet pick --explain --node {node_file(settings)}"),
        ("lab", lab.control().url),
        ("target", lab.target.url),
    )


async def _traffic(visit: "Visit") -> None:
    """Keeps health alive until cancelled."""
    while True:
        await asyncio.sleep(PAUSE)
        await visit()


class Visit:
    """One request through the gateway per call; a failure is not interesting here, the fleet records it."""

    def __init__(self, gateway: Address, password: str, url: str) -> None:
        self._gateway = gateway
        basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
        host = urlsplit(url).netloc
        lines = (f"GET {url} HTTP/1.1", f"Host: {host}", f"Proxy-Authorization: Basic {basic}", "Connection: close")
        self._request = "\r\n".join((*lines, "", "")).encode()

    async def __call__(self) -> None:
        """Ask, read to the end, forget."""
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(*self._gateway)
                try:
                    writer.write(self._request)
                    await reader.read()
                finally:
                    writer.close()
        except OSError:  # TimeoutError is one
            return
