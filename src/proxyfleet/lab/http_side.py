"""The HTTP face of a lab proxy: absolute-form requests and CONNECT, with or without TLS to the client.

Responses are not parsed: the target's bytes go to the client as they come. A client may keep its connection and change
the target from request to request; it must not pipeline requests to different targets.
"""

from base64 import b64decode
from http import HTTPStatus
from typing import TYPE_CHECKING

from .body import BodyReader
from .client import ClientSide
from .head import BadHead, Head, forwarded_head, split_absolute, split_authority, take_head
from .judging import Ask, Refusal
from .outbound import Outbound

if TYPE_CHECKING:
    from .proxy import LabProxy

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class HttpSide(ClientSide):
    """Speaks HTTP/1 to the client."""

    def __init__(self, proxy: "LabProxy") -> None:
        super().__init__(proxy)
        self._head: Head | None = None
        self._outgoing = b""
        self._announced: BodyReader | None = None
        self._body: BodyReader | None = None
        self._advancing = False

    def advance(self) -> None:
        if self._advancing:
            return
        self._advancing = True
        try:
            while not self.waiting and not self.tunnelling and self._step():
                pass
        except BadHead as error:
            self._head = None
            self.refuse(Refusal(400, str(error)))
        self._advancing = False

    def _step(self) -> bool:
        """One piece of body or one head; False when more bytes are needed."""
        if self._body is not None:
            return self._pass_body(self._body)
        head = take_head(self.buffer)
        if head is None:
            return False
        body = BodyReader(head)
        self._head, self._announced = head, None if body.done else body
        self.ask(self._understand(head))
        return True

    def _pass_body(self, body: BodyReader) -> bool:
        piece = body.feed(self.buffer)
        if piece and self.far is not None:
            self.far.transport.write(piece)
        if body.done:
            self._body = None
        return body.done

    def _understand(self, head: Head) -> Ask:
        if head.method == "CONNECT":
            host, port = split_authority(head.target, 0)
        else:
            host, port, origin_form = split_absolute(head.target)
            self._outgoing = forwarded_head(head, origin_form, self.proxy.traces(self.transport))
        return Ask(host, port, *basic_credentials(head.get("proxy-authorization")))

    def reached(self, far: Outbound) -> None:
        head = self._head
        if head is None or head.method == "CONNECT":
            self.start_tunnel(far, ESTABLISHED)
            return
        self.far, self.waiting = far, False
        self.gate = self.proxy.new_gate(self.transport, head_first=True)
        far.transport.write(self._outgoing)
        self._body = self._announced
        self.transport.resume_reading()
        self.advance()

    def refuse(self, refusal: Refusal) -> None:
        """Answer; keep the connection only after a plain request without a body (RFC 9931: never after CONNECT)."""
        head = self._head
        keep = head is not None and head.method != "CONNECT" and head.keeps_alive and self._announced is None
        self.transport.write(refusal_bytes(refusal, keep=keep))
        if keep:
            self.waiting = False
            self.advance()
        else:
            self.waiting = True
            self.transport.close()


def refusal_bytes(refusal: Refusal, *, keep: bool) -> bytes:
    """A complete HTTP/1.1 response of `text/plain`."""
    body = f"{refusal.text}\n".encode()
    reason = HTTPStatus(refusal.status).phrase if refusal.status in set(HTTPStatus) else "Lab Status"
    lines = [f"HTTP/1.1 {refusal.status} {reason}", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"Content-Length: {len(body)}", f"Connection: {'keep-alive' if keep else 'close'}"]
    lines += [f"{name}: {value}" for name, value in refusal.headers]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def basic_credentials(header: str | None) -> tuple[str, str] | tuple[None, None]:
    """User name and password of a `Basic` header (RFC 7617, UTF-8); two times None for everything else."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        username, colon, password = b64decode(token, validate=True).decode().partition(":")
    except ValueError:
        return None, None
    return (username, password) if colon else (None, None)
