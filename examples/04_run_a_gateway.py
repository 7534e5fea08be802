"""A gateway from the command line, used by an ordinary HTTP client: import, serve, ask, stop. Everything on loopback."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from proxyfleet.lab import Lab

PROGRAM = [sys.executable, "-m", "proxyfleet"]


async def main() -> None:
    async with Lab(http=3, username="lab", password="lab") as lab:
        with tempfile.TemporaryDirectory() as folder:
            await asyncio.to_thread(Path(folder, "proxies.txt").write_text, "\n".join(lab.lines()))
            options = ["--listen", "127.0.0.1:0", "--store", "memory:", "--allow-private-targets"]
            command = [*PROGRAM, "serve", *options, "--import", "proxies.txt", "--allow-private"]
            node = await asyncio.create_subprocess_exec(
                *command, cwd=folder, env={"HOME": folder}, stdout=subprocess.PIPE
            )
            assert node.stdout is not None
            gateway = ""
            async for line in node.stdout:
                name, _, value = line.decode().strip().partition("  ")
                gateway = value if name == "gateway" else gateway
                if name == "ready":
                    break
            async with httpx.AsyncClient(proxy=gateway) as client:
                for _ in range(5):
                    answer = await client.get(lab.target.url)
                    print(answer.status_code, "by", answer.headers["X-Proxyfleet-Proxy"])
                    assert answer.status_code == 200
            node.terminate()
            assert await node.wait() == 0


if __name__ == "__main__":
    asyncio.run(main())
