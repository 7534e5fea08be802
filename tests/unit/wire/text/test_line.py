"""One function decides a line: verdicts, rules, and no text it cannot decide."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry, Extras, Verdict
from proxyfleet.wire.text.line import careful, decide, judge, rules_of, unlabelled
from proxyfleet.wire.text.lines import Guessed
from proxyfleet.wire.text.reasons import REASONS

PRIVATE = Rules(allow_private=True)
PAGE = Path(__file__).parents[4] / "docs/reference/text-formats.md"
EXAMPLES = re.findall(
    r"^\| `(.+)` \| `(\w+)://(?:(\w+):(\w+)@)?(\S+):(\d+)`(?:, ([\w, ]+))? \|$", PAGE.read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1:80",
        " 192.0.2.1:80\t",
        "\ufeff192.0.2.1:80",
        '"192.0.2.1:80",',
        "'192.0.2.1:80'",
        "http://192.0.2.1:80",
        "HTTP://192.0.2.1:80/",
        "IP: 192.0.2.1 Port: 80",
        "* 192.0.2.1:80",
    ],
)
def test_ways_to_write_the_same(text: str) -> None:
    assert decide(text, allow_private=True) == Verdict(1, Entry("http", "192.0.2.1", 80))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_proxy"), ("192.0.2.1:80", "not_global"), ("10.0.0.1:80", "not_global"), ("localhost:80", "not_global"),
        ("http://proxy.internal:80", "not_global"), ("[::1]:80", "not_global"), ("1.2.3.04:80", "bad_octet"),
        ("127.1:80", "bad_host"), ("0x7f.1:80", "bad_host"), ("2130706433:80", "bad_host"), ("１２７.0.0.1:80", "bad_host"),
        ("1.2.3.4:80\x00", "control_characters"), ("1.2.3.4:80:u:p\x1b", "control_characters"), ("x" * 4097, "too_long"),
        ("http://u:p%0d%0a@1.2.3.4:80", "control_characters"), ("http://a%3Ab:p@1.2.3.4:80", "bad_credentials"),
        ("1.2.3.4 99999", "bad_port"), ("1.2.3.4:80 1.2.3.5:80", "several"), ("{}", "no_proxy"),
        ("IP: 1.2.3.4", "no_port"),
    ],
)  # fmt: skip
def test_rejections(text: str, code: str) -> None:
    verdict = decide(text, line=9)
    assert (verdict.line, verdict.entry, verdict.reason) == (9, None, code)


def test_ambiguous_lines_are_marked() -> None:
    assert decide("192.0.2.1:8080:198.51.100.7:1234", allow_private=True) == Verdict(
        1, Entry("http", "192.0.2.1", 8080, "198.51.100.7", "1234"), ambiguous=True
    )


def test_scheme_and_free_list() -> None:
    assert decide("1.2.3.4:80", scheme="SOCKS").entry == Entry("socks5", "1.2.3.4", 80)
    assert decide("https://1.2.3.4:80").entry == Entry("https", "1.2.3.4", 80)
    free = Entry("http", "1.2.3.4", 80, extras=Extras(protocols=("https",)))
    assert decide("https://1.2.3.4:80", free_list=True).entry == free
    assert decide("1.2.3.4:80", scheme="https", free_list=True).entry == free
    with pytest.raises(ValueError, match=r"unknown scheme 'ftp'; use http, https"):
        decide("1.2.3.4:80", scheme="ftp")
    assert rules_of("http", allow_private=True, free_list=False) == PRIVATE


def test_guessed_encodings_carry_no_credentials() -> None:
    assert careful(Guessed("192.0.2.1:80:Москва"), 1, PRIVATE).reason == "bad_credentials"
    assert careful(Guessed("192.0.2.1:80:ü:p"), 1, PRIVATE).reason == "bad_encoding"
    assert careful(Guessed("192.0.2.1:80 Zürich"), 1, PRIVATE).entry == Entry("http", "192.0.2.1", 80)


def test_an_excerpt_never_shows_credentials() -> None:
    for line in ("1.2.3.999:80:alice:canary", "canary:canary@1.2.3.4:99999", "http://canary:canary@x_y:80", "canary"):
        verdict = decide(line)
        assert verdict.reason
        assert "canary" not in repr(verdict)
        assert "alice" not in repr(verdict)


def test_labels_only_where_asked() -> None:
    assert judge("IP: 192.0.2.1 Port: 80", 1, PRIVATE).entry is not None
    assert unlabelled("IP: 192.0.2.1 Port: 80", 1, PRIVATE).entry is None


@given(st.text())
@settings(deadline=None, max_examples=500)
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = decide(text)
    assert (verdict.entry is None) == (verdict.reason in REASONS)


USERS = st.text(
    st.characters(codec="ascii", categories=["L", "N"], include_characters="-_.+!"), min_size=1, max_size=20
)
WORDS = USERS.map(lambda user: f"u{user}")
PASSWORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",;|\"'[]"), min_size=1, max_size=20
)
FORMS = {
    "colon": "{h}:{p}:{u}:{w}",
    "standard": "{u}:{w}@{h}:{p}",
    "user first": "{u}:{w}:{h}:{p}",
    "reversed": "{h}:{p}@{u}:{w}",
    "tab": "{h}\t{p}\t{u}\t{w}",
    "labels": "IP: {h} Port: {p} User: {u} Password: {w}",
    "refresh": "{h}:{p}:{u}:{w}[https://change.example/]",
}


@pytest.mark.parametrize("form", FORMS)
@given(user=WORDS, word=PASSWORDS.map(lambda word: f"w{word}w"), port=st.integers(1, 65535))
@settings(deadline=None, max_examples=60)
def test_credentials_survive_every_form(form: str, user: str, word: str, port: int) -> None:
    for host, written in (
        ("203.0.113.7", "203.0.113.7"),
        ("gw.example.com", "gw.example.com"),
        ("2001:db8::1", "[2001:db8::1]"),
    ):
        line = FORMS[form].format(h=written, p=port, u=user, w=word)
        entry = decide(line, allow_private=True).entry
        assert entry is not None, line
        assert entry[:5] == ("http", host, port, user, word)


@given(user=st.text(min_size=1, max_size=20), word=st.text(max_size=20), port=st.integers(1, 65535))
@settings(deadline=None, max_examples=200)
def test_percent_encoded_urls_carry_any_text(user: str, word: str, port: int) -> None:
    from urllib.parse import quote

    glued = re.search(r"(\d{1,3}\.){3}\d{1,3}\Z", user, re.ASCII) is not None and word[:1].isdecimal()
    legal = (user + word).isprintable() and ":" not in user and not glued
    line = f"http://{quote(user, safe='')}:{quote(word, safe='')}@203.0.113.7:{port}"
    verdict = decide(line, allow_private=True)
    if legal:
        assert verdict.entry is not None
        assert verdict.entry[:5] == ("http", "203.0.113.7", port, user, word)
    elif glued:
        assert verdict.entry is None or verdict.entry[3:5] == (user, word) or verdict.ambiguous
    else:
        assert verdict.entry is None or verdict.entry[3:5] == (user, word)


def test_the_documentation_has_examples() -> None:
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_the_examples_of_the_documentation(example: tuple[str, ...]) -> None:
    line, scheme, username, password, host, port, claims = example
    verdict = decide(line, allow_private=True)
    assert verdict.entry is not None
    assert not verdict.ambiguous
    assert verdict.entry[:5] == (scheme, host.strip("[]"), int(port), username or None, password or None)
    told = {name for name, value in (verdict.entry.extras or Extras())._asdict().items() if value}
    assert told == set(claims.split(", ")) - {""}
