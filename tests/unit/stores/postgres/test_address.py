"""Which URLs are read, and what of them is shown."""

import pytest

from proxyfleet.stores.errors import BadStoreUrl
from proxyfleet.stores.postgres.address import address_of, is_postgres


@pytest.mark.parametrize(
    ("url", "dsn", "schema", "shown"),
    [
        ("postgresql://u:pw@h:5433/d", "postgresql://u:pw@h:5433/d", "proxyfleet", "postgresql://h:5433/d"),
        ("postgres://h/d?schema=two&sslmode=require", "postgresql://h/d?sslmode=require", "two", "postgresql://h/d?schema=two"),
        ("postgresql:///d?host=/run/pg&password=pw", "postgresql:///d?host=%2Frun%2Fpg&password=pw", "proxyfleet",
         "postgresql:///d?host=/run/pg"),
        ("postgresql://u:p%40w@[::1]/d", "postgresql://u:p%40w@[::1]/d", "proxyfleet", "postgresql://[::1]/d"),
        ("postgresql://u@h1:1,h2:2/d", "postgresql://u@h1:1,h2:2/d", "proxyfleet", "postgresql://h1:1,h2:2/d"),
    ],
)  # fmt: skip
def test_urls(url: str, dsn: str, schema: str, shown: str) -> None:
    address = address_of(url)
    assert (address.dsn, address.schema, address.shown) == (dsn, schema, shown)
    assert "pw" not in repr(address) + address.shown


@pytest.mark.parametrize(
    "url", ["postgresql://u:pw@[::/d", "postgresql://u:pw@h/d#x", "mysql://u:pw@h/d", "postgresql://u:pw@h/d?x"]
)
def test_what_cannot_be_read_shows_no_password(url: str) -> None:
    with pytest.raises(BadStoreUrl, match="use postgresql://") as caught:
        address_of(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "Two", "a-b", "pg_x", "x" * 64, "a;drop"])
def test_schemas_are_plain_names(schema: str) -> None:
    with pytest.raises(BadStoreUrl, match="schema"):
        address_of(f"postgresql://h/d?schema={schema}")


def test_what_means_postgresql() -> None:
    assert is_postgres("postgres://h/d")
    assert is_postgres("postgresql:nonsense")
    assert not any(map(is_postgres, ("sqlite:///x", "memory:", "postgresql", "fleet.db")))
