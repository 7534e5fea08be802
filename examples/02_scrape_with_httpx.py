"""Scraping through a pool with retries on other proxies: one of the three is dead, and no page is lost."""

import asyncio
import time

import httpx

from proxyfleet import ProxyConfig, ProxyPool, use_proxy
from proxyfleet.lab import Lab


async def fetch(pool: ProxyPool, url: str) -> str:
    for _ in range(5):
        try:
            async with use_proxy(pool) as proxy:
                began = time.perf_counter()
                address = httpx.Proxy(proxy.server, auth=(proxy.username or "", proxy.password or ""))
                async with httpx.AsyncClient(proxy=address, timeout=5) as client:
                    answer = await client.get(url)
                pool.record_success(proxy, response_time=time.perf_counter() - began)
                return str(answer.json()["proxy"])
        except httpx.TransportError:
            continue  # use_proxy has recorded the failure; the next attempt gets another proxy
    raise RuntimeError("no proxy reached the page; look at pool.get_all_proxy_health()")


async def main() -> None:
    async with Lab(http=3, username="lab", password="lab") as lab:
        lab.kill(["http-2"])
        pool = ProxyPool([ProxyConfig(line) for line in lab.lines()])
        served = [await fetch(pool, "http://shop.lab/") for _ in range(12)]
        print(*served)
        assert "http-2" not in served


if __name__ == "__main__":
    asyncio.run(main())
