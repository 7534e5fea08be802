"""Formats told from the first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.text.sniff import format_of

HEADS = {
    b"": "text",
    b"192.0.2.1:80\n": "text",
    b"[2001:db8::1]:80\n": "text",
    b"# comment\n": "text",
    b"socks5://192.0.2.1:80,US,City\n": "text",
    b'[{"ip":"192.0.2.1"}]': "json",
    b'\n [ "192.0.2.1:80" ]': "json",
    b"[]": "json",
    b"[\n": "json",
    b'{"data":[]}': "json",
    b'{"ip":"192.0.2.1"}\n{"ip":"192.0.2.2"}\n': "ndjson",
    b'{\n "data": [\n{': "json",
    b"<!doctype html><html>": "html",
    b"  <table>": "html",
    b'<?xml version="1.0"?><root>': "xml",
    b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html xmlns="y">': "html",
    b"ip,port,country\n192.0.2.1,80,US\n": "csv",
    b"protocol;host;port\r\n": "csv",
    b"ip\tport\n": "csv",
    b'"ip","port"\n': "csv",
    b"proxy\n192.0.2.1:80\n": "text",
    b"\x1f\x8b\x08": "binary",
    b"PK\x03\x04\x00": "binary",
    bytes(range(256)): "binary",
    b"192.0.2.1:80\0\0\n": "text",
    b"\x1b[32m192.0.2.1:80\x1b[0m\n" * 9: "text",
}


@pytest.mark.parametrize(("head", "name"), HEADS.items())
def test_formats(head: bytes, name: str) -> None:
    assert format_of(head) == name


@given(st.binary(max_size=300))
def test_any_bytes_have_a_format(head: bytes) -> None:
    assert format_of(head) in {"binary", "json", "ndjson", "xml", "html", "csv", "text"}
