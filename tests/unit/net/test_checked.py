"""The checked transport: one look-up, every address judged, that very address dialled, the name kept for Host and TLS."""

import asyncio
import socket
import ssl

import httpcore
import httpx
import pytest

from proxyfleet.lab.certificates import Authority
from proxyfleet.net.checked import AddressRefused, CheckedBackend, CheckedTransport
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.net.resolve import TTL, Resolver

ANY = DestinationPolicy(allow_private=True)


class Site:
    """A little web site on loopback: its port, the heads it has seen, how many connections."""

    def __init__(self):
        self.heads, self.connections = [], 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def site():
    made = Site()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@pytest.fixture
async def resolving(monkeypatch):
    """What the system answers, by name: the answers are used up, the last one stays. And the names that were asked."""
    known, asked = {}, []

    async def answer(host, port, *, type):
        asked.append(host)
        answers = known.get(host, [[host]])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, type, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    return known, asked


def client(policy=None, **options):
    return httpx.AsyncClient(transport=CheckedTransport(policy, **options), trust_env=False, timeout=5)


async def test_a_name_is_resolved_once_and_stays_the_name(site, resolving):
    known, asked = resolving
    known["list.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    async with client(ANY) as http:
        for _ in range(2):
            answer = await http.get(f"http://list.example:{site.port}/a", headers={"Connection": "close"})
            assert answer.text == "ok"
    assert asked == ["list.example"]
    assert all(f"Host: list.example:{site.port}".encode() in head for head in site.heads)


async def test_connections_are_pooled_by_name_and_not_by_address(site, resolving):
    """Two names at one address are two sites: what TLS proved for one says nothing of the other."""
    known, _ = resolving
    known["a.example"] = known["b.example"] = [["127.0.0.1"]]
    async with client(ANY) as http:
        for name in ("a.example", "a.example", "b.example"):
            await http.get(f"http://{name}:{site.port}/")
    assert site.connections == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_private_addresses_are_not_dialled_in_any_spelling(site, host):
    async with client() as http:
        with pytest.raises(AddressRefused):
            await http.get(f"http://{host}:{site.port}/")
    assert site.connections == 0


async def test_one_private_address_among_several_is_enough(site, resolving):
    known, _ = resolving
    known["mixed.example"] = [["93.184.216.34", "127.0.0.1"]]
    async with client() as http:
        with pytest.raises(AddressRefused, match=r"mixed\.example"):
            await http.get(f"http://mixed.example:{site.port}/")
    assert site.connections == 0


async def test_a_later_answer_is_judged_anew(site, resolving):
    known, asked = resolving
    now = [0.0]
    known["rebinding.example"] = [["127.0.0.1"], ["169.254.169.254"]]
    loopback_only = DestinationPolicy(allow_private=True)
    loopback_only.judge = lambda host, port: None if host == "127.0.0.1" else "destination_private"
    async with client(loopback_only, timer=lambda: now[0]) as http:
        close = {"Connection": "close"}
        assert (await http.get(f"http://rebinding.example:{site.port}/", headers=close)).text == "ok"
        now[0] = TTL + 1
        with pytest.raises(AddressRefused):
            await http.get(f"http://rebinding.example:{site.port}/", headers=close)
    assert len(asked) == 2


async def test_our_own_places_are_refused_even_where_private_ones_are_not(site):
    async with client(DestinationPolicy(allow_private=True, own=[("127.0.0.1", site.port)])) as http:
        with pytest.raises(AddressRefused):
            await http.get(f"http://127.0.0.1:{site.port}/")
    assert site.connections == 0


async def test_further_addresses_are_tried(site, resolving):
    known, _ = resolving
    known["two.example"] = [["127.0.0.255", "127.0.0.1"]]
    async with client(ANY) as http:
        assert (await http.get(f"http://two.example:{site.port}/")).text == "ok"


async def test_tls_is_checked_against_the_name(resolving):
    known, _ = resolving
    known["site.lab.example"] = known["other.lab.example"] = [["127.0.0.1"]]
    authority, made = Authority(), Site()
    asked = []
    context = authority.context

    def only_one(connection, name, _):
        asked.append(name)
        authority._switch(connection, "site.lab.example", _)

    context.sni_callback = only_one
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        async with client(ANY, tls=ssl.create_default_context(cafile=str(authority.ca_file))) as http:
            assert (await http.get(f"https://site.lab.example:{port}/")).text == "ok"
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await http.get(f"https://other.lab.example:{port}/")
        assert asked == ["site.lab.example", "other.lab.example"]
        async with client(ANY) as http:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await http.get(f"https://site.lab.example:{port}/")
    finally:
        server.close()
        authority.close()


class Leading(httpcore.AsyncNetworkStream):
    """A connection that the system says leads to `peer`."""

    def __init__(self, peer):
        self.peer, self.closed = peer, False

    def get_extra_info(self, info):
        return self.peer if info == "server_addr" else None

    async def aclose(self):
        self.closed = True


@pytest.mark.parametrize("peer", [("127.0.0.1", 80), ("93.184.216.35", 80), None])
async def test_who_answers_must_be_who_was_dialled(peer):
    backend, stream = CheckedBackend(DestinationPolicy(), Resolver(lambda: 0.0)), Leading(peer)
    with pytest.raises(AddressRefused):
        await backend._recognise(stream, "93.184.216.34", 80)
    assert stream.closed
    await backend._recognise(Leading(("93.184.216.34", 80)), "93.184.216.34", 80)


async def test_troubles_are_told_as_those_of_httpx(resolving):
    async def garbage(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"nonsense\r\n\r\n")
        writer.close()

    async def silence(reader, writer):
        await reader.read()
        writer.close()

    async def cut(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
        writer.close()

    servers = [await asyncio.start_server(one, "127.0.0.1", 0) for one in (garbage, silence, cut)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    kinds = [httpx.RemoteProtocolError, httpx.ReadTimeout, httpx.RemoteProtocolError]
    try:
        async with client(ANY) as http:
            for port, kind in zip(ports, kinds, strict=True):
                with pytest.raises(kind):
                    await http.get(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(5, read=0.05))
            with pytest.raises(httpx.UnsupportedProtocol):
                await http.get("ftp://127.0.0.1/")
    finally:
        for server in servers:
            server.close()
    async with client(ANY) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://127.0.0.1:{ports[0]}/")


async def test_names_without_an_address(monkeypatch):
    async def unknown(host, port, *, type):
        raise OSError(-2, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with client() as http:
        with pytest.raises(httpx.ConnectError, match="no address"):
            await http.get("http://nowhere.example/")
