"""PROMISES R2, R15: processes that import, edit, remove, rotate keys and migrate are killed often; nothing acknowledged is lost.

`PROXYFLEET_SOAK=1` kills 1,000 times on each store, a larger number that many times; migrations a fifth of that.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests import postgres
from tests.acceptance.crash_child import ROUNDS, next_steps

from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.stores.keykeeping import KeyKeeper
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.database import open_and_unlock
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.stores.sql.upgrading import look, upgrade
from proxyfleet.vault import KeySource, KeyState

CHILD = Path(__file__).with_name("crash_child.py")
SOAK = int(os.environ.get("PROXYFLEET_SOAK") or 0)
KILLS = 20 if not SOAK else 1_000 if SOAK == 1 else SOAK
MIGRATIONS = max(12, KILLS // 5)
ROWS = 4_000
SIZE = 40


class Ledger:
    """What was acknowledged, and what was only begun, for each batch."""

    def __init__(self) -> None:
        self.begun: set[str] = set()
        self.put: set[str] = set()
        self.edits: Counter[str] = Counter()
        self.dropping: set[str] = set()
        self.gone: set[str] = set()

    def hear(self, line: str) -> None:
        verb, *words = line.split()
        if verb == "edit":
            self.edits[words[0]] = int(words[1])
        elif verb in ("try", "put", "drop", "gone"):
            {"try": self.begun, "put": self.put, "drop": self.dropping, "gone": self.gone}[verb].add(words[0])

    def judge(self, batches: dict[str, list[tuple[str, str, str]]]) -> None:
        """`batches`: name to (host, notes, password) of what is stored."""
        assert set(batches) <= self.begun - self.gone
        assert self.put - self.dropping <= set(batches), "an acknowledged import is lost"
        for name, rows in batches.items():
            assert len(rows) == SIZE, f"batch {name} is half there"
            self._judge_edit(name, {notes for _, notes, _ in rows})
            for host, _, password in rows:
                assert password == f"canary-{name}-{host.split('.')[0][1:]}"

    def _judge_edit(self, name: str, notes: set[str]) -> None:
        assert len(notes) == 1, f"an edit of {name} is half there"
        revision = int(next(iter(notes)) or 0)
        assert self.edits[name] <= revision <= self.edits[name] + 1, "an acknowledged edit is lost"


def run_and_kill(wait: float, *arguments: object) -> tuple[list[str], bool]:
    """What the child said before it was killed `wait` seconds after its first word, and whether it was quicker."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stderr is not None
    first = child.stdout.readline()
    try:
        child.wait(timeout=wait)
    except subprocess.TimeoutExpired:
        child.kill()
    with child, child.stdout, child.stderr:
        said, errors = child.stdout.readlines(), child.stderr.read()
    assert first == "open\n", errors
    assert child.returncode in (-9, 0), errors
    return [line for line in said if line.endswith("\n")], child.returncode == 0


async def stored(url: str, key: Path) -> dict[str, list[tuple[str, str, str]]]:
    store = await open_store(url, keys=KeySource(file=key))
    batches: dict[str, list[tuple[str, str, str]]] = {}
    async for batch in store.proxies():
        for proxy in batch:
            assert proxy.password is not None
            notes = proxy.details.notes if proxy.details else ""
            batches.setdefault(str(proxy.labels.source), []).append((proxy.host, notes, proxy.password.reveal()))
    await store.close()
    return batches


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path, kind: str) -> None:
    data, key = tmp_path / "data", tmp_path / "keys" / "key"
    async with postgres.schema() if kind == "postgres" else nullcontext(f"sqlite:{data}/fleet.db") as url:
        await crash_again_and_again(url, key)
    assert b"canary" not in b"".join(file.read_bytes() for file in data.glob("*"))


async def crash_again_and_again(url: str, key: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng, ledger = random.Random(seed), Ledger()
    for run in range(KILLS):
        said, ended = run_and_kill(rng.uniform(0.0, 0.35), url, key, run)
        assert not ended
        for line in said:
            ledger.hear(line)
        if run % 5 == 4 or run == KILLS - 1:
            ledger.judge(await stored(url, key))
    assert len(ledger.put) > KILLS
    await finish_rotation(url, key)
    ledger.judge(await stored(url, key))


async def finish_rotation(url: str, key: Path) -> None:
    store = await open_store(url, keys=KeySource(file=key))
    assert isinstance(store, KeyKeeper)
    await store.rotate()
    states = Counter(key_status.state for key_status in await store.key_status())
    assert set(states) <= {KeyState.PRIMARY, KeyState.RETIRED}
    assert states[KeyState.PRIMARY] == 1
    await store.close()


async def test_a_migration_is_whole_or_has_not_happened(tmp_path: Path) -> None:
    """Each round migrates a fresh copy of an older database and is killed in the middle of it."""
    template, keys = tmp_path / "template.db", KeySource(default=tmp_path / "keys" / "key")
    store = await open_store(f"sqlite:{template}", keys=keys)
    rows = [Proxy(Scheme.HTTP, f"h{n}", 1 + n, "u", Secret(f"p{n}"), details=Details(notes="n")) for n in range(ROWS)]
    await store.put(rows)
    await store.close()
    whole = measured(template, tmp_path / "whole")
    seed = random.randrange(2**32)
    print(f"seed {seed}, a whole migration takes {whole:.2f} s")
    rng, outcomes = random.Random(seed), Counter[str]()
    for run in range(MIGRATIONS):
        path = copied(template, tmp_path / f"run{run}")
        said, _ = run_and_kill(rng.uniform(0.0, 1.1 * whole), path, "migrate")
        outcomes[check_migrated(path, acknowledged="upgraded\n" in said)] += 1
        await check_rows(path, keys)
        shutil.rmtree(path.parent)
    print(outcomes)
    assert outcomes["not yet"]


def copied(template: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(template, folder / "fleet.db"))


def measured(template: Path, folder: Path) -> float:
    path = copied(template, folder)
    began = time.monotonic()
    upgrade(path, next_steps())
    return time.monotonic() - began


def check_migrated(path: Path, *, acknowledged: bool) -> str:
    """The killed process left the old schema or the new one, and a backup that is complete if it is there."""
    old, new = len(next_steps()) - 1, len(next_steps())
    left = look(path, next_steps())
    assert left.integrity == "ok"
    assert left.rows["proxies"] == ROWS
    assert left.schema in ((new,) if acknowledged else (old, new)), "an acknowledged upgrade is lost"
    backup = path.with_name(f"fleet.db.before-{new}.bak")
    assert backup.exists() or left.schema == old
    if backup.exists():
        assert look(backup, next_steps())[1:4] == (old, new, {"proxies": ROWS, "users": 0})
    return "done" if left.schema == new else "not yet"


async def check_rows(path: Path, keys: KeySource) -> None:
    """What was cut short goes on when the database is opened; afterwards every row is there, each changed as a whole."""
    store = SqliteStore(open_and_unlock(path, keys, lambda: 0.0, next_steps()))
    found = [proxy async for batch in store.proxies() for proxy in batch]
    assert [proxy.password for proxy in found] == [Secret(f"p{n}") for n in range(ROWS)]
    assert {proxy.details and proxy.details.notes for proxy in found} == {"n" + ROUNDS * "+"}
    doubled = await store.database.read(
        lambda c: c.execute("SELECT count(*) FROM proxies WHERE doubled = port * 2").get
    )
    assert doubled == ROWS
    await store.close()


@pytest.mark.parametrize("work", ["rotate", "change_master", "put", "migrate"])
def test_killed_at_any_statement_nothing_is_lost(tmp_path: Path, work: str) -> None:
    """R15: not at some statement, at each of them."""
    command = [sys.executable, str(CHILD.with_name("statement_child.py")), str(tmp_path), work]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
