"""Every kind of client through every kind of upstream proxy (G1, G2), with real curl and the lab's proxies."""

import asyncio
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests.integration.labkit import serving

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.gateway.settings import Timers
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of

KINDS = ("http", "https", "socks4", "socks5")
CLIENTS = ("http", "socks4a", "socks5h")


@pytest.fixture
async def lab():
    async with Lab(username="lab", password="lab-secret") as lab:
        yield lab


@pytest.mark.parametrize("kind", KINDS)
async def test_every_client_through_this_kind(lab, kind):
    lab.add(kind)
    async with serving(lab) as served:
        for scheme in CLIENTS:
            for url in ("http://shop.lab/x?y=1", "https://shop.lab/x?y=1"):
                seen = await served.visit(url, scheme=scheme)
                assert (seen["proxy"], seen["path"], seen["host"]) == (f"{kind}-1", "/x?y=1", "shop.lab")
        assert served.health(1).failures == 0
    for visit in lab.target.requests:
        names = {name.lower() for name, _ in visit.headers}
        assert not [name for name in names if name.startswith(("proxy-", "x-proxyfleet"))]


@pytest.mark.parametrize("kind", KINDS)
async def test_bodies_methods_and_many_requests_on_one_connection(lab, kind):
    lab.add(kind)
    async with serving(lab) as served:
        urls = ["http://shop.lab/bytes/5"] * 3
        code, out = await served.curl(urls[0], *urls[1:])
        assert (code, out) == (0, "01234" * 3)
        body = "x" * 100_000
        code, out = await served.curl("http://shop.lab/echo", "--data", body)
        assert (code, out) == (0, body)
        code, out = await served.curl("http://shop.lab/chunked/50000", "-o", "/dev/null", "-w", "%{size_download}")
        assert (code, out) == (0, "50000")
        code, out = await served.curl("https://shop.lab/bytes/5000000", "-o", "/dev/null", "-w", "%{size_download}")
        assert (code, out) == (0, "5000000")
        assert served.gateway.stats().reused >= 2


async def test_socks_pools_by_target(lab):
    lab.add("socks5")
    other = lab.add_target("other", "other.lab")
    async with serving(lab) as served:
        for _ in range(2):
            await served.visit("http://shop.lab/")
            await served.visit("http://other.lab/")
        assert served.gateway.stats().dials == 2
        assert {visit.host for visit in other.requests} == {"other.lab"}
        assert len(other.requests) == len(lab.target.requests) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_wrong_credentials_of_the_fleet_are_the_proxys_hard_state(lab, kind):
    proxy = lab.add(kind)
    wrong = proxy_of(proxy)
    lab.add("http")
    bad = Proxy(wrong.scheme, wrong.host, wrong.port, "lab" if kind != "socks4" else "lob", Secret("wrong"))
    async with serving(lab, proxies=[bad]) as served:
        for url in ("http://shop.lab/", "https://shop.lab/"):
            _, out = await served.curl(url, "-i")
            assert "proxy_auth" in out
        assert served.gateway.stats().failures == {"authentication": 2}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_ban_is_of_the_pair_and_another_proxy_is_tried(lab, kind):
    lab.add(kind, banned=["shop.lab"])
    good = lab.add("http").name
    async with serving(lab) as served:
        served.fleet.switch("round_robin")
        for _ in range(4):
            assert (await served.visit("https://shop.lab/"))["proxy"] == good
        category = "network" if kind == "socks4" else "banned"  # SOCKS4 has one number for every no
        assert served.gateway.stats().failures == {category: served.gateway.stats().failovers}
        assert served.gateway.stats().failovers >= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trouble", ["dead", "reset", "garbage"])
async def test_broken_proxies_are_left_for_others(lab, kind, trouble):
    lab.add(kind, **({"speaks": "garbage"} if trouble == "garbage" else {trouble: True}))
    good = lab.add("http").name
    async with serving(lab) as served:
        served.fleet.switch("round_robin")
        for url in ("https://shop.lab/", "http://shop.lab/"):
            for _ in range(2):
                assert (await served.visit(url))["proxy"] == good
        assert served.gateway.stats().failovers >= 1
        assert served.health(1).consecutive_failures >= 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stalled_proxy_costs_its_deadline_only(lab, kind):
    lab.add(kind, stall=True)
    good = lab.add("http").name
    async with serving(lab, timers=Timers(dial=0.5, connect_reply=0.5, response_head=0.5)) as served:
        served.fleet.switch("round_robin")
        for url in ("https://shop.lab/", "http://shop.lab/"):
            for _ in range(2):
                assert (await served.visit(url))["proxy"] == good
        assert served.gateway.stats().failures.get("timeout")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_target_that_refuses_is_told_and_not_direct(lab, kind):
    lab.add(kind)
    lab.target.go_down("refuse")
    async with serving(lab) as served:
        for scheme, wanted in (("http", (0, 56)), ("socks5h", (97,))):
            code, out = await served.curl("https://shop.lab/", scheme=scheme)
            assert code in wanted, out
    assert not lab.target.requests


async def test_https_proxies_have_to_prove_who_they_are(lab):
    lab.add("https")
    for changes, code in (
        ({"upstream_ca": None}, "proxy_certificate"),
        ({"upstream_ca": None, "upstream_verify": False}, None),
    ):
        async with serving(lab, **changes) as served:
            returned, out = await served.curl("http://shop.lab/", "-i")
            assert returned == 0
            assert (code or "200 OK") in out
            if code:
                assert "error=tls_certificate_error" in out
                assert served.gateway.stats().failures == {"protocol": 1}


async def test_a_proxy_that_does_not_speak_tls_is_told_apart(lab):
    server = await asyncio.start_server(_talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with serving(lab, proxies=[Proxy(Scheme.HTTPS, "127.0.0.1", port)]) as served:
        _, out = await served.curl("http://shop.lab/", "-i")
        assert "proxy_tls" in out
        assert "error=tls_protocol_error" in out
    server.close()


async def _talk(reader, writer):
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def test_names_are_resolved_here_only_where_that_was_asked_for(lab):
    lab.add("socks5")
    async with serving(lab, local_dns=True) as served:
        _, out = await served.curl("http://shop.lab/", "-i")
        assert "target_unresolved" in out
        seen = await served.visit(f"http://localhost:{lab.target.port}/")
        assert seen["host"] == f"localhost:{lab.target.port}"
    async with serving(lab, local_dns=True, allow_private_targets=False) as served:
        # A public name that leads to a private address, as in DNS rebinding.
        served.gateway._ctx.dialer._resolver._known["rebind.example"] = (float("inf"), ("127.0.0.1", "10.0.0.1"))
        _, out = await served.curl("http://rebind.example/", "-i")
        assert "403 Forbidden" in out
        assert "destination_private" in out
        assert served.gateway.stats().dials == 1
    assert len(lab.target.requests) == 1


async def test_socks4_and_ipv6_targets(lab):
    lab.add("socks4")
    async with serving(lab) as served:
        _, out = await served.curl("http://[2606:2800:220:1::1]/", "-i")
        assert "proxy_banned" in out
        assert lab["socks4-1"].requests == 0


async def test_upstream_proxies_by_ipv6(lab):
    server = await asyncio.start_server(_answer, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    async with serving(lab, proxies=[Proxy(Scheme.HTTP, "::1", port)]) as served:
        code, out = await served.curl("http://shop.lab/", "-i")
        assert code == 0
        assert f"X-Proxyfleet-Proxy: [::1]:{port}" in out
    server.close()


async def _answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def test_a_407_of_the_target_itself_is_no_question_to_the_client(lab):
    lab.add("socks5")
    async with serving(lab) as served:
        _, out = await served.curl("http://shop.lab/status/407", "-i")
        assert "502 Bad Gateway" in out
        assert "target_protocol" in out
        assert served.gateway.stats().failures == {"target": 1}


async def test_curl_over_tls_to_the_gateway(lab, tmp_path):
    """One port: TLS with HTTP and with SOCKS in it, and everything plain, to every kind of upstream."""
    for kind in KINDS:
        lab.add(kind)
    pem = tmp_path / "gateway.pem"
    pem.write_bytes(lab_certificate(lab))
    async with serving(lab, tls_certificate=str(pem)) as served:
        for url in ("http://shop.lab/", "https://shop.lab/"):
            for _ in KINDS:
                seen = await served.visit(url, "--proxy-cacert", str(lab.ca_file), scheme="https")
                assert seen["path"] == "/"
            assert (await served.visit(url))["path"] == "/"
        code, out = await served.curl("http://shop.lab/", scheme="https")
        assert code == 60, "curl does not trust a certificate that it does not know"
        code, out = await served.curl(
            "http://shop.lab/", "-i", "--proxy-cacert", str(lab.ca_file), scheme="https", login="alice:wrong"
        )
        assert "407" in out
        size = ("-o", "/dev/null", "-w", "%{size_download}")
        code, out = await served.curl(
            "https://shop.lab/bytes/8000000", *size, "--proxy-cacert", str(lab.ca_file), scheme="https"
        )
        assert (code, out) == (0, "8000000")


def lab_certificate(lab):
    """A certificate for 127.0.0.1 by the lab's authority, with its key."""
    authority = lab._world.authority
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = authority._builder(authority._name, authority._leaf_key.public_key()).add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    key = authority._leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(authority._key, hashes.SHA256()).public_bytes(pem) + key
