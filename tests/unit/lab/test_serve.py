"""What the command line runs."""

import asyncio

from proxyfleet.lab.lab import Lab
from proxyfleet.lab.serve import LabOptions, announcement, kind_of, serve_lab


async def test_it_tells_where_everything_is_and_stops_when_told() -> None:
    told: list[str] = []
    stop, ready = asyncio.Event(), asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("control:"):
            ready.set()

    options = LabOptions(counts={"http": 3, "socks5": 1}, password="hunter2")
    running = asyncio.ensure_future(serve_lab(options, tell, stop))
    await asyncio.wait_for(ready.wait(), 5)
    port = int(told[-1].split()[1].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /lines HTTP/1.1\r\nConnection: close\r\n\r\n")
    lines = (await reader.read()).partition(b"\r\n\r\n")[2].decode().splitlines()
    writer.close()
    assert [line.partition("@")[0] for line in lines] == ["http://lab:hunter2"] * 3 + ["socks5://lab:hunter2"]
    assert told[0] == "proxies: 3 http, 1 socks5"
    assert "hunter2" not in "".join(told)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_an_empty_lab_is_announced_too() -> None:
    async with Lab() as lab:
        assert announcement(lab, "http://127.0.0.1:1")[0] == "proxies: none"


def test_kinds() -> None:
    assert kind_of("socks5-12") == "socks5"
