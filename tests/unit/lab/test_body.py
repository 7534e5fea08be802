"""Bodies end where their framing says, however the bytes arrive."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.lab.body import BodyReader
from proxyfleet.lab.head import BadHead, Head
from proxyfleet.lab.httpd import chunks


def reader(*lines: bytes) -> BodyReader:
    return BodyReader(Head("POST", "/", "HTTP/1.1", list(lines)), keep=True)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=3000), st.integers(1, 700), st.booleans())
def test_a_body_in_pieces_is_taken_whole_and_nothing_more(content: bytes, step: int, chunked: bool) -> None:
    length = b"Content-Length: %d" % len(content)
    body = reader(b"Transfer-Encoding: chunked" if chunked else length)
    sent = chunks(content) if chunked else content
    wire, buffer, raw = sent + b"NEXT", bytearray(), b""
    for at in range(0, len(wire), step):
        buffer += wire[at : at + step]
        raw += body.feed(buffer)
    assert body.done
    assert (bytes(body.content), raw, bytes(buffer)) == (content, sent, b"NEXT")


def test_without_framing_there_is_no_body() -> None:
    assert reader().done


def test_extensions_and_trailers_pass_unread() -> None:
    body, buffer = reader(b"transfer-encoding: chunked"), bytearray(b"3;a=b\r\nabc\r\n0\r\nX-T: 1\r\n\r\nGET")
    assert body.feed(buffer).endswith(b"X-T: 1\r\n\r\n")
    assert (body.done, bytes(body.content), bytes(buffer)) == (True, b"abc", b"GET")


@pytest.mark.parametrize("sent", [b"zz\r\n", b"-3\r\n", b"1" * 300])
def test_bad_chunk_sizes(sent: bytes) -> None:
    with pytest.raises(BadHead):
        reader(b"Transfer-Encoding: chunked").feed(bytearray(sent))


@pytest.mark.parametrize("length", [b"-1", b"x", b"1, 1"])
def test_bad_lengths(length: bytes) -> None:
    with pytest.raises(BadHead):
        reader(b"Content-Length: " + length)
