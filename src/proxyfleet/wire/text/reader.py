"""A whole list, as a stream of bytes, into a stream of verdicts: finds out the format and hands it to its reader.

Text, CSV and NDJSON are read in constant memory. Nothing is decompressed, deduplicated or fetched here.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.csvrows import read_csv
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.fields import several
from proxyfleet.wire.text.html import read_html
from proxyfleet.wire.text.jsonrows import MAX_DOCUMENT, read_json, read_ndjson
from proxyfleet.wire.text.labels import Group, labelled
from proxyfleet.wire.text.line import careful, rules_of, unlabelled
from proxyfleet.wire.text.lines import Line, as_utf8, batches, is_too_long
from proxyfleet.wire.text.quick import quick
from proxyfleet.wire.text.sniff import HEAD, format_of
from proxyfleet.wire.text.xmlrows import read_xml

FORMATS: Final = ("auto", "text", "csv", "json", "ndjson", "html", "xml")

_COMMENTS: Final = ("#", "//", ";")
_STREAMED: Final[dict[str, Callable[[Iterable[Line], Rules], Iterator[Verdict]]]] = {
    "csv": read_csv,
    "ndjson": read_ndjson,
}
_WHOLE: Final[dict[str, Callable[[bytes, Rules], Iterator[Verdict]]]] = {
    "json": read_json,
    "html": read_html,
    "xml": read_xml,
}


def read(
    chunks: Iterable[bytes],
    *,
    format: str = "auto",
    scheme: str = "http",
    allow_private: bool = False,
    free_list: bool = False,
) -> Iterator[Verdict]:
    """A verdict for every line or row of a list; where the chunks are cut makes no difference.

    Blank lines and comments (`#`, `//`, `;`) get no verdict but are counted in the line numbers. The other arguments
    are those of `decide`. ValueError for an unknown format or scheme, at once.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; use one of: {', '.join(FORMATS)}")
    return _read(chunks, format, rules_of(scheme, allow_private=allow_private, free_list=free_list))


def _read(chunks: Iterable[bytes], name: str, rules: Rules) -> Iterator[Verdict]:
    head, data = _peek(as_utf8(chunks))
    seen = format_of(head)
    if seen == "binary":
        yield Verdict(1, None, "binary")
        return
    name = seen if name == "auto" else name
    if name in _WHOLE:
        document = _document(data)
        yield from [Verdict(1, None, "too_large")] if document is None else _WHOLE[name](document, rules)
    elif name in _STREAMED:
        yield from _STREAMED[name](chain.from_iterable(batches(data)), rules)
    else:
        yield from _read_text(batches(data), rules)


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first HEAD bytes, whatever the chunks, and everything from the start."""
    taken: list[bytes] = []
    size = 0
    for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size >= HEAD:
            break
    return b"".join(taken)[:HEAD], chain(taken, chunks)


def _document(chunks: Iterable[bytes]) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_DOCUMENT:
            return None
        parts.append(chunk)
    return b"".join(parts)


def _read_text(lists: Iterable[list[Line]], rules: Rules) -> Iterator[Verdict]:
    number = 0
    group = Group(rules)
    for lines in lists:
        for line in lines:
            number += 1
            verdict = None if line is None else quick(line, number, rules)
            if verdict is None:
                yield from _slowly(line, number, group, rules)
                continue
            if group:
                yield from group.end()
            yield verdict
    yield from group.end()


def _slowly(line: Line, number: int, group: Group, rules: Rules) -> Iterator[Verdict]:
    if line is None or is_too_long(line):
        yield from group.end()
        yield Verdict(number, None, "too_long")
        return
    text = line.strip(" \t\ufeff")
    if text.startswith(_COMMENTS):
        return
    labels = labelled(text) if text else None
    if labels is not None:
        yield from group.add(labels, number, line)
        return
    yield from group.end()
    if text:
        yield from _one_or_several(line, number, rules)


def _one_or_several(line: str, number: int, rules: Rules) -> Iterator[Verdict]:
    verdict = unlabelled(line, number, rules)
    if verdict.reason != "several":
        yield verdict
        return
    for token in several(line):
        yield careful(token, number, rules)
