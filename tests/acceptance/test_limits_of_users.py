"""Rule 18 end to end: what a gateway user may holds over two nodes that share a fleet, once both have heard of each other."""

import asyncio
import tempfile
import time
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests import postgres
from tests.acceptance.program import Program
from tests.redis_server import RedisProcess

pytestmark = pytest.mark.alone
HEARD, LASTS = 5.0, 6.0
"""Seconds until the nodes have found their shares, and of what is measured after that."""
CONCURRENCY, DELAY = 4, 0.2
RATE = 10.0
BYTES, PIECE = 1_200_000, 30_000


@contextmanager
def on_postgres(home):
    with postgres.server() as server:
        yield ("--store", server.url)


@contextmanager
def on_redis_claims(home):
    with tempfile.TemporaryDirectory(prefix="pf-") as folder:  # a socket's path must be short
        server = RedisProcess(Path(folder), "appendonly yes", "appendfsync always").start()
        try:
            yield ("--store", f"sqlite:///{home}/fleet.db", "--claims", server.url)
        finally:
            server.kill()


class Answer:
    def __init__(self, began, ended, head, body):
        self.began, self.ended, self.size = began, ended, len(head) + len(body)
        self.status = int(head.split(None, 2)[1])
        self.code = body.split(b": ", 2)[1].decode() if self.status == 429 else ""


async def ask(gateway, login, url):
    """One request on a connection of its own."""
    place = urlsplit(gateway)
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    credentials = b64encode(":".join(login).encode()).decode()
    fields = f"Host: {urlsplit(url).netloc}\r\nProxy-Authorization: Basic {credentials}\r\nConnection: close\r\n"
    writer.write(f"GET {url} HTTP/1.1\r\n{fields}\r\n".encode())
    try:
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return Answer(began, time.monotonic(), head, body)


async def hammer(gateway, login, url, until, pause):
    """Answers to one request after the other."""
    answers = []
    while time.monotonic() < until:
        answers.append(await ask(gateway, login, url))
        await asyncio.sleep(pause)
    return answers


async def everywhere(gateways, login, url, *, clients, pause):
    """The same from so many clients at each node; those of the time that is measured, and when that began."""
    began = time.monotonic() + HEARD
    runs = [hammer(one, login, url, began + LASTS, pause) for one in gateways for _ in range(clients)]
    answers = [answer for told in await asyncio.gather(*runs) for answer in told]
    return began, answers


def most_at_a_time(answers):
    """Of those that were at the target, without the moments at which one gives way to the next."""
    margin = DELAY / 10
    edges = [(one.ended - DELAY + margin, 1) for one in answers] + [(one.ended - margin, -1) for one in answers]
    most = now = 0
    for _, step in sorted(edges):
        now += step
        most = max(most, now)
    return most


async def concurrency_holds(gateways, login, target):
    began, answers = await everywhere(gateways, login, f"{target}/delay/{DELAY}", clients=5, pause=0.02)
    served = [one for one in answers if one.status == 200 and one.began > began]
    assert {one.code for one in answers if one.status != 200} == {"user_concurrency"}
    assert most_at_a_time(served) <= CONCURRENCY
    assert len(served) > CONCURRENCY * LASTS / DELAY / 2, "what is allowed is also served"


async def rate_holds(gateways, login, target):
    began, answers = await everywhere(gateways, login, f"{target}/bytes/10", clients=3, pause=0.05)
    served = [one for one in answers if one.status == 200 and one.began > began]
    assert {one.code for one in answers if one.status != 200} == {"user_rate"}
    assert RATE * LASTS / 2 < len(served) <= RATE * (LASTS + 1)


async def bytes_hold(gateways, login, target):
    began, answers = await everywhere(gateways, login, f"{target}/bytes/{PIECE}", clients=1, pause=0.1)
    moved = sum(one.size for one in answers if one.status == 200)
    a_second_late = 2 * len(gateways) * PIECE / 0.1
    assert moved <= BYTES + BYTES / 60 * (time.monotonic() - began + HEARD) + a_second_late
    assert moved > 0.8 * BYTES


@pytest.mark.parametrize("fleet", [on_postgres, on_redis_claims])
async def test_limits_hold_over_two_nodes(tmp_path, lab, fleet):
    file, target = lab[0], lab[1].rstrip("/")
    program = Program(tmp_path)
    with fleet(tmp_path) as place:
        limits = {"ann": ("--concurrency", CONCURRENCY), "rob": ("--rate", RATE), "bea": ("--bytes-per-minute", BYTES)}
        logins = {
            name: (name, program.json("user", "add", name, *limit, *place)["password"])
            for name, limit in limits.items()
        }
        serve = ("serve", *place, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--allow-private-targets")
        with (
            program.running(*serve, "--import", file, "--allow-private") as one,
            program.running(*serve) as two,
        ):
            gateways = [node.told["gateway"] for node in (one, two)]
            await asyncio.gather(
                concurrency_holds(gateways, logins["ann"], target),
                rate_holds(gateways, logins["rob"], target),
                bytes_hold(gateways, logins["bea"], target),
            )
