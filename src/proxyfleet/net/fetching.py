"""One GET from its first byte to its last, within bounds: redirects, size, and what compression may grow to (R16).

The deadline of the whole is the caller's `asyncio.timeout`, which cuts a stalled head as well as an endless body.
"""

import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Protocol

import httpx

MOST_REDIRECTS: Final = 5
PIECE: Final = 1 << 16
"""Bytes that decompression may give at once, whatever came in."""
ENCODINGS: Final = "gzip, deflate"
"""For `Accept-Encoding`: what `bounded` unpacks. Others have no bound on what a few bytes become."""

MEMBER: Final = b"\x1f\x8b"
"""How each part of a gzip file begins."""


class TooLarge(httpx.HTTPError):
    """The body is, or becomes, larger than allowed."""


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, url: httpx.URL | str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.Response]:
    """The first answer that is no redirect, its body still unread. Bodies of redirects are not read at all, which is why
    httpx's own following is not used. Raises `httpx.TooManyRedirects` and the client's errors.
    """
    request = client.build_request("GET", url, headers=dict(headers or {}) | {"Accept-Encoding": ENCODINGS})
    for _ in range(MOST_REDIRECTS + 1):
        answer = await client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.next_request is None:
                yield answer
                return
            request = answer.next_request
        finally:
            await answer.aclose()
    raise httpx.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects", request=request)


async def bounded(answer: httpx.Response, most: int) -> AsyncIterator[bytes]:
    """The body, unpacked, in pieces; raises `TooLarge` as soon as more than `most` bytes have come in or out.

    Raises `httpx.DecodingError` for a compression that was not asked for or is broken.
    """
    unpack, came, gave = _unpacking(answer.headers.get("content-encoding", "")), 0, 0
    async for raw in answer.aiter_raw(PIECE):
        came += len(raw)
        for piece in unpack(raw):
            gave += len(piece)
            if gave > most:
                break
            yield piece
        if max(came, gave) > most:
            raise TooLarge(f"the answer is larger than {most} bytes")
    if not unpack.complete:
        raise httpx.DecodingError("the compressed answer is cut short")


class _Unpack(Protocol):
    @property
    def complete(self) -> bool:
        """Whether the body may end here."""
        ...

    def __call__(self, data: bytes, /) -> Iterator[bytes]:
        """What the next bytes stand for."""
        ...


def _unpacking(encoding: str) -> _Unpack:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate(gzip=name != "deflate")
    raise httpx.DecodingError("the answer is compressed in a way that was not asked for")


class _Plain:
    complete = True

    def __call__(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Inflate:
    """gzip (also several members) or deflate (with or without zlib's wrapper, as both are in use)."""

    def __init__(self, *, gzip: bool) -> None:
        self._bits = 16 + zlib.MAX_WBITS if gzip else zlib.MAX_WBITS
        self._inner = zlib.decompressobj(self._bits)
        self._begun = False

    @property
    def complete(self) -> bool:
        return self._inner.eof or not self._begun

    def __call__(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inner.eof:
                if not data.startswith(MEMBER):
                    return  # padding after the end
                self._inner = zlib.decompressobj(self._bits)
            piece = self._step(data)
            if piece:
                yield piece
            data = self._inner.unconsumed_tail or self._inner.unused_data

    def _step(self, data: bytes) -> bytes:
        first, self._begun = not self._begun, True
        try:
            return self._inner.decompress(data, PIECE)
        except zlib.error:
            if not first or self._bits != zlib.MAX_WBITS:
                raise httpx.DecodingError("the compressed answer is broken") from None
        self._bits = -zlib.MAX_WBITS
        self._inner = zlib.decompressobj(self._bits)
        return self._step(data)
