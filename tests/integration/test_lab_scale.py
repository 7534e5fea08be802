"""A thousand proxies at once: quick to start, right about who was who, and nothing left behind."""

import asyncio
import gc
import os
import time
import warnings
from collections.abc import Callable

import pytest
import uvloop

from proxyfleet.lab import Lab

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
GET = b"GET http://shop.lab/ HTTP/1.1\r\nHost: shop.lab\r\nConnection: close\r\n\r\n"
MANY = 1000


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., object]:
    """Runs a coroutine to its end on one of the loops."""

    def to_the_end(coroutine: object) -> object:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(coroutine)

    return to_the_end


async def ask(port: int, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(message)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.alone
def test_a_thousand_proxies_start_in_two_seconds_and_know_their_names(run: Callable[..., object]) -> None:
    async def scene() -> tuple[float, set[bool]]:
        begun = time.perf_counter()
        async with Lab(http=MANY // 2, socks5=MANY // 4, https=MANY // 4) as lab:
            took = time.perf_counter() - begun
            some = lab.find("http-*")[::5]
            answers = await asyncio.gather(*(ask(proxy.port, GET) for proxy in some))
            right = {f'"proxy": "{proxy.name}"'.encode() in answer for proxy, answer in zip(some, answers, strict=True)}
        return took, right

    took, right = run(scene())
    assert took < 2.0
    assert right == {True}


def test_nothing_is_left_open_however_connections_ended(run: Callable[..., object]) -> None:
    async def scene() -> int:
        lab = Lab(http=20, https=5, socks5=5)
        async with lab:
            writers = [(await asyncio.open_connection("127.0.0.1", proxy.port))[1] for proxy in lab.proxies]
            for writer in writers[:10]:
                writer.write(b"CONNECT shop.lab:80 HTTP/1.1\r\nHost: shop.lab\r\n\r\n")
            lab["http-11"].behave(latency=60.0)
            writers[10].write(GET)
            lab["http-12"].behave(stall=True)
            writers[11].write(GET)
            lab["http-13"].kill()
            lab.control()
            await asyncio.gather(*(ask(proxy.port, GET) for proxy in lab.find("http-2*")))
        left = len(asyncio.all_tasks()) - 1
        assert not any(proxy.live for proxy in lab.proxies)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
        return left

    run(scene())
    before = open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        assert run(scene()) == 0
        gc.collect()
    assert open_files() == before


def test_proxies_that_die_and_live_under_load_lose_nothing_but_their_own_requests(run: Callable[..., object]) -> None:
    async def client(lab: Lab, number: int, fates: list[str]) -> None:
        for turn in range(20):
            proxy = lab.proxies[(number + turn) % len(lab.proxies)]
            try:
                answer = await ask(proxy.port, GET)
            except (ConnectionError, OSError):
                fates.append("refused")
                continue
            fates.append("right" if f'"proxy": "{proxy.name}"'.encode() in answer else "cut" if not answer else "wrong")

    async def reaper(lab: Lab) -> None:
        for turn in range(40):
            proxy = lab.proxies[turn % len(lab.proxies)]
            proxy.kill()
            await asyncio.sleep(0.001)
            proxy.revive()
            await asyncio.sleep(0.001)

    async def scene() -> list[str]:
        fates: list[str] = []
        async with Lab(http=10) as lab:
            await asyncio.gather(reaper(lab), *(client(lab, number, fates) for number in range(20)))
            answers = [await ask(proxy.port, GET) for proxy in lab.proxies]
        assert all(b"200 OK" in answer for answer in answers)
        return fates

    fates = run(scene())
    assert len(fates) == 400
    assert "wrong" not in fates
    assert "right" in fates
