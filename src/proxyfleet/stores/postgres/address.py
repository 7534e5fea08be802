"""Where a PostgreSQL fleet lies: a connection URL, the schema in it, and what of both may be shown. Connects to nothing."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from proxyfleet.stores.errors import BadStoreUrl

SCHEMES = ("postgresql", "postgres")
SCHEMA = "proxyfleet"
PLACES = ("host", "port", "dbname", "database", "schema")
"""What of a query tells where a fleet lies."""
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
FORM = "use postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with ?schema=NAME for another fleet in the same database"


class Address(NamedTuple):
    """`dsn` may hold a password; `shown` never does."""

    dsn: str
    schema: str
    shown: str

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"


def is_postgres(url: str) -> bool:
    """Whether a store URL means PostgreSQL, well formed or not."""
    return url.startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


def address_of(url: str) -> Address:
    """Read a store URL; everything but `schema` is libpq's connection URL. Raises `BadStoreUrl`, which shows no password."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise BadStoreUrl(f"the PostgreSQL URL cannot be read; {FORM}") from None
    schema = dict(query).get("schema", SCHEMA)
    if parts.scheme not in SCHEMES or parts.fragment:
        raise BadStoreUrl(f"the PostgreSQL URL cannot be read; {FORM}")
    if not _SCHEMA_NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise BadStoreUrl(f"schema {schema!r} cannot be used; give lower case letters, digits and _, up to 63")
    rest = urlencode([pair for pair in query if pair[0] != "schema"])
    dsn = f"postgresql://{parts.netloc}{parts.path}" + (f"?{rest}" if rest else "")
    host = parts.netloc.rpartition("@")[2]
    place = [pair for pair in query if pair[0] in PLACES and pair != ("schema", SCHEMA)]
    shown = f"?{urlencode(place, safe='/')}" if place else ""
    return Address(dsn, schema, f"postgresql://{host}{parts.path}{shown}")
