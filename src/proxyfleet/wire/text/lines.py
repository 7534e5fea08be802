"""Bytes into lines of text, in constant memory, with verdict-neutral chunk boundaries.

Knows byte order marks, every line ending, legacy encodings and endless lines; knows nothing of proxies.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TypeAlias

from proxyfleet.wire.text.checks import MAX_LINE
from proxyfleet.wire.text.reasons import Refused

_CYRILLIC: Final = re.compile(rb"[\xc0-\xff]{3}")


class Guessed(str):
    """A line that was not UTF-8: fine for addresses, not to be trusted with credentials."""

    __slots__ = ()


Line: TypeAlias = str | None
"""A line without its ending, or None for one over MAX_LINE bytes, which is not kept."""


def batches(chunks: Iterable[bytes]) -> Iterator[list[Line]]:
    """The lines of a file, in lists as they complete; every `\\n`, `\\r\\n` and `\\r` ends a line."""
    tail = b""
    skipping = False
    for chunk in _with_unix_endings(chunks):
        data = tail + chunk
        cut = data.rfind(b"\n")
        lines = _texts(data[:cut]) if cut >= 0 else []
        tail = data[cut + 1 :]
        if skipping and lines:
            lines[0], skipping = None, False
        if len(tail) > MAX_LINE:
            tail, skipping = b"x" * (MAX_LINE + 1), True
        if lines:
            yield lines
    if tail:
        yield [None] if skipping else _texts(tail)


def text_or_refuse(line: Line) -> str:
    """The text of a line; `Refused("too_long")` for one that was too long to keep."""
    if line is None or is_too_long(line):
        raise Refused("too_long")
    return line


def is_too_long(text: str) -> bool:
    """Whether a line has more than MAX_LINE bytes of UTF-8."""
    return len(text) * 4 > MAX_LINE and len(text.encode("utf-8", "replace")) > MAX_LINE


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text as UTF-8 without a byte order mark; UTF-16 is recognised by its mark."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= 3:
            break
    rest = chain((head,), source)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        for chunk in rest:
            yield decoder.decode(chunk).encode("utf-8", "replace")
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")
    else:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from source


def decoded(data: bytes) -> str:
    """The text of bytes that should be UTF-8; else a guess between Windows-1251 and Latin-1, as a `Guessed`."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        encoding = "cp1251" if _CYRILLIC.search(data) else "latin-1"
        return Guessed(data.decode(encoding, "replace"))


def _with_unix_endings(chunks: Iterable[bytes]) -> Iterator[bytes]:
    after_return = False
    for chunk in chunks:
        if not chunk:
            continue
        ends_in_return = chunk.endswith(b"\r")
        data = chunk[1:] if after_return and chunk.startswith(b"\n") else chunk
        after_return = ends_in_return
        yield data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _texts(block: bytes) -> list[Line]:
    try:
        return list(block.decode().split("\n"))
    except UnicodeDecodeError:
        return [decoded(line) for line in block.split(b"\n")]
