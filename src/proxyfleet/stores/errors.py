"""What can go wrong with a store, each with its cause and remedy in one line; secrets never appear in it."""

from pathlib import Path

from proxyfleet.core.errors import FleetError


class StoreError(FleetError):
    """The store could not do what was asked; nothing of that call was stored."""

    code = "store_error"


class BadStoreUrl(StoreError):
    """A store URL that cannot be read; the message shows the forms that can."""

    code = "bad_store_url"


class StoreUnusable(StoreError):
    """The database must not be used as it is: foreign, newer, damaged, on a network file system, or an old SQLite."""

    code = "store_unusable"


class NoDatabase(StoreUnusable):
    """Nothing is stored there yet, and the call was not one that begins a fleet."""

    code = "no_database"

    def __init__(self, place: Path | str) -> None:
        super().__init__(f"there is no database at {place}; `proxyfleet import` makes one, or correct --store")


class StoreBusy(StoreError):
    """Another process holds the database; the call may be repeated."""

    code = "store_busy"


class StoreAway(StoreError):
    """The server cannot be reached, or went away meanwhile; the call may be repeated, the store comes back by itself.

    `lost` tells that only the answer is missing: what was asked may have been stored, and the next look shows it.
    """

    code = "store_away"

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


class StoreLocked(StoreError):
    """The key is missing, wrong, or a sealed value does not open."""

    code = "store_locked"


class StoreClosed(StoreError):
    """The store was closed before."""

    code = "store_closed"

    def __init__(self) -> None:
        super().__init__("this store is closed; open it again")
