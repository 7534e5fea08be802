"""R18 with several processes under load: SIGTERM aborts nothing that runs, however it is sent; SIGKILL leaves a clean start."""

import asyncio
import os
import signal
import time
from urllib.parse import urlsplit

import pytest
from tests.acceptance.test_cli_serve import code_of, eventually
from tests.acceptance.test_serving_together import alive, children, together

LONG, STEADY = 8, 6
"""Of each kind of long request; clients that send one short request after the other."""
DRIPS = 100
"""One every 20 ms: two seconds."""
QUICK = 16


class Load:
    """Clients of a gateway; `lost` are those whose request was on its way before the end began and was not answered."""

    def __init__(self, gateway, target):
        self.place = urlsplit(gateway)
        self.target, self.host = target.rstrip("/"), urlsplit(target).netloc
        self.ending = None
        """When the signal was sent."""
        self.lost, self.answered, self.awaited = [], 0, 0
        self.running = asyncio.Event()

    def awaits(self, count):
        """Set `running` once so many long requests run."""
        self.awaited = count

    async def connect(self):
        return await asyncio.open_connection(self.place.hostname, self.place.port)

    async def dripped(self, kind, size):
        """One long request; counted as running from its first byte on."""
        reader, writer = await self.connect()
        if kind == "tunnel":
            writer.write(f"CONNECT {self.host} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            asked = "/"
        else:
            asked = f"{self.target}/"
        writer.write(f"GET {asked}slow/{size} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        got = await reader.readexactly(1)
        self.awaited -= 1
        if not self.awaited:
            self.running.set()
        try:
            got += await reader.read(-1)
        except OSError as error:
            got = repr(error).encode()
        writer.close()
        if len(got) != size:
            self.lost.append((kind, size, got[-60:]))
        self.answered += 1

    async def steady(self, *, kept):
        """Short requests until there is nobody any more; each on a connection of its own, or on a kept one."""
        reader = writer = None
        while True:
            try:
                if writer is None:
                    reader, writer = await self.connect()
            except OSError:
                return
            sent = time.monotonic()
            try:
                closes = await self.short(reader, writer, kept=kept)
            except (OSError, EOFError) as error:
                if self.ending is None or sent < self.ending:
                    self.lost.append(("kept" if kept else "new", repr(error)))
                closes = True
            if closes:
                writer.close()
                writer = None

    async def short(self, reader, writer, *, kept):
        """Whether the connection ends with the answer."""
        ending = "" if kept else "Connection: close\r\n"
        writer.write(f"GET {self.target}/bytes/{QUICK} HTTP/1.1\r\nHost: {self.host}\r\n{ending}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(QUICK)
        self.answered += 1
        return not kept or b"connection: close" in head.lower()


@pytest.mark.parametrize("own_sockets", ["true", "false"])
@pytest.mark.parametrize("told", ["the parent", "everybody, as systemd and terminals do"])
async def test_nothing_that_runs_is_aborted(program, lab, told, own_sockets):
    file, target = lab
    settings = {"PROXYFLEET_GATEWAY_CONNECT_PORTS": "any", "PROXYFLEET_GATEWAY_OWN_SOCKETS": own_sockets}
    with together(program, file, **settings) as node:
        load = Load(node.told["gateway"], target)
        sizes = [DRIPS // 2 + DRIPS * number // LONG for number in range(LONG)]
        async with asyncio.TaskGroup() as tasks:
            for size in sizes:
                tasks.create_task(load.dripped("plain", size))
                tasks.create_task(load.dripped("tunnel", size))
            for number in range(STEADY):
                tasks.create_task(load.steady(kept=number % 2 == 0))
            load.awaits(2 * LONG)
            await load.running.wait()
            pids = [node.process.pid, *(children(node) if told != "the parent" else [])]
            load.ending = began = time.monotonic()
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            tasks.create_task(refused_soon(load))
        code = await asyncio.to_thread(node.process.wait, 30)
        assert load.lost == []
        assert load.answered > 2 * LONG + STEADY
        assert (code, time.monotonic() - began < 30) == (0, True)
        assert not any("Traceback" in line for line in node.errors if line), node.errors
        assert not list(program.home.glob("*.node*.json"))


async def refused_soon(load):
    """While the long ones run on, nobody else gets in."""
    while True:
        try:
            _, writer = await load.connect()
        except ConnectionRefusedError:
            assert load.answered
            return
        writer.close()
        assert time.monotonic() < load.ending + 5.0, "new connections are accepted"
        await asyncio.sleep(0.02)


async def test_a_parent_in_a_hurry_takes_its_processes_along(program, lab):
    file, target = lab
    with together(program, file) as node:
        load, pids = Load(node.told["gateway"], target), children(node)
        load.awaits(1)
        client = asyncio.ensure_future(load.dripped("plain", 1000))
        await load.running.wait()
        node.process.send_signal(signal.SIGTERM)
        node.wait_for("draining")
        node.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(node.process.wait, 10) == -signal.SIGTERM
        assert eventually(lambda: not any(alive(pid) for pid in pids))
        await client
        assert len(load.lost) == 1


async def test_killing_everything_leaves_a_clean_start(program, lab):
    file, target = lab
    with together(program, file) as node:
        load = Load(node.told["gateway"], target)
        async with asyncio.TaskGroup() as tasks:
            for number in range(STEADY):
                tasks.create_task(load.steady(kept=number % 2 == 0))
            tasks.create_task(load.dripped("plain", DRIPS))
            load.awaits(1)
            await load.running.wait()
            port = load.place.port
            load.ending = 0.0
            for pid in (node.process.pid, *children(node)):
                os.kill(pid, signal.SIGKILL)
        assert load.lost, "what ran was cut"
    with together(program, file, "--listen", f"127.0.0.1:{port}") as again:
        assert not [line for line in again.errors if line]
        assert code_of(again.told["gateway"], target) == "200"
        told = program.json("stats", "--store", "sqlite:///fleet.db")
        assert (told["node"]["processes"], told["fleet"]["active"]) == (2, 0)
        assert again.stop() == 0
