"""TLS to the gateway, on the port of everything else: what is inside is served as usual, and every end is clean."""

import asyncio
import socket
import ssl
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests.integration.gatewaykit import ALICE, OK, OPENED, PATIENCE, Kit, Peer, answering, connect, echoing, get, turns

from proxyfleet.gateway.settings import Limits
from proxyfleet.gateway.tls import NOT_OFFERED, BadCertificate, server_context
from proxyfleet.lab.certificates import Authority
from proxyfleet.wire.socks import reply5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`server.pem` (certificate and key), `cert.pem`, `key.pem`, `ca.pem`."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority()
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = authority._builder(authority._name, authority._leaf_key.public_key()).add_extension(names, critical=False)
    pem = builder.sign(authority._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    key = authority._leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    locked = authority._leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    other = Authority()._leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in (
        ("cert.pem", pem),
        ("key.pem", key),
        ("server.pem", pem + key),
        ("locked.pem", locked),
        ("other.pem", other),
        ("ca.pem", authority.ca_file.read_bytes()),
    ):
        (folder / file).write_bytes(content)
    authority.close()
    return folder


@pytest.fixture
def kit(folder):
    def make(*scripts, **changes):
        return Kit(*scripts, tls_certificate=str(folder / "server.pem"), **changes)

    return make


def trust(folder):
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


async def client(kit, folder):
    peer = Peer(*await asyncio.open_connection("127.0.0.1", kit.port, ssl=trust(folder)))
    kit.clients.append(peer)
    return peer


@pytest.mark.parametrize("files", [("server.pem", None), ("cert.pem", "key.pem")])
async def test_http_inside(folder, files):
    certificate, key = files
    changes = {"tls_certificate": str(folder / certificate), "tls_key": key and str(folder / key)}
    async with Kit(answering(OK), **changes) as kit:
        peer = await client(kit, folder)
        for _ in range(3):
            peer.send(get())
            status, _, body = await peer.answer()
            assert (status, body) == (200, b"hi")
        plain = await kit.client()
        plain.send(get())
        assert (await plain.answer())[0] == 200, "the same port speaks plainly too"


async def test_a_tunnel_inside(kit, folder):
    async with kit(echoing) as served:
        peer = await client(served, folder)
        peer.send(connect() + b"early")
        assert (await peer.read_head()).startswith(b"HTTP/1.1 200 ")
        assert await peer.read(5) == b"early"
        data = bytes(range(256)) * 20_000
        peer.send(data)
        assert await peer.read(len(data)) == data
        peer.close()
        await served.until(lambda: served.gateway.stats().tunnels_open == 0)
        await served.until(lambda: served.gateway.stats().connections_open == 0)


async def test_socks_inside(kit, folder):
    async with kit(echoing) as served:
        peer = await client(served, folder)
        peer.send(b"\x05\x02\x00\x02\x01\x05alice\x0dcanary-client\x05\x01\x00\x03\x0btarget.test\x01\xbbearly")
        assert await peer.read(19) == b"\x05\x02\x01\x00" + reply5(0) + b"early"


async def test_records_cut_into_bytes(kit, folder):
    """The handshake and a request, one byte per segment."""
    async with kit(answering(OK)) as served:
        raw = await served.client()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trust(folder).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")

        async def pump(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    await flush()
                    incoming.write(await asyncio.wait_for(raw.reader.read(65536), PATIENCE))

        async def flush():
            for byte in outgoing.read():
                raw.send(bytes((byte,)))
                await turns(1)

        await pump(tls.do_handshake)
        tls.write(get())
        await flush()
        assert (await pump(lambda: tls.read(65536))).startswith(b"HTTP/1.1 200 OK")


async def test_refusals_arrive_whole(kit, folder):
    async with kit(answering(OK)) as served:
        for wire, status in (
            (get().replace(ALICE, b""), 407),
            (connect(extra=b""), 407),
            (b"GET / HTTP/1.1\r\n\r\n", 407),
        ):
            peer = await client(served, folder)
            peer.send(wire + b"x" * 100)
            assert (await peer.answer())[0] == status
        peer = await client(served, folder)
        peer.send(b"GET  /\r\n\r\n")
        assert (await peer.read_all()).startswith(b"HTTP/1.1 400 ")


async def test_without_a_certificate_tls_is_told_so(folder):
    async with Kit(answering(OK)) as kit:
        with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
            await client(kit, folder)
        assert kit.gateway.stats().refusals == {"tls_not_offered": 1}
        raw = await kit.client()
        raw.send(b"\x16\x03\x01")
        assert await raw.read_all() == NOT_OFFERED


@pytest.mark.parametrize("wire", [b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x16" + b"\xff" * 100_000])
async def test_what_only_begins_like_tls_is_ended(kit, wire):
    async with kit(answering(OK)) as served:
        raw = await served.client()
        raw.send(wire)
        await turns(20)
        await served.later(10.5)
        await raw.read_all()
        await served.until(lambda: served.gateway.stats().connections_open == 0)
        assert served.gateway.stats().requests == 0


async def test_old_versions_are_refused(kit, folder):
    async with kit(answering(OK)) as served:
        old = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", served.port, ssl=old)


async def test_tls_within_tls_is_not_ours_to_open(kit, folder):
    async with kit(answering(OK)) as served:
        peer = await client(served, folder)
        peer.send(b"\x16\x03\x01\x00\x05hello")
        assert (await peer.read_all())[:13] in (b"", b"HTTP/1.1 400 ")


async def test_the_deadline_of_a_handshake_that_drips(kit):
    async with kit(answering(OK)) as served:
        raw = await served.client()
        raw.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        await served.until(lambda: served.gateway.stats().received)
        await served.later(10.5)
        await raw.read_all()
        await served.until(lambda: served.gateway.stats().connections_open == 0)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_client_that_goes_is_gone(kit, folder, how):
    async with kit(echoing) as served:
        peer = await client(served, folder)
        peer.send(connect())
        await peer.read_head()
        getattr(peer, how)()
        await served.until(lambda: served.gateway.stats().connections_open == 0)
        await served.until(lambda: served.upstreams[0].peers[0].done)


async def test_what_a_target_sent_before_it_closed_arrives(kit, folder):
    async def script(peer):
        await peer.read_head()
        peer.send(OPENED + b"x" * 3_000_000)
        peer.close()

    def visit(port):
        raw = socket.create_connection(("127.0.0.1", port), PATIENCE)
        with trust(folder).wrap_socket(raw, server_hostname="127.0.0.1") as peer:
            peer.sendall(connect())
            got = 0
            while data := peer.recv(65536):
                got += len(data)
            return got

    async with kit(script) as served:
        assert await asyncio.to_thread(visit, served.port) > 3_000_000


async def test_a_slow_reader_holds_back_the_other_side(kit, folder):
    sent = []

    async def script(peer):
        await peer.read_head()
        peer.send(OPENED)
        for _ in range(100):
            peer.send(b"x" * 1_000_000)
            await peer.writer.drain()
            sent.append(1)

    async with kit(script, limits=Limits(write_buffer=65_536)) as served:
        peer = await client(served, folder)
        peer.send(connect())
        await peer.read_head()
        peer.writer.transport.pause_reading()
        for _ in range(20):
            await turns(50)
        assert len(sent) < 40
        peer.writer.transport.resume_reading()
        await peer.read(60_000_000)


async def test_a_client_that_sends_much_has_to_wait(kit, folder):
    async def script(peer):
        await peer.read_head()
        peer.writer.transport.pause_reading()
        for _ in range(20):
            await turns(50)
        peer.writer.transport.resume_reading()
        await peer.read(20_000_000)
        peer.send(OK)

    async with kit(script) as served:
        peer = await client(served, folder)
        peer.send(get("http://a.test/", b"Content-Length: 20000000", method=b"POST", body=b"x" * 20_000_000))
        await served.until(lambda: served.upstreams[0].peers)
        for _ in range(10):
            await turns(50)
        assert served.gateway.stats().received < 15_000_000
        assert (await peer.answer())[0] == 200


async def test_draining_lets_requests_finish(kit, folder):
    async with kit(answering(OK)) as served:
        peer = await client(served, folder)
        peer.send(get())
        assert (await peer.answer())[0] == 200
        await served.gateway.drain(1.0)
        assert await peer.reader.read() == b""


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        ("nothing.pem", None),
        ("cert.pem", None),
        ("cert.pem", "locked.pem"),
        ("cert.pem", "other.pem"),
        ("cert.pem", "nothing.pem"),
        ("key.pem", "key.pem"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_clear_line(folder, certificate, key):
    with pytest.raises(BadCertificate) as problem:
        server_context(str(folder / certificate), key and str(folder / key))
    assert certificate in str(problem.value)
    assert "\n" not in str(problem.value)
