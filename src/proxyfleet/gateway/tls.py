"""TLS from a client to the gateway, on the port that speaks everything else as well (SPEC G1).

The first byte has been read before anybody knows that it is TLS, and no loop can start TLS on bytes that it has given
away; a layer can. Certificates of upstream proxies are not its affair.
"""

import asyncio
import ssl

from proxyfleet.gateway.connection import ClientConnection
from proxyfleet.gateway.errors import GatewayError
from proxyfleet.gateway.layer import Layer

HANDSHAKE_RECORD = 0x16
NOT_OFFERED = b"\x15\x03\x01\x00\x02\x02\x28"
"""The alert "handshake failure", for a client that wants TLS where there is no certificate."""
AT_ONCE = 262_144


class BadCertificate(GatewayError):
    """The certificate or the key cannot be used."""

    code = "bad_certificate"


def server_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """For a PEM chain and its key, which may be in the same file. Raises `BadCertificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A key with a passphrase would make OpenSSL ask the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else _reason(error)
        cause = f"the certificate {certificate} cannot be used with the key {key or 'in the same file'} ({told})"
        raise BadCertificate(cause, "give a PEM certificate chain and its key without a passphrase") from None
    return context


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or "no PEM certificate and key").lower().replace("_", " ")


class TlsLayer(Layer):
    """`begin` takes over a client's connection whose first bytes were TLS; its protocol gets plain text from then on."""

    def __init__(self, context: ssl.SSLContext, client: ClientConnection) -> None:
        super().__init__(client)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = self._paused = self._closing = self._deaf = False

    @classmethod
    def begin(cls, context: ssl.SSLContext, client: ClientConnection, data: bytes) -> None:
        """`data` are the first bytes of the handshake."""
        layer = cls(context, client)
        layer.slip_in()
        layer.data_received(data)

    # Towards the socket.

    def data_received(self, data: bytes) -> None:
        """Records."""
        if not self._deaf:
            self._incoming.write(data)
            self._advance()

    def eof_received(self) -> bool:
        """The client ends, with or without saying so; what it has sent is still delivered."""
        if self._deaf:
            return False
        self._incoming.write_eof()
        self._advance()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._closing = True
        self._above.connection_lost(exc)

    def _advance(self) -> None:
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while not self._paused and not self._closing:
                data = self._tls.read(AT_ONCE)
                if not data:
                    self.close()
                    break
                self._above.data_received(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            # Also the end without close_notify. An alert, if there is one, is sent below.
            self.close()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._below.is_closing():
            self._below.write(self._outgoing.read())

    # Towards the protocol.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if data and not self._closing:
            self._tls.write(data)
            self._flush()

    def close(self) -> None:
        """Say that nothing more comes, then end."""
        if self._closing:
            return
        self._closing = True
        self._say_goodbye()
        self._below.close()

    def _say_goodbye(self) -> None:
        if self._shaken and not self._deaf:
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                pass  # the client's own goodbye has not come, and need not
        self._flush()

    def abort(self) -> None:
        """End now."""
        self._closing = True
        self._below.abort()

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closing or self._below.is_closing()

    def can_write_eof(self) -> bool:
        """Not while anybody wants to hear the other side."""
        return False

    def write_eof(self) -> None:
        """Say goodbye, and throw away what still comes: enough for an answer after which nothing is read."""
        self._say_goodbye()
        self._deaf = True

    def pause_reading(self) -> None:
        """What was decrypted already is held here."""
        self._paused = True
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Go on, also with what is held."""
        self._paused = False
        if not self.is_closing():
            self._below.resume_reading()
            asyncio.get_running_loop().call_soon(self._advance)

    def is_reading(self) -> bool:
        """Whether bytes are delivered."""
        return not self._paused and not self.is_closing()
