"""The lab's certificate authority: made at start, kept in a temporary folder, trusted by whoever is told to.

A certificate for each server name is issued when a client asks for it (SNI), because clients refuse wildcards as wide
as `*.lab`. Keys are worthless outside the lab; they live in a folder of mode 0700 that `close` removes.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxyfleet.clock import wall_clock

LIFE = timedelta(days=7)
MAX_NAMES = 512
"""Certificates made on request; further names get the default one."""


class Authority:
    """Issues what lab servers show; `ca_file` is what clients trust (`curl --cacert`)."""

    def __init__(self, addresses: frozenset[str] = frozenset({"127.0.0.1", "::1"})) -> None:
        self._folder = TemporaryDirectory(prefix="proxyfleet-lab-")
        self._now = datetime.fromtimestamp(wall_clock(), UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proxyfleet lab CA")])
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._by_name: dict[str, ssl.SSLContext] = {}
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self.ca_file.write_bytes(self._own_certificate())
        self.context = self._context("localhost", [x509.IPAddress(ip_address(each)) for each in sorted(addresses)])
        self.context.sni_callback = self._switch

    def close(self) -> None:
        """Remove the folder with the keys and the CA file."""
        self._folder.cleanup()

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(hours=1))
            .not_valid_after(self._now + LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _own_certificate(self) -> bytes:
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(CA_USAGE, critical=True)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _context(self, name: str, addresses: list[x509.IPAddress]) -> ssl.SSLContext:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        names = x509.SubjectAlternativeName([x509.DNSName(name), *addresses])
        builder = self._builder(subject, self._leaf_key.public_key()).add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        file = Path(self._folder.name) / "leaf.pem"
        file.write_bytes(certificate + _pem(self._leaf_key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        return context

    def _switch(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None or name == "localhost":
            return
        if name not in self._by_name and len(self._by_name) < MAX_NAMES:
            self._by_name[name] = self._context(name, [])
        connection.context = self._by_name.get(name, self.context)


CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
