"""Heads: read as sent, rewritten for the target."""

import pytest

from proxyfleet.lab.head import MAX_HEAD, BadHead, forwarded_head, split_absolute, split_authority, take_head

RAW = b"GET http://a.lab/x HTTP/1.1\r\nHost: a.lab\r\nproxy-authorization: Basic eA==\r\nX-A:  1 \r\n\r\n"


def test_a_head_is_taken_off_the_front_and_the_rest_stays() -> None:
    buffer = bytearray(RAW + b"body")
    head = take_head(buffer)
    assert head is not None
    assert (head.method, head.target, head.version) == ("GET", "http://a.lab/x", "HTTP/1.1")
    assert head.get("x-a") == "1"
    assert head.get("X-B") is None
    assert head.headers[0] == ("Host", "a.lab")
    assert buffer == b"body"


def test_a_trickled_head_is_read_at_its_last_byte() -> None:
    buffer = bytearray()
    for byte in RAW[:-1]:
        buffer.append(byte)
        assert take_head(buffer) is None
    buffer.append(RAW[-1])
    assert take_head(buffer) is not None


@pytest.mark.parametrize(
    "raw", [b"hello\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"x" * (MAX_HEAD + 1)]
)
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    with pytest.raises(BadHead):
        take_head(bytearray(raw))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a.lab", ("a.lab", 80)),
        ("A.lab:8080", ("a.lab", 8080)),
        ("[::1]:443", ("::1", 443)),
        ("[::1]", ("::1", 80)),
        ("user:pw@a.lab:81", ("a.lab", 81)),
    ],
)
def test_authorities(text: str, place: tuple[str, int]) -> None:
    assert split_authority(text, 80) == place


@pytest.mark.parametrize("text", ["", ":80", "a.lab:", "a.lab:x", "a.lab:0", "a.lab:65536"])
def test_bad_authorities(text: str) -> None:
    with pytest.raises(BadHead):
        split_authority(text, 80)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("http://a.lab", ("a.lab", 80, "/")),
        ("http://a.lab?q=1", ("a.lab", 80, "/?q=1")),
        ("HTTP://a.lab:81/x?y=http://b/", ("a.lab", 81, "/x?y=http://b/")),
    ],
)
def test_absolute_form(target: str, parts: tuple[str, int, str]) -> None:
    assert split_absolute(target) == parts


@pytest.mark.parametrize("target", ["/x", "https://a.lab/", "a.lab:443", "*"])
def test_other_forms_are_refused(target: str) -> None:
    with pytest.raises(BadHead):
        split_absolute(target)


def test_a_forwarded_head_loses_the_proxys_headers_and_gains_traces() -> None:
    head = take_head(bytearray(RAW))
    assert head is not None
    sent = forwarded_head(head, "/x", ("Via: 1.1 http-1",))
    assert sent == b"GET /x HTTP/1.1\r\nHost: a.lab\r\nX-A:  1 \r\nVia: 1.1 http-1\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_who_keeps_the_connection(version: str, connection: str, keeps: bool) -> None:
    head = take_head(bytearray(f"GET / HTTP/{version}\r\nConnection: {connection}\r\n\r\n".encode()))
    assert head is not None
    assert head.keeps_alive is keeps
