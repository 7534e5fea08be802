"""Sources between records and rows: addresses sealed, ledgers complete."""

from dataclasses import fields

import pytest

from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.source_rows import KEPT, WRITTEN, SourceSealing, ledger_row
from proxyfleet.vault import Keyring, KeyState, MasterKey, new_key

UUID = bytes(range(16))
OWN = Source("mine", "own", (Feed("http://canary/", "socks5", "http://canary-2/", 5, True),), "csv", False, 60.0, False)


def ring() -> Keyring:
    made = Keyring(MasterKey(bytes(32), "test"))
    row = new_key(made.master, KeyState.PRIMARY, 0.0)
    made.load([row])
    made.primary = row.kid
    return made


def test_a_definition_there_and_back() -> None:
    sealing = SourceSealing(ring())
    definition, feeds = sealing.definition(OWN, UUID)
    assert "canary" not in definition + feeds
    row = ("mine", UUID, definition, feeds, 1, None, *(getattr(Ledger(), name) for name in KEPT), None)
    assert sealing.entry(row) == SourceEntry("mine", OWN, True)
    moved = sealing.moved(feeds, UUID)
    assert moved != feeds
    assert sealing.entry((*row[:3], moved, *row[4:])).own == OWN


def test_addresses_do_not_open_in_another_row() -> None:
    sealing = SourceSealing(ring())
    row = ("mine", bytes(16), *sealing.definition(OWN, UUID), None, None, *(0 for _ in KEPT), None)
    with pytest.raises(StoreLocked, match="source mine"):
        sealing.entry(row)


def test_a_ledger_is_written_whole_but_for_what_the_store_counts() -> None:
    told = Ledger(1, 2, 3, 4, 5, 6, 7, 8.0, 9.0, "e", 10.0, {"f": ("t", None)})
    assert ledger_row(told) == (1, 2, 3, 4, 6, 7, 8.0, 9.0, "e", 10.0, '{"f": ["t", null]}')
    assert {*WRITTEN, "alive", "validators"} == {field.name for field in fields(Ledger)}
