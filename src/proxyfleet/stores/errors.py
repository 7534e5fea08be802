"""What can go wrong with a store, each with its cause and remedy in one line; secrets never appear in it."""

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


class StoreBusy(StoreError):
    """Another process holds the database; the call may be repeated."""

    code = "store_busy"


class StoreLocked(StoreError):
    """The key is missing, wrong, or a sealed value does not open."""

    code = "store_locked"


class StoreClosed(StoreError):
    """The store was closed before."""

    code = "store_closed"

    def __init__(self) -> None:
        super().__init__("this store is closed; open it again")
