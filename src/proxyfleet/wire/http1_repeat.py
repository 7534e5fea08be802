"""Request heads of one connection, which mostly repeat each other: the request line changes, the fields are byte for byte
those of the request before. What was understood of them then holds again, and only the request line is read.

Gives exactly what `parse_request` gives; anything unusual is handed to it.
"""

from proxyfleet.wire.http1_head import (
    METHODS,
    VERSIONS,
    VISIBLE_TO_LETTERS,
    FieldNames,
    HeadLimits,
    RequestHead,
    made,
    parse_request,
)

LONGEST = 2048
"""Bytes of fields that are remembered at most: every connection that is kept open holds its own."""


class RepeatedHeads:
    """One per connection. `parse` is `parse_request` with a memory of one."""

    __slots__ = ("_block", "_limits", "_lines", "_names", "_special")

    def __init__(self, names: FieldNames, limits: HeadLimits) -> None:
        self._names = names
        self._limits = limits
        self._block: bytes | None = None
        self._lines: list[bytes] = []
        self._special: dict[bytes, bytes] = {}

    def parse(self, head: bytes) -> RequestHead:
        """A request head without its empty line. Heads may share `lines` and `special`, so nobody changes those."""
        start, _, block = head.partition(b"\r\n")
        if block == self._block and len(start) <= self._limits.line:
            parts = start.split(b" ")
            if len(parts) == 3:
                method, target, word = parts
                version = VERSIONS.get(word)
                if version is not None and method in METHODS and target.translate(VISIBLE_TO_LETTERS).isalpha():
                    return made(RequestHead, (method, target, version, self._lines, self._special))
        return self._learn(head, start, block)

    def _learn(self, head: bytes, start: bytes, block: bytes) -> RequestHead:
        """After an empty first line the block holds the request line too, and is no block of fields."""
        self._block = None
        parsed = parse_request(head, self._names, self._limits)
        if start and 0 < len(block) <= LONGEST:
            self._block, self._lines, self._special = block, parsed.lines, parsed.special
        return parsed
