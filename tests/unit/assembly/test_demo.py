"""The demo in this process: what it prints is true, and a taken port is no obstacle."""

import asyncio
import socket
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from proxyfleet.assembly.demo import Visit, demo
from proxyfleet.assembly.runtime import read_node_file


async def status(gateway, url):
    parts = urlsplit(gateway)
    basic = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    fields = f"Host: {urlsplit(url).netloc}\r\nProxy-Authorization: Basic {basic}\r\nConnection: close"
    writer.write(f"GET {url} HTTP/1.1\r\n{fields}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_it_works_on_a_free_port_when_the_usual_one_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with demo(3, taken.getsockname()) as up:
            told = dict(up.lines)
            assert list(told) == ["gateway", "try", "explain", "lab", "target"]
            assert told["try"] == f"curl -x {told['gateway']} {told['target']}/"
            assert urlsplit(told["gateway"]).port != taken.getsockname()[1]
            assert await status(told["gateway"], told["target"] + "/") == 200
            assert read_node_file(Path(told["explain"].split()[-1]))


async def test_a_visit_that_fails_is_forgotten():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        await Visit(closed.getsockname(), "p", "http://127.0.0.1:1/")()
