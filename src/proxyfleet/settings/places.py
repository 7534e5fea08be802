"""Where things lie for this user: the data and configuration folders, and the file that a store URL names. Makes nothing."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from proxyfleet.stores.errors import BadStoreUrl
from proxyfleet.stores.postgres.address import address_of, is_postgres
from proxyfleet.stores.redis.address import is_redis, redis_address

MEMORY: Final = ("memory:", "memory://")
SQLITE: Final = "sqlite:///"
STORE: Final = "store"
"""The claims are where the inventory is."""


def home(environment: Mapping[str, str]) -> Path:
    """The home folder, also where `HOME` is not set."""
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()


def data_folder(environment: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/proxyfleet`, or `~/.local/share/proxyfleet`; relative paths are ignored, as XDG demands."""
    wanted = environment.get("XDG_DATA_HOME", "")
    return (Path(wanted) if wanted.startswith("/") else home(environment) / ".local" / "share") / "proxyfleet"


def configuration_folder(environment: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/proxyfleet`, or `~/.config/proxyfleet`."""
    wanted = environment.get("XDG_CONFIG_HOME", "")
    return (Path(wanted) if wanted.startswith("/") else home(environment) / ".config") / "proxyfleet"


def store_problem(url: str) -> str | None:
    """What is wrong with a store URL; None when there is a store behind it."""
    if url in MEMORY or (url.startswith(SQLITE) and len(url) > len(SQLITE)):
        return None
    if not is_postgres(url):
        return f"no store is behind {masked_url(url)!r}; use sqlite:///FILE, postgresql://USER@HOST/DATABASE or memory:"
    try:
        address_of(url)
    except BadStoreUrl as error:
        return str(error)
    return None


def claims_problem(claims: str) -> str | None:
    """What is wrong with a place for claims; None when it is `store` or the URL of a Redis."""
    if claims == STORE:
        return None
    if not is_redis(claims):
        return f"no claims can be kept in {masked_url(claims)!r}; use store, redis://HOST:6379/0, rediss:// or unix://"
    try:
        redis_address(claims)
    except BadStoreUrl as error:
        return str(error)
    return None


def sqlite_file(url: str) -> Path | None:
    """The database file: `sqlite:///fleet.db` lies in the working folder, `sqlite:////srv/fleet.db` has four slashes.

    None for a store that is no file.
    """
    return None if url in MEMORY or is_postgres(url) else Path(url.removeprefix(SQLITE)).expanduser().absolute()


def node_name(url: str) -> str:
    """What the files of a node on a store without a file are called: the same for every spelling of the password."""
    if not is_postgres(url):
        return "memory"
    return f"postgresql-{hashlib.blake2b(address_of(url).shown.encode(), digest_size=6).hexdigest()}"


def masked_url(url: str) -> str:
    """A URL without what stands before an `@`, or in a query."""
    if is_postgres(url):
        try:
            return address_of(url).shown
        except BadStoreUrl:
            return "postgresql://***"
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url
