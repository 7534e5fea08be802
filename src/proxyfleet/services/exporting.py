"""Writes records as text, JSON or CSV that `import` reads again (SPEC A4); passwords only when explicitly asked for.

Text in memory, piece by piece; where it goes is the caller's business.
"""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Details, Proxy, Secret
from proxyfleet.services.read_models import instant

FORMATS: Final = ("text", "json", "csv")
_LABELS: Final = (
    "kind", "type", "country", "region", "city", "asn", "anonymity", "provider", "source",
    "cost_per_month", "cost_per_gb", "currency",
)  # fmt: skip
PLAIN: Final = Details()
Cell = str | int | float | list[str] | None
_BARE: Final = re.compile(r'(?! )[^",;|\t]+(?<! )')


def url_of(proxy: Proxy, *, passwords: bool) -> str:
    """`scheme://user:password@host:port`; without `passwords` neither user nor password, as `Proxy.address`."""
    if not passwords or proxy.username is None:
        return proxy.address
    scheme, _, rest = proxy.address.partition("://")
    password = _opened(proxy, proxy.password)
    told = "" if password is None else ":" + quote(password, safe="")
    return f"{scheme}://{quote(proxy.username, safe='')}{told}@{rest}"


def _opened(proxy: Proxy, secret: Secret | None) -> str | None:
    try:
        return None if secret is None else secret.reveal()
    except SecretLost as error:
        raise SecretLost(f"proxy {proxy.id}: {error}, or remove the proxy") from None


def flat(proxy: Proxy, *, passwords: bool) -> dict[str, Cell]:
    """One row: the fields of an import, by their names there. The refresh URL is a secret as the password is."""
    labels = {name: _plain(getattr(proxy.labels, name)) for name in _LABELS}
    details = proxy.details or PLAIN
    secret = {"password": _opened(proxy, proxy.password)} if passwords else {}
    url = {"refresh_url": _opened(proxy, details.refresh_url)} if passwords else {}
    return {
        "scheme": proxy.scheme.value,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.username,
        **secret,
        **labels,
        "tags": sorted(proxy.labels.tags) or None,
        "expires_at": instant(proxy.expires_at),
        "capacity": proxy.capacity,
        "status": proxy.status.value,
        "max_connections": details.max_connections,
        "min_interval": details.min_interval or None,
        "target_capacity": details.target_capacity,
        **url,
        "exit_address": details.exit_address,
        "speaks": ",".join(details.protocols) or None,
        "notes": details.notes or None,
    }


def _plain(value: object) -> str | int | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, int) else str(value)


def export(proxies: Iterable[Proxy], format: str, *, passwords: bool) -> Iterator[str]:
    """Lines without their ends; ValueError for an unknown format."""
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; use one of: {', '.join(FORMATS)}")
    if format == "text":
        return (url_of(proxy, passwords=passwords) for proxy in proxies)
    rows = (flat(proxy, passwords=passwords) for proxy in proxies)
    return _json(rows) if format == "json" else _csv(rows)


def _json(rows: Iterable[dict[str, Cell]]) -> Iterator[str]:
    opening = "["
    for row in rows:
        yield opening + json.dumps({name: value for name, value in row.items() if value is not None})
        opening = ","
    yield "[]" if opening == "[" else "]"


def _csv(rows: Iterable[dict[str, Cell]]) -> Iterator[str]:
    header = True
    for row in rows:
        if header:
            yield _line(list(row))
            header = False
        yield _line(map(_told, row.values()))


def _told(value: Cell) -> str | None:
    if isinstance(value, list):
        return ",".join(value)
    return None if value is None else str(value)


def _line(cells: Iterable[str | None]) -> str:
    return ",".join("" if cell is None else _quoted(cell) for cell in cells)


def _quoted(cell: str) -> str:
    """In quotes where a cell would not be read back to the letter without; one row is one line, whatever is in it."""
    line = " ".join(cell.splitlines())
    return line if _BARE.fullmatch(line) else '"' + line.replace('"', '""') + '"'
