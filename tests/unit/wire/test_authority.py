"""Authorities: one canonical reading, or a refusal."""

import pytest

from proxyfleet.wire.authority import Authority, check_host, parse_authority, split_absolute
from proxyfleet.wire.http1_head import HeadError, HeadLimits, parse_request, request_names


@pytest.mark.parametrize(
    ("raw", "host", "port"),
    [
        (b"Example.TEST:443", "example.test", 443),
        (b"example.test.:80", "example.test", 80),
        (b"10.0.0.1:65535", "10.0.0.1", 65535),
        (b"[::1]:443", "::1", 443),
        (b"[2001:DB8:0:0::1]:1", "2001:db8::1", 1),
        (b"a_b-c.test:8080", "a_b-c.test", 8080),
        (b"xn--bcher-kva.test:443", "xn--bcher-kva.test", 443),
        (b"1e100.net:443", "1e100.net", 443),
    ],
)
def test_good(raw, host, port):
    assert parse_authority(raw) == (host, port)
    assert parse_authority(parse_authority(raw).encode()) == (host, port)
    assert parse_authority(parse_authority(raw).encode(omit=port), port) == (host, port)


BAD = [
    *(b"", b":80", b"a.test", b"a.test:", b"a.test:0", b"a.test:65536", b"a.test:+1", b"a.test:1 ", b"a.test:080000"),
    *(b"a.test:80:80", b"u@a.test:80", b"u:p@a.test:80", b"a%2etest:80", b"a\\b:80", b"a..test:80", b".a:80"),
    *(b"[::1", b"[::1]", b"[::1]80", b"[fe80::1%eth0]:80", b"[fe80::1%25eth0]:80", b"[1.2.3.4]:80", b"::1:80"),
    *(b"127.1:80", b"0177.0.0.1:80", b"2130706433:80", b"0x7f.1:80", b"127.0.0.01:80", b"0x7f000001:80", b"a.0x1:80"),
    *("①②⑦.0.0.1:80".encode(), b"256.1.1.1:80", b"1.2.3:80", b"a" * 256 + b":80", b"a" * 64 + b".test:80", b"0x:80"),
]


@pytest.mark.parametrize("raw", BAD)
def test_bad(raw):
    with pytest.raises(HeadError) as refused:
        parse_authority(raw)
    assert refused.value.status == 400


def test_the_default_port_is_only_for_an_absent_one():
    assert parse_authority(b"a.test", 80) == ("a.test", 80)
    assert parse_authority(b"[::1]", 80) == ("::1", 80)
    with pytest.raises(HeadError):
        parse_authority(b"a.test:", 80)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"http://a.test/x?y=/z", (b"a.test", b"/x?y=/z")),
        (b"HTTP://a.test:81", (b"a.test:81", b"/")),
        (b"http://a.test?q", (b"a.test", b"/?q")),
        (b"http://a.test?q/r", (b"a.test", b"/?q/r")),
        (b"http:///x", (b"", b"/x")),
    ],
)
def test_absolute_form_is_split(target, parts):
    assert split_absolute(target) == parts


@pytest.mark.parametrize(
    "target", [b"/x", b"*", b"https://a.test/", b"ftp://a.test/", b"a.test:80", b"http://a.test/#f"]
)
def test_other_forms_are_refused(target):
    with pytest.raises(HeadError) as refused:
        split_absolute(target)
    assert refused.value.status == 400


def test_a_fragment_in_the_authority_is_no_host():
    authority, _ = split_absolute(b"http://a.test#@b.test/")
    with pytest.raises(HeadError):
        parse_authority(authority, 80)


def head(*fields, version=b"1.1"):
    return parse_request(b"\r\n".join([b"CONNECT a.test:443 HTTP/" + version, *fields]), request_names(), HeadLimits())


THERE = Authority("a.test", 443)


@pytest.mark.parametrize("host", [b"a.test:443", b"A.test:443", b"a.test", b"a.test.:443"])
def test_host_names_the_same(host):
    check_host(head(b"Host: " + host), b"a.test:443", THERE, 443)


@pytest.mark.parametrize("host", [b"a.test:80", b"b.test:443", b"", b"u@a.test", b"a.test,a.test"])
def test_another_host_is_refused(host):
    with pytest.raises(HeadError) as refused:
        check_host(head(b"Host: " + host), b"a.test:443", THERE, 443)
    assert refused.value.status == 400


def test_only_http_1_0_may_leave_host_out():
    check_host(head(version=b"1.0"), b"a.test:443", THERE, 443)
    with pytest.raises(HeadError):
        check_host(head(), b"a.test:443", THERE, 443)
