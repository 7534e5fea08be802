"""What a client has to deal with: a gateway with one user, two lab proxies behind it, and a target that remembers.

`Ask` is one request of a client; a client is a function that makes it and tells what came of it.
"""

from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests.integration.labkit import serving

from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.settings import Limits
from proxyfleet.lab import Lab
from proxyfleet.ports import GatewayUser

USER, KEY = "ada", "a key: @/%+"
SIMPLE = ("eve", "simple")
"""For clients that cannot carry the characters of the other key."""
USERS = {name: GatewayUser(name, hash_key(key, b"0123456789abcdef", n=4)) for name, key in ((USER, KEY), SIMPLE)}
UPSTREAM_PASSWORD = "lab-secret"
LOGINS = {"right": (USER, KEY), "wrong": (USER, "no"), "none": None}
"""By name; none sends no credentials at all."""


class Told(NamedTuple):
    """`status` of an answer that the client gives to its user, 0 if it gives none; `text` its body or the error."""

    status: int
    text: str


@dataclass(frozen=True)
class Ask:
    """GET `url` through the gateway, then POST `body` to `echo` where a client can do both in one session."""

    url: str
    scheme: str
    port: int
    login: tuple[str, str] | None
    ca: str

    @property
    def proxy(self) -> str:
        """The gateway as a URL, with credentials."""
        if self.login is None:
            return self.bare
        name, key = (quote(part, safe="") for part in self.login)
        if self.scheme.startswith("socks4"):  # has no password: the gateway takes name:key for the user id
            return f"{self.scheme}://{name}%3A{key}:@127.0.0.1:{self.port}"
        return f"{self.scheme}://{name}:{key}@127.0.0.1:{self.port}"

    @property
    def bare(self) -> str:
        """The same without credentials."""
        return f"{self.scheme}://127.0.0.1:{self.port}"


Client = Callable[[Ask], Told]


@asynccontextmanager
async def world(folder: Path):
    """The gateway over TLS and plain on one port; `served.lab.target` remembers every request that reaches it."""
    async with Lab(http=2, username="lab", password=UPSTREAM_PASSWORD) as lab:
        certificate = folder / "gateway.pem"
        certificate.write_bytes(_certificate(lab))
        many = Limits(auth_failures=100_000)
        async with serving(lab, users=USERS, tls_certificate=str(certificate), limits=many) as served:
            yield served


def _certificate(lab: Lab) -> bytes:
    """For 127.0.0.1, by the lab's authority, with its key."""
    authority = lab._world.authority
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = authority._builder(authority._name, authority._leaf_key.public_key()).add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    key = authority._leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(authority._key, hashes.SHA256()).public_bytes(pem) + key
