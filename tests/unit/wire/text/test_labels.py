"""Labelled text in several languages, on one line and over several."""

import pytest

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.labels import Group, labelled
from proxyfleet.wire.text.lines import Guessed

FULL = {"ip": "192.0.2.1", "port": "8080", "username": "alice", "password": "s3:c@t"}


@pytest.mark.parametrize(
    "text",
    [
        "IP: 192.0.2.1 端口: 8080 账号: alice 密码: s3:c@t",
        "IP：192.0.2.1，端口：8080，账号：alice，密码：s3:c@t",
        "IP: 192.0.2.1, Port: 8080, User: alice, Password: s3:c@t",
        "ip=192.0.2.1 port=8080 login=alice pass=s3:c@t",
        "IP:192.0.2.1 Port:8080 Login:alice Pass:s3:c@t",
        "IP: 192.0.2.1 Порт: 8080 Логин: alice Пароль: s3:c@t",
    ],
)
def test_one_line(text: str) -> None:
    assert labelled(text) == FULL


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Country: United States", {"country": "United States"}),
        ("Expires: 2026-12-31 23:59", {"expires_at": "2026-12-31 23:59"}),
        ("port:8080", {"port": "8080"}),
        ("IP:192.0.2.1", {"ip": "192.0.2.1"}),
        ("User name: alice", {"username": "alice"}),
        ("Password:", {"password": ""}),
    ],
)
def test_one_label(text: str, found: dict[str, str]) -> None:
    assert labelled(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "user:pass@192.0.2.1:80",
        "login:pass:192.0.2.1:80",
        "server:8080",
        "host:8080:user:pass",
        "192.0.2.1:80",
        "",
        "Array",
        "Support by donations:",
        "IP address:Port CountryCode-Anonymity",
        "user=a:pass=b@192.0.2.1:80",
    ],
)
def test_other_lines(text: str) -> None:
    assert labelled(text) is None


def test_a_group_is_one_proxy_under_its_first_line() -> None:
    group = Group(Rules(allow_private=True))
    assert not group
    for number, field in enumerate(FULL, 7):
        assert group.add({field: FULL[field]}, number, "") == []
    assert group
    (verdict,) = group.end()
    assert verdict.line == 7
    assert verdict.entry is not None
    assert verdict.entry[:5] == ("http", "192.0.2.1", 8080, "alice", "s3:c@t")
    assert not group
    assert group.end() == []


def test_a_label_seen_before_begins_the_next_proxy() -> None:
    group = Group(Rules(allow_private=True))
    group.add({"ip": "192.0.2.1"}, 1, "")
    group.add({"port": "80"}, 2, "")
    (first,) = group.add({"ip": "192.0.2.2"}, 3, "")
    (second,) = group.end()
    assert (first.line, first.reason, second.line, second.reason) == (1, None, 3, "no_port")


def test_credentials_of_a_guessed_encoding_are_refused() -> None:
    group = Group(Rules(allow_private=True))
    group.add({"ip": "192.0.2.1", "port": "80"}, 1, "")
    group.add({"username": "alice", "password": "pässword"}, 2, Guessed("x"))
    assert [verdict.reason for verdict in group.end()] == ["bad_encoding"]
