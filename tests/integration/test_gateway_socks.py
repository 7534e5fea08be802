"""SOCKS clients that exist in front of the gateway, the lab's proxies behind it: curl, python-socks, PySocks."""

import asyncio
import json
import random
import shutil

import pytest
import socks
from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy as AsyncProxy

from proxyfleet.clock import wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.rules import Rules
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.ports import GatewayUser

CURL = shutil.which("curl")
USERS = {"alice": GatewayUser("alice", hash_key("canary-client", b"0123456789abcdef", n=4))}


@pytest.fixture
async def lab():
    async with Lab(http=2, username="lab", password="lab-secret") as lab:
        yield lab


@pytest.fixture(params=[True, False], ids=["users", "no users"])
async def port(lab, request):
    fleet = FleetState(Rules(), rng=random.Random(1))
    for number, proxy in enumerate(lab.proxies, 1):
        fleet.add(proxy_of(proxy, id=number), wall_clock())
    settings = GatewaySettings(listen=("127.0.0.1", 0), allow_private_targets=True, connect_ports=None)
    gateway = Gateway(fleet, USERS.get if request.param else None, wall_clock, settings)
    await gateway.start()
    yield gateway.address[1]
    await gateway.close()


async def curl(*arguments):
    process = await asyncio.create_subprocess_exec(
        *[CURL, "-sS", "--max-time", "10", *arguments],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 15)
    return process.returncode, out.decode()


LOGINS = {"socks4": "alice%3Acanary-client", "socks4a": "alice%3Acanary-client"}


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h"])
async def test_curl(lab, port, scheme):
    login = LOGINS.get(scheme, "alice:canary-client")
    named = scheme in ("socks4a", "socks5h")
    for url in (
        ("http://shop.lab/x", "https://shop.lab/x") if named else (f"{lab.target.url}/x", f"{lab.target.tls_url}/x")
    ):
        code, out = await curl("-x", f"{scheme}://{login}@127.0.0.1:{port}", "--cacert", str(lab.ca_file), url)
        assert code == 0, out
        assert json.loads(out)["proxy"] in ("http-1", "http-2")
    for visit in lab.target.requests:
        assert not [name for name, _ in visit.headers if name.lower().startswith("proxy-")]


@pytest.mark.parametrize("scheme", ["socks4a", "socks5h"])
@pytest.mark.parametrize("port", [True], indirect=True, ids=["users"])
async def test_curl_with_wrong_or_no_credentials(lab, port, scheme):
    for login in ("alice:wrong@", "bob:canary-client@", ""):
        code, _ = await curl("-x", f"{scheme}://{login}127.0.0.1:{port}", "http://shop.lab/")
        assert code == 97
    assert not lab.target.requests


async def test_python_socks(lab, port):
    for kind, login in (
        (ProxyType.SOCKS5, ("alice", "canary-client")),
        (ProxyType.SOCKS4, ("alice:canary-client", None)),
    ):
        proxy = AsyncProxy(kind, "127.0.0.1", port, *login, rdns=True)
        stream = await proxy.connect("shop.lab", 80, timeout=5)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(stream, b"GET /bytes/3 HTTP/1.0\r\nHost: shop.lab\r\n\r\n")
        answer = b""
        while piece := await loop.sock_recv(stream, 1000):
            answer += piece
        stream.close()
        assert answer.endswith(b"012")
    with pytest.raises(ProxyError):
        await AsyncProxy(ProxyType.SOCKS5, "127.0.0.1", port, "alice", "canary-client").connect("nobody.nowhere", 80)


async def test_pysocks(lab, port):
    def visit():
        with socks.socksocket() as client:
            client.set_proxy(socks.SOCKS5, "127.0.0.1", port, username="alice", password="canary-client")
            client.settimeout(5)
            client.connect(("shop.lab", 80))
            client.sendall(b"GET /bytes/3 HTTP/1.0\r\nHost: shop.lab\r\n\r\n")
            return client.makefile("rb").read()

    assert (await asyncio.to_thread(visit)).endswith(b"012")
