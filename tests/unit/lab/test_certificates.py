"""A client that trusts the CA file accepts every name, and no other CA is trusted by accident."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from proxyfleet.lab.certificates import MAX_NAMES, Authority


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    made = Authority()
    yield made
    made.close()


async def handshake(authority: Authority, name: str, trust: ssl.SSLContext) -> dict[str, object]:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=name)
        certificate = writer.get_extra_info("peercert")
        writer.close()
    return certificate


@pytest.mark.parametrize("name", ["shop.lab", "a.b.example.com", "localhost", "127.0.0.1"])
async def test_every_name_gets_a_certificate_that_verifies(authority: Authority, name: str) -> None:
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    certificate = await handshake(authority, name, trust)
    assert name in str(certificate["subjectAltName"])


async def test_who_does_not_trust_the_ca_is_not_fooled(authority: Authority) -> None:
    other = Authority()
    with pytest.raises(ssl.SSLCertVerificationError):
        await handshake(authority, "shop.lab", ssl.create_default_context(cafile=str(other.ca_file)))
    other.close()


async def test_names_are_remembered_and_bounded(authority: Authority) -> None:
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    first, again = await handshake(authority, "a.lab", trust), await handshake(authority, "a.lab", trust)
    assert first["serialNumber"] == again["serialNumber"]
    assert MAX_NAMES < 1000


def test_the_folder_holds_no_leaf_key_and_is_removed() -> None:
    authority = Authority()
    folder = authority.ca_file.parent
    assert [file.name for file in folder.iterdir()] == ["ca.pem"]
    assert b"PRIVATE" not in authority.ca_file.read_bytes()
    authority.close()
    assert not folder.exists()
