"""Secrets of proxies: sealed on their way into a table, locked on their way out until they are needed. Knows no database."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Proxy, Secret
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.locked import LockedSecret, locked_many, lost
from proxyfleet.stores.records import SECRETS, Row, from_row, to_row, to_rows
from proxyfleet.vault import Column, Damaged, Keyring

UUID_BYTES = 16
MOST_SECRETS = 2
"""Of one proxy: its password and its refresh URL."""


class Sealing:
    """Seals and locks the secret columns of the table `proxies` with one ring."""

    def __init__(self, ring: Keyring) -> None:
        self._columns = {name: Column(ring, "proxies", name) for name in SECRETS}

    def seal(self, column: str, secret: Secret, uuid: bytes) -> str:
        """The value to store. Raises `SecretLost` for one that was read and cannot be opened."""
        return self._columns[column].seal(secret.reveal(), uuid)

    def lock(self, column: str, value: str, uuid: bytes) -> Secret:
        """The secret behind a stored value, opened when it is needed; whether it opens is found out then."""
        try:
            return LockedSecret(*self._columns[column].pack(value, uuid))
        except Damaged as error:
            return lost(error)

    def lock_many(self, values: Sequence[str], uuids: Sequence[bytes]) -> Sequence[Secret]:
        """The passwords behind many stored values."""
        with suppress(Damaged):
            packed = self._columns["password"].pack_many(values, uuids)
            if packed is not None:
                return locked_many(*packed)
        return [self.lock("password", value, uuid) for value, uuid in zip(values, uuids, strict=True)]

    def moved(self, proxy_id: int, uuid: bytes, password: str | None, url: str | None) -> tuple[str | None, str | None]:
        """Both secrets of a row under the key that seals now. Raises `StoreLocked` with the id when one does not open."""
        try:
            return self._moved("password", password, uuid), self._moved("refresh_url", url, uuid)
        except Damaged as error:
            raise unopened(proxy_id, error) from None

    def _moved(self, name: str, value: str | None, uuid: bytes) -> str | None:
        column = self._columns[name]
        return None if value is None else column.seal(column.open(value, uuid), uuid)

    def read(self, row: Row) -> Proxy:
        """The proxy of a row with its id in front."""
        return from_row(row, self.lock)

    def written(self, proxy: Proxy, uuid: bytes) -> Row:
        """The row of a proxy. Raises `StoreLocked` with its id when a secret that it keeps cannot be opened any more."""
        try:
            return to_row(proxy, uuid, self.seal)
        except SecretLost as error:
            raise unopened(proxy.id, error) from None

    def written_many(self, proxies: Sequence[Proxy], uuids: Sequence[bytes]) -> list[Row]:
        """The rows of many, as `written`."""
        with suppress(SecretLost):
            return to_rows(proxies, uuids, self.seal)
        return [self.written(proxy, uuid) for proxy, uuid in zip(proxies, uuids, strict=True)]


def new_uuids(count: int) -> Iterator[bytes]:
    """What new rows are bound to; one call to the system for all of them."""
    raw = os.urandom(UUID_BYTES * count)
    return (raw[start : start + UUID_BYTES] for start in range(0, len(raw), UUID_BYTES))


def unopened(proxy_id: int, error: Damaged | SecretLost) -> StoreLocked:
    """A secret that does not open, with the proxy it belongs to."""
    return StoreLocked(f"proxy {proxy_id}: {error}, or remove the proxy")


def sealed_values(proxies: Sequence[Proxy]) -> int:
    """How many secrets a call may have to seal."""
    passwords = sum(proxy.password is not None for proxy in proxies)
    return passwords + sum(proxy.details is not None and proxy.details.refresh_url is not None for proxy in proxies)
