"""A small HTTP/1.1 server for lab targets and the control endpoint: whole request in, `Reply` out.

Serves one request after the other on a connection. A reply may come late, in drops, in chunks, or not at all.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from .body import BodyReader
from .head import BadHead, Head, take_head

CHUNK = 1024
LAST = b"0\r\n\r\n"
MOST_UNSENT = 1 << 20
PAUSE = 0.001
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class Request:
    """A request with its decoded body, the client's address and port, and whether it came over TLS."""

    head: Head
    body: bytes
    peer: tuple[str, int]
    tls: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: after `delay` seconds, as chunks, byte by byte every `drip` seconds, or `drop` / `silent`.

    `cut` closes the connection after so many bytes of the body; `endless` sends the body again and again in chunks.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    chunked: bool = False
    drip: float = 0.0
    drop: bool = False
    silent: bool = False
    cut: int | None = None
    endless: bool = False


Handler = Callable[["Conversation", Request], Reply]


def json_reply(value: object, status: int = 200) -> Reply:
    """`value` as a JSON document."""
    return Reply(status, json.dumps(value).encode() + b"\n")


class Conversation(asyncio.Protocol):
    """One connection of a client; `note` is free for the handler to remember something about it."""

    def __init__(self, handler: Handler, live: set[asyncio.Transport]) -> None:
        self._handler, self._live = handler, live
        self._buffer = bytearray()
        self._head: Head | None = None
        self._body: BodyReader | None = None
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport
        self._peer = ("", 0)
        self._tls = False
        self.note: object = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._live.add(self._transport)
        self._peer = transport.get_extra_info("peername")[:2]
        self._tls = transport.get_extra_info("sslcontext") is not None

    def connection_lost(self, _: Exception | None) -> None:
        self._live.discard(self._transport)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._advance()

    def _advance(self) -> None:
        try:
            while not self._busy and self._step():
                pass
        except BadHead as error:
            self._busy = True
            self._transport.write(reply_bytes(Reply(400, f"{error}\n".encode(), "text/plain"), "GET", keep=False))
            self._transport.close()

    def _step(self) -> bool:
        if self._head is None or self._body is None:
            head = take_head(self._buffer)
            if head is None:
                return False
            self._head, self._body = head, BodyReader(head, keep=True)
            if not self._body.done and (head.get("expect") or "").lower() == "100-continue":
                self._transport.write(CONTINUE)
        self._body.feed(self._buffer)
        if not self._body.done:
            return False
        head, body = self._head, self._body
        self._head = self._body = None
        self._answer(head, self._handler(self, Request(head, bytes(body.content), self._peer, self._tls)))
        return True

    def _answer(self, head: Head, reply: Reply) -> None:
        self._busy = True
        if reply.drop:
            self._transport.close()
        elif reply.delay > 0:
            self._timer = asyncio.get_running_loop().call_later(reply.delay, self._send, head, reply)
        elif not reply.silent:
            self._send(head, reply)

    def _send(self, head: Head, reply: Reply) -> None:
        message = reply_bytes(reply, head.method, keep=head.keeps_alive)
        if reply.cut is not None:
            self._transport.write(message[: len(message) - len(reply.body) + reply.cut])
            self._transport.close()
        elif reply.endless:
            self._transport.write(message[: message.index(b"\r\n\r\n") + 4])
            self._pour(chunks(reply.body)[: -len(LAST)])
        elif reply.drip > 0 and head.method != "HEAD":
            start = len(message) - len(reply.body)
            self._transport.write(message[:start])
            self._drip(memoryview(message)[start:], head, reply.drip)
        else:
            self._transport.write(message)
            self._finish(head)

    def _drip(self, rest: memoryview, head: Head, pause: float) -> None:
        if not rest:
            self._finish(head)
            return
        self._transport.write(bytes(rest[:1]))
        self._timer = asyncio.get_running_loop().call_later(pause, self._drip, rest[1:], head, pause)

    def _pour(self, piece: bytes) -> None:
        """The same piece for ever, as fast as the client takes it."""
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() < MOST_UNSENT:
            self._transport.write(piece)
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self._pour, piece)

    def _finish(self, head: Head) -> None:
        self._busy = False
        if not head.keeps_alive:
            self._busy = True
            self._transport.close()
        elif self._buffer:
            asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        if not self._busy:
            self._advance()


def reply_bytes(reply: Reply, method: str, *, keep: bool) -> bytes:
    """The whole response; without a body for HEAD, 1xx, 204 and 304."""
    reason = HTTPStatus(reply.status).phrase if reply.status in KNOWN else "Lab Status"
    lines = [f"HTTP/1.1 {reply.status} {reason}", f"Content-Type: {reply.kind}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    bare = reply.status < 200 or reply.status in (204, 304)
    if reply.chunked or reply.endless:
        lines.append("Transfer-Encoding: chunked")
    elif not bare:
        lines.append(f"Content-Length: {len(reply.body)}")
    if not keep:
        lines.append("Connection: close")
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    if bare or method == "HEAD":
        return head
    return head + (chunks(reply.body) if reply.chunked else reply.body)


def chunks(body: bytes) -> bytes:
    """`body` in chunks of at most CHUNK bytes, with the last chunk."""
    pieces = (body[at : at + CHUNK] for at in range(0, len(body), CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + LAST


KNOWN = frozenset(int(status) for status in HTTPStatus)
