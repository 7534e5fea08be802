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
from proxyfleet.stores.sql.opening import BUSY_MS
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.wire.text.checks import Rules, check_credentials, host_of, port_of, scheme_of
from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.reasons import Refused

TABLES = {
    "proxy_pool": "SELECT rowid AS _row, * FROM proxy_pool",
    "proxies": "SELECT rowid AS _row, * FROM proxies",
}
FERNET_MARK = "gAAAA"
KEY_FILE = ".encryption_key"
UNREADABLE = "unreadable_password"
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


class Taken(NamedTuple):
    """One row: its table, its rowid, and either a proxy or a reason code with a text that shows no secrets."""

    table: str
    row: int
    proxy: Proxy | None
    code: str = ""
    text: str = ""


def founding_rows(path: Path, fernet_key: str | None = None) -> list[Taken]:
    """All rows of a founding database; without `fernet_key` (ENCRYPTION_KEY) the file .encryption_key beside it is read.

    Raises `StoreUnusable` when neither table is there, `StoreLocked` when passwords are encrypted and the key is missing.
    """
    with explained(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(BUSY_MS)
            return [
                _taken(table, cells, path, fernet_key)
                for table in _tables(connection, path)
                for cells in _rows(connection, table)
            ]
        finally:
            connection.close()


def _tables(connection: apsw.Connection, path: Path) -> list[str]:
    known = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    tables = [table for table in TABLES if table in known]
    if not tables or "keyring" in known:
        raise StoreUnusable(f"{path} has no table {' or '.join(TABLES)} of a founding system; give its database")
    return tables


def _rows(connection: apsw.Connection, table: str) -> list[Cells]:
    cursor = connection.cursor()
    rows = cursor.execute(TABLES[table])
    return [dict(zip((column[0].lower() for column in cursor.get_description()), row, strict=True)) for row in rows]


def _taken(table: str, cells: Cells, path: Path, fernet_key: str | None) -> Taken:
    told, row = {field: _first(cells, names) for field, names in NAMES.items()}, int(cells["_row"])
    try:
        told["password"] = _password(told["password"], path, fernet_key)
        return Taken(table, row, _proxy(told))
    except InvalidToken:
        return Taken(table, row, None, UNREADABLE, "the password cannot be decrypted with this key")
    except Refused as refused:
        return Taken(table, row, None, refused.code, refused.detail)
    except (BadProxy, ValueError, TypeError):
        return Taken(table, row, None, "bad_value", "a column holds a value that cannot be read")


def _first(cells: Cells, names: tuple[str, ...]) -> Any:  # Any: see Cells
    return next((cells[name] for name in names if cells.get(name) is not None), None)


def _password(value: object, path: Path, fernet_key: str | None) -> Secret | None:
    text = _text(value)
    if text is None or not text.startswith(FERNET_MARK):
        return None if text is None else Secret(text)
    return Secret(_fernet(path, fernet_key).decrypt(text.encode()).decode())


def _text(value: object) -> str | None:
    """A column as text, whatever type it was stored with; nobody has enforced one."""
    if value is None:
        return None
    return value.decode() if isinstance(value, bytes) else str(value)


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
    scheme, username, password = (
        scheme_of(str(told["scheme"] or "http")),
        _text(told["username"]) or None,
        told["password"],
    )
    check_credentials(scheme, username or "", None if password is None else password.reveal())
    details = Details(notes=str(told["notes"] or ""))
    return Proxy(
        scheme=Scheme(scheme),
        host=host_of(str(told["host"] or "").strip(), Rules(allow_private=True)),
        port=port_of(_text(told["port"]) or ""),
        username=username,
        password=password,
        capacity=_capacity(told["capacity"]),
        expires_at=None if told["expires_at"] is None else expiry(told["expires_at"]),
        status=_status(told),
        labels=_labels(told),
        details=None if details == PLAIN_DETAILS else details,
    )


def _capacity(value: object) -> int | None:
    """Nothing and zero meant no limit of one's own: the default counts."""
    return None if value in (None, "", 0, "0") else int(str(value))


def _status(told: Mapping[str, Any]) -> Status:  # Any: see Cells
    if told["enabled"] in (0, "0", "false", "False") or str(told["status"]).lower() in ("disabled", "inactive"):
        return Status.DISABLED
    return Status.ACTIVE if str(told["status"]).lower() == "active" else Status.PENDING


def _labels(told: Mapping[str, Any]) -> Labels:  # Any: see Cells
    kind = str(told["type"] or "").lower()
    return Labels(
        type=ProxyType(kind) if kind in set(ProxyType) else ProxyType.DATACENTER,
        country=country_code(str(told["country"] or "")),
        region=_text(told["region"]),
        city=_text(told["city"]),
        provider=_text(told["provider"]),
        source=_text(told["source"]),
    )
