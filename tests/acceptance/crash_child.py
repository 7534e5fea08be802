"""Works on a database until it is killed: `crash_child.py DATABASE KEYFILE SEED`. Prints one line per acknowledged step."""

import asyncio
import random
import sys
from dataclasses import replace
from pathlib import Path

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.rotation import rotate
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource

SIZE = 40


def say(*words: object) -> None:
    print(*words, flush=True)


async def imports(store: SqliteStore, run: int) -> None:
    """Import batches, then edit and remove them: `put`, `edit` and `gone` are said after each was acknowledged."""
    for batch in range(10_000):
        name = f"{run}-{batch}"
        say("try", name)
        proxies = [
            Proxy(
                Scheme.HTTP,
                f"h{n}.b{name}.example",
                8080,
                "u",
                Secret(f"canary-{name}-{n}"),
                labels=Labels(source=name),
            )
            for n in range(SIZE)
        ]
        stored = [answer.proxy for answer in await store.put(proxies)]
        say("put", name)
        for revision in range(1, 4):
            await store.change([replace(proxy, details=Details(notes=str(revision))) for proxy in stored])
            say("edit", name, revision)
        if batch % 3 == 2:
            say("drop", name)
            await store.remove([proxy.id for proxy in stored])
            say("gone", name)


async def rotations(store: SqliteStore) -> None:
    for _ in range(10_000):
        await rotate(store.database)
        say("rotated")


async def main(path: str, key: str, run: int) -> None:
    store = await open_store(f"sqlite:{path}", keys=KeySource(file=Path(key)))
    assert isinstance(store, SqliteStore)
    say("open")
    work = [imports(store, run)]
    if random.Random(run).random() < 0.6:
        work.append(rotations(store))
    await asyncio.gather(*work)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
