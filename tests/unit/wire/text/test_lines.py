"""Bytes into lines: endings, encodings, endless lines, and chunks cut anywhere."""

import codecs
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.text.lines import Guessed, Line, as_utf8, batches, decoded, is_too_long, text_or_refuse
from proxyfleet.wire.text.reasons import Refused


def lines(*chunks: bytes) -> list[Line]:
    return list(chain.from_iterable(batches(chunks)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        (b"a\n\r\n\r\rb\n", ["a", "", "", "", "b"]),
        (b"a\x0bb\x0c\x1c\xc2\x85c\n", ["a\x0bb\x0c\x1c\x85c"]),
        ("ä\nб\n".encode(), ["ä", "б"]),
        (b"x" * 5000 + b"\na", [None, "a"]),
    ],
)
def test_line_endings(data: bytes, expected: list[Line]) -> None:
    found = [None if line is None or is_too_long(line) else line for line in lines(data)]
    assert found == expected
    assert [
        None if line is None or is_too_long(line) else line
        for line in lines(*[data[i : i + 1] for i in range(len(data))])
    ] == found


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_chunks_make_no_difference(chunks: list[bytes]) -> None:
    assert lines(*chunks) == lines(b"".join(chunks))


def test_an_endless_line_is_dropped_in_constant_memory() -> None:
    def endless() -> "chain[bytes]":
        return chain((b"y" * 65536 for _ in range(200)), (b"\nafter",))

    assert lines(*endless()) == [None, "after"]


def test_a_chunk_that_ends_inside_crlf() -> None:
    assert lines(b"a\r", b"\nb", b"\r", b"\r\n") == ["a", "b", ""]


def test_legacy_encodings_are_guessed_and_marked() -> None:
    cyrillic, german = decoded("Россия".encode("cp1251")), decoded("Zürich".encode("latin-1"))
    assert (cyrillic, german) == ("Россия", "Zürich")
    assert isinstance(cyrillic, Guessed)
    assert not isinstance(decoded("Zürich".encode()), Guessed)


def test_one_bad_line_leaves_the_others_unguessed() -> None:
    good, bad = lines(b"good\nbad\xff")
    assert not isinstance(good, Guessed)
    assert isinstance(bad, Guessed)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "mark", [codecs.BOM_UTF8 + "aб\n".encode(), "\ufeffaб\n".encode("utf-16-le"), "\ufeffaб\n".encode("utf-16-be")]
)
def test_byte_order_marks(mark: bytes, size: int) -> None:
    chunks = [mark[start : start + size] for start in range(0, len(mark), size)]
    assert b"".join(as_utf8(chunks)) == "aб\n".encode()


def test_too_long_lines_are_refused() -> None:
    assert text_or_refuse("x" * 4096) == "x" * 4096
    for line in (None, "x" * 4097, "é" * 2049):
        with pytest.raises(Refused, match="too_long"):
            text_or_refuse(line)
