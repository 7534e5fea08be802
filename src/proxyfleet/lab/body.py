"""Where a request body ends: the shortest reader of both framings that a lab proxy and a lab target need.

Sans-IO; keeps what the sender sent (`feed` returns the raw bytes, for a proxy) and, when asked, the decoded content.
"""

from .head import BadHead, Head

MAX_SIZE_LINE = 256


class BodyReader:
    """Takes one body off the front of a buffer that may already hold the next request."""

    def __init__(self, head: Head, *, keep: bool = False) -> None:
        self._chunked = (head.get("transfer-encoding") or "").lower() == "chunked"
        length = head.get("content-length") or "0"
        if not length.isdecimal():
            raise BadHead("bad Content-Length")
        self._left = 0 if self._chunked else int(length)
        self._last = False
        self._keep = keep
        self.content = bytearray()
        self.done = not self._chunked and not self._left

    def feed(self, buffer: bytearray) -> bytes:
        """Remove from `buffer` what belongs to this body and return it as it was sent; sets `done` at the end.

        Raises BadHead for a chunk size that is no hexadecimal number.
        """
        if not self._chunked:
            piece = self._content(buffer)
            self.done = not self._left
            return piece
        raw = bytearray()
        while not self.done and buffer:
            piece = self._content(buffer) if self._left else self._line(buffer)
            if not piece:
                break
            raw += piece
        return bytes(raw)

    def _content(self, buffer: bytearray) -> bytes:
        piece = bytes(buffer[: self._left])
        del buffer[: len(piece)]
        self._left -= len(piece)
        if self._keep:
            self.content += piece
        return piece

    def _line(self, buffer: bytearray) -> bytes:
        """A size line, the line end after a chunk, or a trailer line; b"" while it is incomplete."""
        end = buffer.find(b"\r\n")
        if end < 0:
            if len(buffer) > MAX_SIZE_LINE:
                raise BadHead("endless chunk size")
            return b""
        line = bytes(buffer[: end + 2])
        del buffer[: end + 2]
        self._understand(line.partition(b";")[0].strip())
        return line

    def _understand(self, text: bytes) -> None:
        if self._last:
            self.done = not text
        elif text:
            try:
                self._left = int(text, 16)
            except ValueError:
                raise BadHead("bad chunk size") from None
            if self._left < 0:
                raise BadHead("bad chunk size")
            self._last = not self._left
