"""Reads the databases of the founding systems, tables `proxy_pool` and `proxies` (SPEC A7). Reads only; storing is `put`.

Columns may be present or missing; what describes past health (averages, reputation, current viewers) is not taken over.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from cryptography.fernet import Fernet, InvalidToken

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Details, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.stores.errors import StoreLocked, StoreUnusable
from proxyfleet.stores.merging import PLAIN_DETAILS
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.reasons import Refused

TABLES = {
    "proxy_pool": "SELECT rowid AS _row, * FROM proxy_pool",
    "proxies": "SELECT rowid AS _row, * FROM proxies",
}
FERNET_MARK = "gAAAA"
KEY_FILE = ".encryption_key"
NAMES: Mapping[str, tuple[str, ...]] = {
    "host": ("host", "ip", "ip_address", "address", "server"),
    "port": ("port",),
    "username": ("username", "user", "login"),
    "password": ("password", "encrypted_password", "password_encrypted"),
    "scheme": ("scheme", "protocol", "proxy_protocol"),
    "type": ("type", "proxy_type"),
    "country": ("country", "country_code"),
    "region": ("region",),
    "city": ("city",),
    "provider": ("provider",),
    "source": ("source",),
    "capacity": ("capacity", "max_viewers_per_proxy"),
    "expires_at": ("expires_at", "expiry_date", "expiration_date", "expires"),
    "notes": ("notes", "comment"),
    "status": ("status",),
    "enabled": ("enabled", "is_active", "active"),
}
"""Our field, and the columns it may stand in, best first."""

Cells = Mapping[str, Any]
"""Any: columns of a table whose types nobody has enforced."""


class Adopted(NamedTuple):
    """`rejected` holds (row id, reason); reasons show no secrets."""

    proxies: list[Proxy]
    rejected: list[tuple[int, str]]


def founding_proxies(path: Path, fernet_key: str | None = None) -> Adopted:
    """All proxies of a founding database; without `fernet_key` (ENCRYPTION_KEY) the file .encryption_key beside it is read.

    Raises `StoreUnusable` when neither table is there, `StoreLocked` when passwords are encrypted and the key is missing.
    """
    adopted = Adopted([], [])
    with explained(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            for cells in _rows(connection, path):
                _adopt(cells, path, fernet_key, adopted)
        finally:
            connection.close()
    return adopted


def _rows(connection: apsw.Connection, path: Path) -> list[Cells]:
    known = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    tables = [table for table in TABLES if table in known]
    if not tables:
        raise StoreUnusable(f"{path} has no table {' or '.join(TABLES)}; give the database of a founding system")
    return [cells for table in tables for cells in _table(connection, table)]


def _table(connection: apsw.Connection, table: str) -> list[Cells]:
    cursor = connection.cursor()
    rows = cursor.execute(TABLES[table])
    return [dict(zip((column[0].lower() for column in cursor.get_description()), row, strict=True)) for row in rows]


def _adopt(cells: Cells, path: Path, fernet_key: str | None, adopted: Adopted) -> None:
    told = {field: _first(cells, names) for field, names in NAMES.items()}
    try:
        told["password"] = _password(told["password"], path, fernet_key)
        adopted.proxies.append(_proxy(told))
    except (BadProxy, Refused, ValueError, TypeError, InvalidToken) as error:
        reason = "password cannot be decrypted with this key" if isinstance(error, InvalidToken) else str(error)
        adopted.rejected.append((int(cells["_row"]), reason or type(error).__name__))


def _first(cells: Cells, names: tuple[str, ...]) -> Any:  # Any: see Cells
    return next((cells[name] for name in names if cells.get(name) is not None), None)


def _password(value: str | bytes | None, path: Path, fernet_key: str | None) -> Secret | None:
    text = value.decode() if isinstance(value, bytes) else value
    if text is None or not text.startswith(FERNET_MARK):
        return None if text is None else Secret(text)
    return Secret(_fernet(path, fernet_key).decrypt(text.encode()).decode())


def _fernet(path: Path, fernet_key: str | None) -> Fernet:
    beside = path.with_name(KEY_FILE)
    key = fernet_key or (beside.read_text(encoding="ascii").strip() if beside.is_file() else None)
    try:
        return Fernet(key or "")
    except ValueError:
        raise StoreLocked(
            f"the passwords in {path} are encrypted; set ENCRYPTION_KEY to its key or put {KEY_FILE} beside it"
        ) from None


def _proxy(told: Mapping[str, Any]) -> Proxy:  # Any: see Cells
    details = Details(notes=str(told["notes"] or ""))
    return Proxy(
        scheme=Scheme(str(told["scheme"] or "http").lower()),
        host=str(told["host"] or "").strip().lower(),
        port=int(told["port"] or 0),
        username=told["username"] or None,
        password=told["password"],
        capacity=None if told["capacity"] is None else int(told["capacity"]),
        expires_at=None if told["expires_at"] is None else expiry(told["expires_at"]),
        status=_status(told),
        labels=_labels(told),
        details=None if details == PLAIN_DETAILS else details,
    )


def _status(told: Mapping[str, Any]) -> Status:  # Any: see Cells
    if told["enabled"] in (0, "0", "false", "False") or str(told["status"]).lower() in ("disabled", "inactive"):
        return Status.DISABLED
    return Status.ACTIVE if str(told["status"]).lower() == "active" else Status.PENDING


def _labels(told: Mapping[str, Any]) -> Labels:  # Any: see Cells
    kind = str(told["type"] or "").lower()
    return Labels(
        type=ProxyType(kind) if kind in set(ProxyType) else ProxyType.DATACENTER,
        country=None if told["country"] is None else str(told["country"]).upper(),
        region=told["region"],
        city=told["city"],
        provider=told["provider"],
        source=told["source"],
    )
