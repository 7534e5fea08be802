"""Basic credentials: one spelling, the first colon, and nothing leaks."""

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.proxy_auth import BadCredentials, basic_field, parse_basic


@given(st.text(alphabet="abcÄ-_.;,+", min_size=0, max_size=9), st.text(alphabet="abÜ:@ ", max_size=9))
@settings(deadline=None, max_examples=80)
def test_what_is_sent_is_read(username, password):
    line = basic_field(username, password)
    assert line.endswith(b"\r\n")
    name, _, value = line.strip().partition(b": ")
    assert name == b"Proxy-Authorization"
    assert parse_basic(value) == (username, password)


def test_the_scheme_has_no_case():
    assert parse_basic(b"bAsIc " + b64encode(b"u:p:q")) == ("u", "p:q")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Bearer dTpw",
        b"Basic  dTpw",
        b"Basic dTpw=",
        b"Basic dTp",
        b"Basic dT\tpw",
        b"Basic dTpw dTpw",
        b"Basic dTp-",
        b"Basic " + b64encode(b"nocolon"),
        b"Basic " + b64encode(b"u:\xff"),
        b"Basic " + b64encode(b"u:p\n"),
        b"Basic " + b64encode(b"u\0:p"),
        b"Basic dTpwcB==",
    ],
)
def test_other_spellings_are_refused(value):
    with pytest.raises(BadCredentials) as refused:
        parse_basic(value)
    assert "dT" not in str(refused.value)


def test_a_password_does_not_show_itself():
    assert "canary" not in repr(parse_basic(b"Basic " + b64encode(b"u:canary")))
