"""Works on a database until it is killed; prints one line per acknowledged step.

`crash_child.py URL KEYFILE SEED` imports, edits, removes and rotates; `crash_child.py DATABASE migrate` upgrades it.
"""

import asyncio
import random
import sys
from dataclasses import replace
from pathlib import Path

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret
from proxyfleet.ports import Store
from proxyfleet.stores.keykeeping import KeyKeeper
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.migrating import Step, steps_in
from proxyfleet.stores.sql.upgrading import upgrade
from proxyfleet.vault import KeySource

SIZE = 40
ROUNDS = 40
"""How often the migration below rewrites every row, so that there is time to be killed in the middle of it."""


def next_steps() -> list[Step]:
    """The real migrations and one more, which adds a column, fills it and rewrites all notes."""
    known = steps_in()
    rewrite = "UPDATE proxies SET notes = notes || '+', doubled = port * 2;"
    sql = "ALTER TABLE proxies ADD COLUMN doubled INTEGER NOT NULL DEFAULT 0;" + rewrite * ROUNDS
    return [*known, Step(known[-1].version + 1, sql)]


def say(*words: object) -> None:
    print(*words, flush=True)


async def imports(store: Store, run: int) -> None:
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


async def rotations(store: KeyKeeper) -> None:
    for _ in range(10_000):
        await store.rotate()
        say("rotated")


async def main(url: str, key: str, run: int) -> None:
    store = await open_store(url, keys=KeySource(file=Path(key)))
    assert isinstance(store, KeyKeeper)
    say("open")
    work = [imports(store, run)]
    if random.Random(run).random() < 0.6:
        work.append(rotations(store))
    await asyncio.gather(*work)


def migrate(path: str) -> None:
    say("open")
    upgrade(Path(path), next_steps())
    say("upgraded")


if __name__ == "__main__":
    if sys.argv[2] == "migrate":
        migrate(sys.argv[1])
    else:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
