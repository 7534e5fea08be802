"""The gateway as clients meet it: the system's curl, and a fleet that breaks under it."""

import asyncio
import logging
import shutil

import pytest
from tests.integration.gatewaykit import OPENED, UPSTREAM_FIELD, Kit, closing, connect, get, silent

CURL = shutil.which("curl")
PROXY = "http://alice:canary-client@127.0.0.1"


async def target(peer) -> None:
    """An upstream proxy and its target in one: CONNECT opens a tunnel in which it is the target itself."""
    while (head := await peer.read_head()).endswith(b"\r\n\r\n"):
        if head.startswith(b"CONNECT "):
            peer.send(OPENED)
            continue
        if b"expect: 100-continue" in head.lower():
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await body_of(peer, head)
        answer = b"%d bytes of body" % len(body)
        if head.startswith(b"HEAD "):
            body, answer = b"", b""
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n")
        else:
            peer.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(answer), answer)
            )
    peer.close()


async def body_of(peer, head: bytes) -> bytes:
    """What follows a head, by its framing."""
    lowered = head.lower()
    if b"content-length: " in lowered:
        return await peer.read(int(lowered.split(b"content-length: ")[1].split(b"\r\n")[0]))
    body = b""
    while b"transfer-encoding: chunked" in lowered:
        size = int((await peer.reader.readline()).strip(), 16)
        body += (await peer.read(size + 2))[:-2]
        if not size:
            break
    return body


async def curl(kit, *arguments: str, proxy: str = PROXY) -> tuple[int, str]:
    """(exit code, output with the heads of all answers)."""
    command = [CURL, "-sS", "-i", "--max-time", "10", "-x", f"{proxy}:{kit.port}", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 15)
    return process.returncode or 0, out.decode()


CASES = [
    (["http://target.test/"], ["200 OK", "X-Proxyfleet-Proxy: 127.0.0.1:", "0 bytes of body"]),
    (["-p", "http://target.test/"], ["200 Connection established", "X-Proxyfleet-Proxy", "200 OK", "0 bytes of body"]),
    (["-I", "http://target.test/"], ["200 OK", "Content-Length: 16"]),
    (["-0", "http://target.test/"], ["200 OK", "Connection: close", "0 bytes of body"]),
    (["-d", "hello", "http://target.test/"], ["200 OK", "5 bytes of body"]),
    (["-d", "hello", "-H", "Transfer-Encoding: chunked", "http://target.test/"], ["200 OK", "5 bytes of body"]),
    (
        ["-d", "hello", "-H", "Expect: 100-continue", "http://target.test/"],
        ["100 Continue", "200 OK", "5 bytes of body"],
    ),
    (["-X", "PUT", "-d", "hello", "http://target.test/"], ["200 OK", "5 bytes of body"]),
    (["http://target.test/a", "http://target.test/b"], ["200 OK", "0 bytes of body"]),
    (["http://[2606:2800:220:1::1]/"], ["200 OK"]),
]


@pytest.mark.parametrize(("arguments", "wanted"), CASES)
async def test_curl(arguments, wanted):
    async with Kit(target) as kit:
        code, out = await curl(kit, *arguments)
        assert code == 0, out
        assert [text for text in wanted if text not in out] == []
        asked = b"".join(peer.wire for peer in kit.upstreams[0].peers)
        assert asked.count(UPSTREAM_FIELD) == asked.count(b"Proxy-Authorization")
        assert b"YWxpY2U6" not in asked, "the client's own credentials go nowhere"


@pytest.mark.parametrize(("arguments", "code"), [(["http://target.test/"], 0), (["-p", "http://target.test/"], 56)])
@pytest.mark.parametrize("proxy", ["http://alice:wrong@127.0.0.1", "http://bob:x@127.0.0.1", "http://127.0.0.1"])
async def test_curl_with_wrong_credentials(arguments, code, proxy):
    async with Kit(target) as kit:
        returned, out = await curl(kit, *arguments, proxy=proxy)
        assert returned == code
        assert "407" in out
        assert kit.upstreams[0].peers == []


@pytest.mark.parametrize("arguments", [["http://target.test/"], ["-p", "http://target.test/"]])
async def test_curl_and_a_fleet_in_trouble(arguments):
    async with Kit() as kit:
        _, out = await curl(kit, *arguments)
        assert " 503 Service Unavailable" in out
        assert "Retry-After: " in out
    async with Kit(None, closing, target) as kit:
        code, out = await curl(kit, *arguments)
        assert code == 0
        assert "0 bytes of body" in out
    async with Kit(None, None, None) as kit:
        _, out = await curl(kit, *arguments)
        assert " 502 Bad Gateway" in out
        assert "Proxy-Status: proxyfleet; error=connection_refused" in out


async def test_curl_anyauth_like_a_browser():
    """Browsers send credentials only after they have seen the challenge, and CONNECT again on a new connection."""
    async with Kit(target) as kit:
        for arguments in (["http://target.test/"], ["-p", "http://target.test/"]):
            code, out = await curl(kit, "--proxy-anyauth", *arguments)
            assert code == 0, out
            assert "407" in out
            assert "0 bytes of body" in out


async def test_a_proxy_killed_in_the_middle_is_seen_by_curl():
    async def script(peer):
        await peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await peer.writer.drain()
        peer.abort()

    async with Kit(script) as kit:
        code, out = await curl(kit, "http://target.test/")
        assert code in (18, 56), out
        assert kit.gateway.stats().failures == {"network": 1}


async def test_many_clients_at_once():
    async with Kit(target, target, None) as kit:

        async def one(number: int) -> None:
            client = await kit.client()
            for _ in range(5):
                client.send(get(f"http://host{number}.test/"))
                assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
                await client.reader.readuntil(b"0\r\n\r\n")
            client.send(connect())
            await client.read_all() if number % 2 else client.abort()

        async def tunnels() -> None:
            for _ in range(20):
                client = await kit.client()
                client.send(connect())
                assert (await client.read_head()).startswith(b"HTTP/1.1 200 ")
                client.send(b"GET / HTTP/1.1\r\n\r\n")
                await client.reader.readuntil(b"0\r\n\r\n")
                client.abort()

        await asyncio.gather(*(one(2 * number) for number in range(20)), tunnels(), tunnels())
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert kit.gateway.stats().refusals == {}
        assert [kit.fleet.health(number, kit.clock()).active for number in (1, 2, 3)] == [0, 0, 0]


async def test_canaries_are_nowhere(caplog, capfd):
    """R14: neither side's credentials in logs at any level, answers, statistics, output, or what the target gets."""
    caplog.set_level(logging.DEBUG)
    async with Kit(None, closing, silent, target) as kit:
        answers = [await kit.exchange(get("http://t.test/?canary-url", b"Connection: close", method=b"POST"))]
        client = await kit.client()
        client.send(connect(b"t.test:443"))
        await kit.until(lambda: kit.upstreams[2].peers)
        client.abort()
        code, out = await curl(kit, "http://target.test/")
        assert code == 0
        seen = repr(kit.gateway.stats()) + repr(kit.gateway) + repr(kit.users) + repr(kit.fleet.endpoint(1))
    text = b"".join(answers).decode() + seen + caplog.text + "".join(capfd.readouterr()) + out
    assert [word for word in ("canary", "YWxpY2U6", "dXA6") if word in text] == []
