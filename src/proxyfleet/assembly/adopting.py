"""Takes a founding system's database over into an open store: rows in, the report of an import out."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Inventory
from proxyfleet.services.importing import BATCH, ImportReport
from proxyfleet.stores.sql.adopt import Taken, founding_rows
from proxyfleet.wire.text.entry import Verdict

Identity = tuple[str, str, int, str | None]
DUPLICATE: Final = "duplicate"


async def adopt(
    inventory: Inventory,
    path: Path,
    fernet_key: str | None,
    *,
    dry_run: bool = False,
    tell: Callable[[int], None] | None = None,
) -> ImportReport:
    """Every row has one verdict; `line` is its rowid, `source` its table. Each batch is stored whole or not at all.

    Raises `StoreUnusable`, `StoreLocked` and other kinds of `StoreError` before anything is stored.
    """
    rows = await asyncio.to_thread(founding_rows, path, fernet_key)
    report, seen = ImportReport(), set[Identity]()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        fresh = [(row, row.proxy) for row in batch if _fresh(row, seen, report) and row.proxy is not None]
        await _store(inventory, fresh, report, dry_run=dry_run)
        report.read += len(batch)
        if tell is not None:
            tell(report.read)
    return report


def _fresh(row: Taken, seen: set[Identity], report: ImportReport) -> bool:
    """Whether it is to be stored; else it is counted here."""
    if row.proxy is None:
        report.reject(row.table, Verdict(row.row, None, row.code, excerpt=row.text), row.code)
        return False
    if row.proxy.identity in seen:
        report.settle(row.table, Verdict(row.row, None), DUPLICATE)
        return False
    seen.add(row.proxy.identity)
    return True


async def _store(
    inventory: Inventory, fresh: list[tuple[Taken, Proxy]], report: ImportReport, *, dry_run: bool
) -> None:
    stored = await inventory.put([proxy for _, proxy in fresh], dry_run=dry_run)
    for (row, _), answer in zip(fresh, stored, strict=True):
        report.settle(row.table, Verdict(row.row, None), answer.verdict)
