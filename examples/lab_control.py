"""Steering a lab from outside its process, as a shell script would with curl."""

import asyncio

import httpx

from proxyfleet.lab import Lab


async def main() -> None:
    async with Lab(http=3, socks5=1) as lab:
        control = lab.control(token="a token")
        headers = {"Authorization": "Bearer a token"}
        async with httpx.AsyncClient(base_url=control.url, headers=headers) as client:
            lines = (await client.get("/lines")).text.split()
            print("import these:", *lines, sep="\n  ")
            await client.post("/proxies/http-*", json={"latency": 0.05, "rate": 100})
            await client.post("/proxies/http-2", json={"dead": True})
            await client.post("/target", json={"down": "error"})
            async with httpx.AsyncClient(proxy=lines[0]) as through:
                print("through http-1:", (await through.get("http://shop.lab/")).status_code)
            (visit,) = (await client.get("/requests")).json()
            print("the target saw:", visit["method"], visit["path"], "from", visit["proxy"])
            assert (visit["proxy"], lab["http-2"].behaviour.dead) == ("http-1", True)


if __name__ == "__main__":
    asyncio.run(main())
