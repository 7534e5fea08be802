"""Writes records as text, JSON or CSV that `import` reads again (SPEC A4); passwords only when explicitly asked for.

Text in memory, piece by piece; where it goes is the caller's business.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from proxyfleet.core.proxy import Details, Proxy
from proxyfleet.services.read_models import instant

FORMATS: Final = ("text", "json", "csv")
_LABELS: Final = (
    "kind", "type", "country", "region", "city", "asn", "anonymity", "provider", "source",
    "cost_per_month", "cost_per_gb", "currency",
)  # fmt: skip
PLAIN: Final = Details()


def url_of(proxy: Proxy, *, passwords: bool) -> str:
    """`scheme://user:password@host:port`; without `passwords` neither user nor password, as `Proxy.address`."""
    if not passwords or proxy.username is None:
        return proxy.address
    scheme, _, rest = proxy.address.partition("://")
    password = "" if proxy.password is None else ":" + quote(proxy.password.reveal(), safe="")
    return f"{scheme}://{quote(proxy.username, safe='')}{password}@{rest}"


def flat(proxy: Proxy, *, passwords: bool) -> dict[str, str | int | None]:
    """One row: the fields of an import, by their names there."""
    secret = {"password": proxy.password.reveal() if proxy.password else None} if passwords else {}
    labels = {name: _plain(getattr(proxy.labels, name)) for name in _LABELS}
    return {
        "scheme": proxy.scheme.value,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.username,
        **secret,
        **labels,
        "tags": ",".join(sorted(proxy.labels.tags)) or None,
        "expires_at": instant(proxy.expires_at),
        "capacity": proxy.capacity,
        "status": proxy.status.value,
        "notes": (proxy.details or PLAIN).notes or None,
    }


def _plain(value: object) -> str | int | None:
    return value if value is None or isinstance(value, int) else str(value)


def export(proxies: Iterable[Proxy], format: str, *, passwords: bool) -> Iterator[str]:
    """Lines without their ends; ValueError for an unknown format."""
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; use one of: {', '.join(FORMATS)}")
    if format == "text":
        return (url_of(proxy, passwords=passwords) for proxy in proxies)
    rows = (flat(proxy, passwords=passwords) for proxy in proxies)
    return _json(rows) if format == "json" else _csv(rows)


def _json(rows: Iterable[dict[str, str | int | None]]) -> Iterator[str]:
    opening = "["
    for row in rows:
        yield opening + json.dumps({name: value for name, value in row.items() if value is not None})
        opening = ","
    yield "[]" if opening == "[" else "]"


def _csv(rows: Iterable[dict[str, str | int | None]]) -> Iterator[str]:
    header = True
    for row in rows:
        if header:
            yield _line(list(row))
            header = False
        yield _line(["" if value is None else str(value) for value in row.values()])


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
