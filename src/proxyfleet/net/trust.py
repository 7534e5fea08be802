"""Whom we believe when a proxy shows a certificate: one TLS context, made when the first one is needed and then kept.

Knows nothing of connections. A proxy's certificate is verified against its host name or address unless that was switched
off.
"""

import ssl
from pathlib import Path

from proxyfleet.core.errors import FleetError


class BadTrust(FleetError):
    """The file of certificate authorities cannot be used."""

    code = "bad_trust"


class Trust:
    """`ca_file` replaces the system's authorities; `verify` False believes everybody, which only encrypts."""

    def __init__(self, ca_file: str | None = None, *, verify: bool = True) -> None:
        self._ca_file = ca_file
        self._verify = verify
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """The context; reads files the first time, some 20 ms. Raises `BadTrust`."""
        if self._context is None:
            self._context = self._made()
        return self._context

    def _made(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
        except (OSError, ValueError) as error:
            told = (
                error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no PEM file"
            )
            place = Path(self._ca_file or "")
            raise BadTrust(f"the file of authorities {place} cannot be used ({told}); give a PEM file") from None
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A proxy that chose HTTP/2 would not understand what we say.
        context.set_alpn_protocols(["http/1.1"])
        return context
