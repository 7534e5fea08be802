"""The short way says what the long way says, or nothing."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.line import careful
from proxyfleet.wire.text.quick import quick

PRIVATE = Rules(allow_private=True)
HOSTS = st.sampled_from(
    [
        "192.0.2.1",
        "8.8.8.8",
        "10.0.0.1",
        "1.2.3.04",
        "gw.example.com",
        "a-b.Example.org",
        "-x.example.com",
        "x.local",
        "proxy1",
        "[2001:db8::1]",
        "[2606:4700::1111]",
        "[::ffff:8.8.8.8]",
        "[::1::]",
        "127.1",
        "1.2.3",
        "a.b1",
        "dead",
        "a.0x1",
    ]
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "alice",
            "1234",
            "user",
            "p%40s",
            "p%3As",
            "p%0d",
            "1.2.3.4",
            "IP",
            "user=a",
            "5.6.7.8x",
            "u.v",
            "us-country-de",
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=127), min_size=1, max_size=6),
)
PORTS = st.sampled_from(["80", "65535", "65536", "0", "080", "8080", ""])
SCHEMES = st.sampled_from(["", "", "http://", "https://", "socks5h://", "HTTP://", "ss://"])
FORMS = st.sampled_from(
    [
        "{s}{h}:{p}",
        "{s}{h}:{p}:{u}:{w}",
        "{s}{u}:{w}@{h}:{p}",
        "{s}{u}:{w}:{h}:{p}",
        "{s}{h}:{p}@{u}:{w}",
        "{s}{u}@{h}:{p}",
    ]
)


@given(FORMS, SCHEMES, HOSTS, PORTS, WORDS, WORDS, st.booleans(), st.booleans())
@settings(deadline=None, max_examples=1500)
@example("{s}{u}:{w}@{h}:{p}", "socks5://", "192.0.2.1", "80", "alice", "p%40ss", True, False)
@example("{s}{h}:{p}:{u}:{w}", "", "192.0.2.1", "80", "1.2.3.4", "5x", True, False)
@example("{s}{h}:{p}:{u}:{w}", "", "192.0.2.1", "80", "u.v", "1234", True, False)
@example("{s}{h}:{p}@{u}:{w}", "", "192.0.2.1", "80", "u.v", "1234", True, False)
@example("{s}{u}:{w}@{h}:{p}", "", "192.0.2.1", "80", "u.v", "1234", True, False)
@example("{s}{u}:{w}:{h}:{p}", "", "gw.example.com", "80", "u.v", "1234", True, False)
def test_both_ways_agree(form: str, s: str, h: str, p: str, u: str, w: str, private: bool, free: bool) -> None:
    rules = Rules("http", private, free)
    line = form.format(s=s, h=h, p=p, u=u, w=w)
    short = quick(line, 7, rules)
    assert short is None or short == careful(line, 7, rules)


@pytest.mark.parametrize(
    "line",
    [
        "192.0.2.1:80",
        "socks5://192.0.2.1:80",
        "192.0.2.1:80:alice:s3cret",
        "alice:s3cret@192.0.2.1:80",
        "alice:s3cret:192.0.2.1:80",
        "192.0.2.1:80@alice:s3cret",
        "http://alice:p%40ss@192.0.2.1:80",
        "gw.example.com:80",
        "http://alice:s3cret@[2001:db8::1]:80",
        "[2001:db8::1]:80:alice:s3cret",
        "gw.example.com:80:user-country-us:x",
    ],
)
def test_common_shapes_go_the_short_way(line: str) -> None:
    assert quick(line, 1, PRIVATE) is not None


@pytest.mark.parametrize("line", ["192.0.2.1:80:9.9.9.9:81", "10.0.0.1:80", "1.2.3.4:65536", "x" * 300, "1.2.3.4:80 "])
def test_everything_doubtful_goes_the_long_way(line: str) -> None:
    assert quick(line, 1, Rules()) is None
