"""Delimited lines: host and port apart, credentials, claims, and chatter."""

import pytest

from proxyfleet.wire.text.checks import Draft
from proxyfleet.wire.text.endpoint import Found
from proxyfleet.wire.text.entry import Extras
from proxyfleet.wire.text.fields import delimited, from_fields, several
from proxyfleet.wire.text.reasons import Refused

H = "192.0.2.1"
PLAIN = Draft(H, "80")
ALICE = Draft(H, "80", "alice", "s3cret")


@pytest.mark.parametrize("mark", ["|", ",", ";", "\t", " | ", ", ", "; "])
def test_four_fields(mark: str) -> None:
    assert delimited(mark.join([H, "80", "alice", "s3cret"])) == Found(ALICE)
    assert delimited(mark.join([f"{H}:80", "alice", "s3cret"])) == Found(ALICE)
    assert delimited(mark.join(["socks5", H, "80", "alice", "s3cret"])) == Found(ALICE._replace(scheme="socks5"))
    assert delimited(mark.join([H, "80"])) == Found(PLAIN)


def test_blanks_leave_doubt_about_credentials() -> None:
    assert delimited(f"{H} 80 alice s3cret") == Found(ALICE, ambiguous=True)
    assert delimited(f"{H} 80") == Found(PLAIN)


@pytest.mark.parametrize(
    ("text", "extras"),
    [
        (f"{H}:80 CO-N-S! + ", Extras(country="CO", anonymity="transparent", protocols=("http", "https"))),
        (f"{H}:80 HK-A + ", Extras(country="HK", anonymity="anonymous")),
        (f"{H}:80 GB-H! -", Extras(country="GB", anonymity="elite")),
        (f"{H}:80:The Netherlands", Extras(country="NL")),
        (f"{H}:80:Some Unknown Place", Extras()),
        (f"{H}:80,US,Ashburn", Extras(country="US", city="Ashburn")),
        (f"{H}:80 United States", Extras(country="US")),
        (f"{H}:80 US Ashburn", Extras(country="US")),
        (f"{H}\t80\tUS\tUnited States\telite proxy\tno\tyes\t1 minute ago", Extras(country="US", anonymity="elite")),
        (f"🇺🇸 {H}:80 250ms US [Some Provider]", Extras(country="US")),
        (f"{H}:80 => success", None),
        (f"{H}:80 # a comment", None),
        (f"{H}:80 - works", None),
        (f"{H}:80 some more words here", None),
        (f"12) {H}:80", None),
        (f"- {H}:80", None),
    ],
)
def test_claims(text: str, extras: Extras | None) -> None:
    assert delimited(text) == Found(PLAIN, extras)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{H}:80 SOCKS5", Found(PLAIN._replace(scheme="socks5"))),
        (f"http://{H}:80 socks5", Found(PLAIN._replace(scheme="http"))),
        (f"{H}:80:alice:s3cret US", Found(ALICE, Extras(country="US"))),
        (f"alice:s3cret@{H}:80 | DE", Found(ALICE, Extras(country="DE"))),
        (
            f"{H}:80:alice:s3cret[https://change.example/k?a=b@c]",
            Found(ALICE, Extras(refresh_url="https://change.example/k?a=b@c")),
        ),
        (
            f"{H}:80:alice:s3cret [https://change.example/k]",
            Found(ALICE, Extras(refresh_url="https://change.example/k")),
        ),
        (f"{H}:80:alice:a,b;c|d", Found(PLAIN._replace(username="alice", password="a,b;c|d"))),
        (f"alice:a,b@{H}:80", Found(PLAIN._replace(username="alice", password="a,b"))),
        (f"alice:a,b:{H}:80", Found(PLAIN._replace(username="alice", password="a,b"))),
        (f"{H},80,alice,p@ss", Found(PLAIN._replace(username="alice", password="p@ss"))),
        (f"{H},80,alice,s3cret,US", Found(ALICE, Extras(country="US"))),
        (f"{H},80,anonymous,s3cret", Found(PLAIN._replace(username="anonymous", password="s3cret"), None, True)),
        (f"{H},80,alice,s3cret,what", Found(ALICE, None, True)),
        ("2001:db8::1 8080", Found(Draft("[2001:db8::1]", "8080"))),
        ("proxy1|8080", Found(Draft("proxy1", "8080"))),
    ],
)
def test_combinations(text: str, found: Found) -> None:
    assert delimited(text) == found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{H}:80 192.0.2.2:81", "several"),
        (f"{H}:80,192.0.2.2:81", "several"),
        (f"http://{H}:80;socks5://u:p@gw.example.com:81", "several"),
        (f"{H} 99999", None),
        (f"{H},80,alice", "bad_credentials"),
        (f"{H}:80:alice:two words", "bad_credentials"),
        ("Proxy list of today 12:30", "no_proxy"),
        ("Top 100 proxies", "no_proxy"),
        ("Socks proxy=https://example.com/socks.txt", "no_proxy"),
        ("IP address:Port CountryCode-Anonymity(Noa/Anm/Hia)", "no_proxy"),
        ("<html><body>", "no_proxy"),
    ],
)
def test_refusals(text: str, code: str | None) -> None:
    if code is None:
        assert delimited(text).draft.port == "99999"  # refused by the check of ports, with its own reason
        return
    with pytest.raises(Refused) as refused:
        delimited(text)
    assert refused.value.code == code


def test_several_only_for_whole_entries() -> None:
    assert several(f"{H}:80 192.0.2.2:81") == [f"{H}:80", "192.0.2.2:81"]
    assert several(f"{H}:80:u:p;[2001:db8::1]:81") == [f"{H}:80:u:p", "[2001:db8::1]:81"]
    assert several(f"{H}:80 US") == several(f"{H}:80") == []


def test_fields_already_split() -> None:
    assert from_fields([H, "80", "alice", "s3cret"], ",") == Found(ALICE)
