"""PROMISES R2, R15: a process that imports, edits, removes and rotates keys is killed often; nothing acknowledged is lost."""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql.rotation import rotate, status
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource, KeyState

CHILD = Path(__file__).with_name("crash_child.py")
KILLS = 1_000 if os.environ.get("PROXYFLEET_SOAK") else 25
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


def run_and_kill(path: Path, key: Path, run: int, wait: float) -> list[str]:
    """What the child said before it was killed `wait` seconds after its first word."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(path), str(key), str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
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
    assert child.returncode == -9, errors
    return [line for line in said if line.endswith("\n")]


async def stored(path: Path, key: Path) -> dict[str, list[tuple[str, str, str]]]:
    store = await open_store(f"sqlite:{path}", keys=KeySource(file=key))
    batches: dict[str, list[tuple[str, str, str]]] = {}
    async for batch in store.proxies():
        for proxy in batch:
            assert proxy.password is not None
            notes = proxy.details.notes if proxy.details else ""
            batches.setdefault(str(proxy.labels.source), []).append((proxy.host, notes, proxy.password.reveal()))
    await store.close()
    return batches


async def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    path, key = tmp_path / "data" / "fleet.db", tmp_path / "keys" / "key"
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng, ledger = random.Random(seed), Ledger()
    for run in range(KILLS):
        for line in run_and_kill(path, key, run, rng.uniform(0.0, 0.35)):
            ledger.hear(line)
        if run % 5 == 4 or run == KILLS - 1:
            ledger.judge(await stored(path, key))
    assert len(ledger.put) > KILLS
    await finish_rotation(path, key)
    ledger.judge(await stored(path, key))
    assert b"canary" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


async def finish_rotation(path: Path, key: Path) -> None:
    store = await open_store(f"sqlite:{path}", keys=KeySource(file=key))
    assert isinstance(store, SqliteStore)
    await rotate(store.database)
    states = Counter(key_status.state for key_status in await status(store.database))
    assert set(states) <= {KeyState.PRIMARY, KeyState.RETIRED}
    assert states[KeyState.PRIMARY] == 1
    await store.close()
