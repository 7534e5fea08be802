"""The lab's Google in a thread of its own, for programs and commands that run beside it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proxyfleet.lab.sheets import GoogleSheets, Limits, Spreadsheet

EMAIL = "fleet@lab.iam.gserviceaccount.com"
URL = "https://docs.google.com/spreadsheets/d/lab-sheet/edit#gid=0"


@contextmanager
def served(book: Spreadsheet, limits: Limits | None = None) -> Iterator[GoogleSheets]:
    """A Google that listens until the end of the block; it may be looked at and changed from outside its thread."""
    google = GoogleSheets(book, limits=limits or Limits(100_000, 100_000))
    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        google.start()
        started.set()
        await ended.wait()
        await google.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield google
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def key_file(google: GoogleSheets, directory: Path) -> Path:
    """The key of a service account there, for this user only."""
    path = directory / "key.json"
    path.write_text(json.dumps(google.key_file(EMAIL)))
    path.chmod(0o600)
    return path


def rows(book: Spreadsheet, *lines: tuple[object, ...]) -> None:
    """Put lines into the first tab as people type them."""
    for row, line in enumerate(lines):
        for column, value in enumerate(line):
            book.type(book.tab, row, column, value)
