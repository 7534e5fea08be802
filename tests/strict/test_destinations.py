"""R12: the table of destinations, `tests/data/http/destinations.txt`: through an absolute URL, CONNECT, SOCKS4a and
SOCKS5 at a running gateway, and through the transport that everything we fetch ourselves goes by.

A refused destination reaches no upstream proxy. The table stands on our own list of addresses, not on `ipaddress`,
whose answers change between versions of Python.
"""

import ipaddress
import re
import socket
import ssl

import httpx
import pytest
from tests.integration.gatewaykit import Kit
from tests.strict import readers
from tests.strict.sockets import DETAILS, Recorder
from tests.strict.tables import rows

from proxyfleet.gateway.refusals import SOCKS_REPLIES
from proxyfleet.net.checked import AddressRefused, CheckedTransport
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.net.resolve import Resolver
from proxyfleet.wire.socks import Reply

TABLE = {name: row["verdict"] for name, row in rows("destinations").items()}
OWN = {name: verdict for name, verdict in TABLE.items() if verdict == "own_address"}
OTHERS = {name: verdict for name, verdict in TABLE.items() if name not in OWN}


def kit(recorder, **changes):
    return Kit(recorder, users=None, control=("127.0.0.1", 0), **changes)


def written(name, running):
    """The bytes of a destination as a client writes them, and whether they hold a port."""
    host = name.replace("\\\\", "\\")
    if name in OWN:
        gateway, control = running.gateway.address, running.gateway.control_address
        ports = {"gateway_port": gateway[1], "control_port": control[1]}
        host = host.format(gateway="{}:{}".format(*gateway), control="{}:{}".format(*control), **ports)
    return host.encode(), name in OWN


async def told(running, wire):
    """The code of a refusal, or `accept`."""
    client = await running.client()
    client.send(wire)
    head = await client.read_head()
    client.abort()
    details = DETAILS.search(head)
    return details[1].decode() if details else "accept" if head.startswith(b"HTTP/1.1 200 ") else repr(head)


def absolute(raw, with_port):
    return b"GET http://%b/ HTTP/1.1\r\nHost: %b\r\n\r\n" % (raw, raw)


def connect(raw, with_port):
    authority = raw if with_port else raw + b":443"
    return b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (authority, authority)


@pytest.mark.parametrize("shape", [absolute, connect])
@pytest.mark.parametrize(("table", "changes"), [(OTHERS, {"allow_private_targets": False}), (OWN, {})])
async def test_over_http(shape, table, changes):
    recorder, wrong = Recorder(), []
    async with kit(recorder, **changes) as running:
        for name, wanted in table.items():
            before = len(recorder.requests)
            said = await told(running, shape(*written(name, running)))
            passed = recorder.requests[before:]
            wrong += [] if said == wanted and len(passed) == (wanted == "accept") else [(name, wanted, said, passed)]
            for request in passed:
                readers.agree_on_request(request)
    assert not wrong


def socks4a(host, port):
    return b"\x04\x01%b\x00\x00\x00\x01me\x00%b\x00" % (port.to_bytes(2), host)


def socks5(host, port):
    return b"\x05\x01\x00\x05\x01\x00\x03%b%b%b" % (bytes((len(host),)), host, port.to_bytes(2))


def socks5_literal(packed, port):
    return b"\x05\x01\x00\x05\x01\x00%b%b%b" % ((b"\x01" if len(packed) == 4 else b"\x04"), packed, port.to_bytes(2))


def socks4(packed, port):
    return b"\x04\x01%b%bme\x00" % (port.to_bytes(2), packed)


def asked_by_socks(name, running):
    """Every way in which a SOCKS client can ask for a destination: by name, and packed if it is an address at all."""
    raw, with_port = written(name, running)
    host, _, port = raw.rpartition(b":") if with_port else (raw, b":", b"443")
    bare = host[1:-1] if host.startswith(b"[") and host.endswith(b"]") else host
    yield 5, socks5(bare, int(port))
    yield 4, socks4a(bare, int(port))
    try:
        packed = ipaddress.ip_address(bare.decode()).packed
    except ValueError:
        return
    yield 5, socks5_literal(packed, int(port))
    if len(packed) == 4 and not packed.startswith(b"\0\0\0"):
        yield 4, socks4(packed, int(port))


async def granted(running, version, wire):
    """Whether a tunnel was opened, and the reply."""
    client = await running.client()
    client.send(wire)
    if version == 5:
        assert await client.read(2) == b"\x05\x00"
        answer = await client.read(10)
        opened, reply = answer[1] == Reply.GRANTED, answer[1]
    else:
        reply = (await client.read(8))[1]
        opened = reply == 0x5A
    client.abort()
    return opened, reply


@pytest.mark.parametrize(("table", "changes"), [(OTHERS, {"allow_private_targets": False}), (OWN, {})])
async def test_over_socks(table, changes):
    recorder, wrong = Recorder(), []
    async with kit(recorder, **changes) as running:
        for name, verdict in table.items():
            for version, wire in asked_by_socks(name, running):
                before = len(recorder.requests)
                opened, reply = await granted(running, version, wire)
                passed = recorder.requests[before:]
                wanted = verdict == "accept"
                if opened != wanted or len(passed) != wanted:
                    wrong.append((name, version, verdict, reply, passed))
                elif version == 5 and not wanted and verdict in SOCKS_REPLIES and reply != SOCKS_REPLIES[verdict]:
                    wrong.append((name, version, verdict, reply))
    assert not wrong


def test_the_table_is_large_enough():
    refused = [verdict for verdict in TABLE.values() if verdict != "accept"]
    assert len(refused) >= 200
    assert set(refused) == {"destination_private", "bad_authority", "bad_request_line", "own_address"}


def test_no_verdict_leans_on_what_ipaddress_thinks_of_an_address(monkeypatch):
    for kind in (ipaddress.IPv4Address, ipaddress.IPv6Address):
        for name in ("is_global", "is_private", "is_loopback", "is_reserved", "is_link_local", "is_multicast"):
            monkeypatch.setattr(kind, name, property(lambda _: 1 / 0))
    policy = DestinationPolicy(own=[("127.0.0.1", 443)])
    for name, verdict in OTHERS.items():
        host = name.lower().replace("\\\\", "\\")
        host = host[1:-1] if re.fullmatch(r"\[[0-9a-f:.]+\]", host) else host
        assert (policy.judge(host, 80) is None) == (verdict == "accept"), name


# What we fetch ourselves: the name is resolved here, and every address of it is judged.

RESOLVED = {
    "one.example": (["127.0.0.1"], False),
    "two.example": (["10.1.2.3"], False),
    "metadata.example": (["169.254.169.254"], False),
    "six.example": (["::1"], False),
    "mapped.example": (["::ffff:10.0.0.1"], False),
    "nat64.example": (["64:ff9b::a9fe:a9fe"], False),
    "scoped.example": (["fe80::1%2"], False),
    "azure.example": (["168.63.129.16"], False),
    "mixed.example": (["93.184.216.34", "127.0.0.1"], False),
    "mixed6.example": (["2606:4700:4700::1111", "fd00::1"], False),
    "public.example": (["93.184.216.34"], True),
}


@pytest.fixture
def dialled(monkeypatch):
    """Addresses that would have been dialled; nothing is."""
    tried = []

    async def connect_tcp(_self, host, port, *_, **__):
        tried.append(host)
        raise httpx.ConnectError("not in a test")

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect_tcp)
    return tried


@pytest.fixture(scope="module")
def trust():
    """Making one takes 50 ms."""
    return ssl.create_default_context()


async def fetched(trust, *urls):
    """What was raised for each."""
    raised = []
    async with httpx.AsyncClient(transport=CheckedTransport(tls=trust), trust_env=False) as client:
        for url in urls:
            with pytest.raises((httpx.HTTPError, httpx.InvalidURL)) as error:
                await client.get(url)
            raised.append(error.type)
    return raised


@pytest.mark.parametrize(("name", "addresses", "fine"), [(name, *rest) for name, rest in RESOLVED.items()])
async def test_a_name_is_judged_by_every_address_it_has(monkeypatch, dialled, trust, name, addresses, fine):
    async def ask(_self, host):
        assert host == name
        return tuple(addresses)

    monkeypatch.setattr(Resolver, "_ask", ask)
    assert await fetched(trust, f"http://{name}/") == [httpx.ConnectError if fine else AddressRefused]
    assert dialled == (addresses if fine else [])


async def test_no_spelling_of_a_refused_address_is_fetched(monkeypatch, dialled, trust):
    """The system's resolver reads `0177.0.0.1` and its kin; names stay unresolved here."""

    async def ask(_self, host):
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return tuple(str(sockaddr[0]) for *_, sockaddr in found)

    monkeypatch.setattr(Resolver, "_ask", ask)
    urls = {name: f"http://{name.replace(chr(92) * 2, chr(92))}/" for name in OTHERS}
    await fetched(trust, *(urls[name] for name, verdict in OTHERS.items() if verdict != "accept"))
    assert not dialled
    await fetched(trust, *(urls[name] for name, verdict in OTHERS.items() if verdict == "accept"))
    assert len(dialled) >= 20, "public addresses are fetched from"
