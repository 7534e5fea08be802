"""A bot's retry loop against proxies that refuse, ban and cut, with the target as the witness. Needs no network."""

import asyncio

import httpx

from proxyfleet.lab import Lab, LabProxy

URL = "http://shop.lab/bytes/1000"


async def fetch(proxies: list[LabProxy]) -> str | None:
    """The name of the first proxy that brings the page, None when none does."""
    for proxy in proxies:
        try:
            async with httpx.AsyncClient(proxy=proxy.url, timeout=2.0) as client:
                answer = await client.get(URL)
        except httpx.TransportError as error:
            print(f"{proxy.name}: {type(error).__name__}")
            continue
        print(f"{proxy.name}: {answer.status_code}")
        if answer.is_success:
            return proxy.name
    return None


async def main() -> None:
    async with Lab(http=4, username="lab", password="lab") as lab:
        dead, banned, cut, good = lab.proxies
        dead.kill()
        banned.behave(banned=["shop.lab"])
        cut.behave(truncate_after=100)
        assert await fetch(lab.proxies) == good.name
        assert [visit.proxy for visit in lab.target.requests] == [cut.name, good.name]
        dead.revive()
        assert await fetch(lab.proxies) == dead.name


if __name__ == "__main__":
    asyncio.run(main())
