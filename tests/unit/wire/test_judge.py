"""A judge's answer is read back as it was meant; secrets are not sent back; other judges' forms are understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.http1_head import HeadLimits, parse_request, request_names
from proxyfleet.wire.judge import LONGEST, echo, read_echo


def head(*fields):
    lines = "\r\n".join(("GET /?check=1 HTTP/1.1", "Host: judge", *fields))
    return parse_request(lines.encode(), request_names(), HeadLimits())


def test_what_is_echoed_can_be_read():
    answer = echo(head("Via: 1.1 a", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.2"), "192.0.2.1")
    client, headers = read_echo(answer)
    assert client == "192.0.2.1"
    assert headers == {"host": "judge", "via": "1.1 a", "x-forwarded-for": "10.0.0.1, 10.0.0.2"}
    assert json.loads(answer)["path"] == "/?check=1"


def test_secrets_are_named_and_not_sent_back():
    answer = echo(head("Authorization: Basic canary", "Proxy-Authorization: Basic canary", "Cookie: canary"), "1.1.1.1")
    assert b"canary" not in answer
    assert read_echo(answer)[1]["proxy-authorization"] == "***"


def test_other_judges():
    assert read_echo(b'{"origin": "192.0.2.7, 203.0.113.1", "headers": {"Via": "x"}}') == ("203.0.113.1", {"via": "x"})
    assert read_echo(b'{"ip": "192.0.2.7", "headers": {}}') == ("192.0.2.7", {})


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"client": 1, "headers": {}}', b'{"client": "a", "headers": []}', b"[" * 10_000],
)
def test_anything_else_is_no_answer(body):
    assert read_echo(body) is None


def test_a_huge_one_is_none():
    body = json.dumps({"client": "192.0.2.7", "headers": {"a": "x" * LONGEST}}).encode()
    assert read_echo(body) is None


@given(st.binary(max_size=200))
def test_nothing_raises(body):
    read_echo(body)
