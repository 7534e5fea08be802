"""Every way in which a server refuses is one line with its remedy, and what was stored is never part of it."""

import socket
import ssl

import asyncpg
import pytest

from proxyfleet.stores.errors import BadStoreUrl, StoreAway, StoreBusy, StoreError, StoreLocked, StoreUnusable
from proxyfleet.stores.postgres.trouble import BadText, explained, explanation, is_gone, is_worth_another_try
from proxyfleet.vault import BadKey


def server_said(state: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": state, "M": "canary", "D": "canary"})


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (server_said("28P01"), StoreUnusable, "user and password"),
        (server_said("28000"), StoreUnusable, "pg_hba.conf"),
        (server_said("3D000"), StoreUnusable, "createdb"),
        (server_said("42501"), StoreUnusable, "GRANT"),
        (server_said("53100"), StoreError, "disk is full"),
        (server_said("53300"), StoreAway, "max_connections"),
        (server_said("25006"), StoreAway, "primary"),
        (server_said("57P01"), StoreAway, "start it"),
        (server_said("57P03"), StoreAway, "start it"),
        (server_said("08006"), StoreAway, "start it"),
        (server_said("57014"), StoreBusy, "try again"),
        (server_said("40P01"), StoreBusy, "try again"),
        (server_said("55P03"), StoreBusy, "try again"),
        (server_said("22021"), BadText, "NUL"),
        (server_said("42P01"), StoreError, "report this"),
        (asyncpg.exceptions.ClientConfigurationError("canary"), BadStoreUrl, "connection URLs"),
        (asyncpg.DataError("invalid input canary"), BadText, "correct it"),
        (asyncpg.InterfaceError("connection is closed"), StoreAway, "start it"),
        (ConnectionRefusedError(111, "canary"), StoreAway, "Connection refused"),
        (TimeoutError(), StoreAway, "no answer in time"),
        (OSError("canary"), StoreAway, "OSError"),
        (socket.gaierror(-2, "canary"), StoreAway, "its name is not known"),
        (ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] canary"), StoreAway, "TLS"),
    ],
)
def test_one_line_with_the_remedy(error: Exception, kind: type[StoreError], told: str) -> None:
    with pytest.raises(kind, match=told) as caught, explained("postgresql://h/d"):
        raise error
    text = str(caught.value)
    assert text.startswith("postgresql://h/d") or "of postgresql://h/d" in text
    assert "\n" not in text
    assert "canary" not in text


def test_keys_and_texts() -> None:
    with pytest.raises(StoreLocked, match="mode"), explained("x"):
        raise BadKey("the key file has the wrong mode")
    for text in ("\ud800",):
        with pytest.raises(BadText), explained("x"):
            text.encode()


def test_a_lost_answer_says_so() -> None:
    away = explanation(ConnectionResetError(104, ""), "x", lost=True)
    assert isinstance(away, StoreAway)
    assert away.lost
    assert "before it answered" in str(away)
    assert not explanation(ConnectionResetError(104, ""), "x").lost  # type: ignore[attr-defined]


def test_what_ends_a_connection_and_what_is_worth_another_try() -> None:
    assert all(map(is_gone, (server_said("57P01"), server_said("08003"), TimeoutError(), asyncpg.InterfaceError("x"))))
    assert not any(map(is_gone, (server_said("40001"), server_said("22021"), asyncpg.DataError("x"), ValueError())))
    assert is_worth_another_try(server_said("40001"))
    assert not is_worth_another_try(server_said("57014"))
    assert not is_worth_another_try(TimeoutError())
