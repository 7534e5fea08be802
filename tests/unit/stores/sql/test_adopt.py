"""Databases of the founding systems."""

from pathlib import Path

import apsw
import pytest
from cryptography.fernet import Fernet

from proxyfleet.core.proxy import Details, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.stores.errors import StoreLocked, StoreUnusable
from proxyfleet.stores.sql.adopt import founding_rows

KEY = Fernet.generate_key().decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "old.db"


def make(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)


def proxies(path: Path, key: str | None = None) -> list[Proxy]:
    return [row.proxy for row in founding_rows(path, key) if row.proxy is not None]


def token(text: str) -> str:
    return Fernet(KEY.encode()).encrypt(text.encode()).decode()


def test_proxy_pool_with_plain_and_encrypted_passwords(path: Path) -> None:
    make(
        path,
        "CREATE TABLE proxy_pool (id INTEGER PRIMARY KEY, host TEXT, port INTEGER, username TEXT, password TEXT, protocol TEXT, "
        "country TEXT, response_time_avg REAL, reputation_score REAL, expires_at TEXT, is_active INTEGER)",
        "INSERT INTO proxy_pool VALUES (1, 'A.example', 80, 'u', 'plain', 'socks5', 'de', 250.5, 95, '2030-01-31', 1)",
        f"INSERT INTO proxy_pool VALUES (2, 'b', '81', '', '{token('sealed')}', NULL, NULL, NULL, NULL, NULL, 0)",
        "INSERT INTO proxy_pool VALUES (3, 'c', 82, NULL, '', 'http', NULL, 1, 1, NULL, NULL)",
    )
    first, second, third = proxies(path, KEY)
    assert (first.scheme, first.host, first.port, first.username) == (Scheme.SOCKS5, "a.example", 80, "u")
    assert (first.password, first.labels.country, first.expires_at) == (Secret("plain"), "DE", 1896134399.0)
    assert (second.password, second.username, second.status) == (Secret("sealed"), None, Status.DISABLED)
    assert (third.password, third.status) == (Secret(""), Status.PENDING)


def test_columns_may_be_missing(path: Path) -> None:
    make(path, "CREATE TABLE proxy_pool (host TEXT, port INTEGER)", "INSERT INTO proxy_pool VALUES ('h', 1)")
    assert proxies(path) == [Proxy(Scheme.HTTP, "h", 1)]


def test_proxies_with_viewers(path: Path) -> None:
    make(
        path,
        "CREATE TABLE proxies (id INTEGER PRIMARY KEY, ip TEXT, port INTEGER, max_viewers_per_proxy INTEGER, "
        "current_viewers INTEGER, proxy_type TEXT, notes TEXT)",
        "INSERT INTO proxies VALUES (1, '192.0.2.1', 1080, 3, 2, 'residential', 'hello')",
    )
    (proxy,) = proxies(path)
    assert (proxy.capacity, proxy.labels.type, proxy.details) == (3, ProxyType.RESIDENTIAL, Details(notes="hello"))


def test_bad_rows_are_told_and_lose_no_good_ones(path: Path) -> None:
    other = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    make(
        path,
        "CREATE TABLE proxy_pool (host TEXT, port, password TEXT)",
        f"INSERT INTO proxy_pool VALUES ('', 1, NULL), ('h', 'x', NULL), ('h', 70000, NULL), ('h', 1, '{other}'), "
        "('good', 1, NULL)",
    )
    rows = founding_rows(path, KEY)
    assert [proxy.host for proxy in proxies(path, KEY)] == ["good"]
    assert [(row.table, row.row, row.code) for row in rows if row.proxy is None] == [
        ("proxy_pool", 1, "bad_host"),
        ("proxy_pool", 2, "bad_port"),
        ("proxy_pool", 3, "bad_port"),
        ("proxy_pool", 4, "unreadable_password"),
    ]
    assert rows[3].text == "the password cannot be decrypted with this key"


def test_columns_of_any_type_are_read(path: Path) -> None:
    make(
        path,
        "CREATE TABLE proxy_pool (host, port, username, password, country, capacity, scheme)",
        "INSERT INTO proxy_pool VALUES ('1.1.1.1', '80', 7, 12345, 'Germany', 0, 'SOCKS'), "
        "('1.1.1.2', 80, 'u', x'70', 'nowhere', '', ''), ('1.1.1.3', 80, 'a:b', 'p', NULL, 'many', 'http'), "
        "('1.1.1.4', 80, 'u', 'p', NULL, 'many', 'http')",
    )
    first, second = proxies(path)
    assert (first.port, first.username, first.password, first.labels.country) == (80, "7", Secret("12345"), "DE")
    assert (first.capacity, first.scheme) == (None, Scheme.SOCKS5)
    assert (second.password, second.labels.country, second.capacity) == (Secret("p"), None, None)
    assert [row.code for row in founding_rows(path)[2:]] == ["bad_credentials", "bad_value"]


def test_the_key_may_lie_beside_and_must_be_somewhere(path: Path) -> None:
    make(
        path,
        "CREATE TABLE proxy_pool (host TEXT, port INTEGER, password TEXT)",
        f"INSERT INTO proxy_pool VALUES ('h', 1, '{token('p')}')",
    )
    with pytest.raises(StoreLocked, match="set ENCRYPTION_KEY"):
        founding_rows(path)
    path.with_name(".encryption_key").write_text(KEY + "\n")
    assert proxies(path)[0].password == Secret("p")


def test_other_databases_are_refused(path: Path) -> None:
    make(path, "CREATE TABLE other (x)")
    with pytest.raises(StoreUnusable, match="no table proxy_pool or proxies"):
        founding_rows(path)
    with pytest.raises(StoreUnusable):
        founding_rows(path.with_name("none.db"))
