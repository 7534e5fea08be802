"""What SQLite says, in words that help."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreBusy, StoreError, StoreLocked, StoreUnusable
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.vault import Damaged

PATH = Path("/x/fleet.db")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (apsw.BusyError("locked"), StoreBusy, "another process"),
        (apsw.ReadOnlyError("ro"), StoreUnusable, "write access"),
        (apsw.CantOpenError("no"), StoreUnusable, "directory exists"),
        (apsw.FullError("full"), StoreError, "free some space"),
        (apsw.CorruptError("bad"), StoreUnusable, "restore a backup"),
        (apsw.NotADBError("bad"), StoreUnusable, "not a SQLite database"),
        (apsw.IOError("io"), StoreError, "over its quota"),
        (apsw.MismatchError("odd"), StoreError, "MismatchError: odd"),
    ],
)
def test_each_trouble_has_one_line_with_a_remedy(error: apsw.Error, kind: type[StoreError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught, explained(PATH):
        raise error
    assert str(caught.value).startswith("/x/fleet.db ")
    assert "\n" not in str(caught.value)


def test_the_vault_speaks_for_itself_and_other_errors_pass() -> None:
    with pytest.raises(StoreLocked, match=r"^a value is damaged$"), explained(PATH):
        raise Damaged("a value is damaged")
    with pytest.raises(KeyError), explained(PATH):
        raise KeyError


def test_a_log_that_finds_no_room_for_its_index_is_a_full_disk() -> None:
    error = apsw.IOError("io")
    error.extendedresult = apsw.SQLITE_IOERR_SHMSIZE
    with pytest.raises(StoreError, match="the disk is full"), explained(PATH):
        raise error
