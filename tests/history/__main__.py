"""Four processes hammer one fleet while one of them is killed every second; then their histories are checked.

`python -m tests.history --store redis --seconds 60` prints the verdict, and where the histories are if it is a bad one.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NamedTuple

import uvloop
from tests import postgres, redis_server
from tests.history.checking import Verdict, check
from tests.history.reading import lines_of, read
from tests.history.stores import fill, look
from tests.history.worker import MOST, Task, work

from proxyfleet.core.lease import Hold, Lease
from proxyfleet.core.orders import as_list, hold_of, lease_of
from proxyfleet.ports import Standing

STORES = ("sqlite", "postgres", "redis")
INEXACT = ("postgres",)
"""What decides the orders of one batch at several instants, when they have nothing to do with each other."""
REDIS = ("appendonly yes", "appendfsync always", 'save ""')
PROXIES = 40
SETTLE = 1.0
"""Seconds after the last kill until a server has noticed that its clients are gone."""


def in_child(name: str, job: Callable[[], Coroutine[Any, Any, object]], out: Path | None = None) -> int:
    """Run it in a process of its own, which is ready at once because everything is loaded here; its result goes to `out`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        result = uvloop.run(job())
        if out is not None:
            out.write_text(json.dumps(result))
        status = 0
    except BaseException as error:
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)  # nothing of what the parent would do at its end


def done(child: int) -> None:
    """Wait for a child that must end well."""
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit(f"a step of the run failed (status {status})")


class Run:
    """One store under load."""

    def __init__(self, options: argparse.Namespace, place: "Place", directory: Path) -> None:
        self._options = options
        self._place = (place.url, place.claims, directory)
        self._crash = place.crash
        self._directory = directory
        self._rng = Random(options.seed)
        self._children: dict[int, Task] = {}
        self.kills = self.crashes = 0

    def hammer(self) -> Verdict:
        """Fill, hammer, look, check."""
        filled = self._in_child("fill", self._fill)
        first = {proxy_id: most for proxy_id, most, _ in filled}
        exits = {proxy_id: exit_address for proxy_id, _, exit_address in filled if exit_address is not None}
        for worker in range(self._options.workers):
            self._start(worker, 0)
        self._kill_one_by_one()
        for child in list(self._children):
            self._kill(child)
        time.sleep(SETTLE)
        now, leases, holds, position = self._in_child("look", self._look)
        standing = Standing(now, [lease_of(row) for row in leases], [hold_of(row) for row in holds], position)
        histories = (lines_of(path) for path in sorted(self._directory.glob("history-*.jsonl")))
        return check(read(histories, exact=self._options.store not in INEXACT), standing, first, exits)

    def _in_child(self, name: str, job: Callable[[], Coroutine[Any, Any, object]]) -> Any:
        out = self._directory / name
        done(in_child(name, job, out))
        return json.loads(out.read_text())

    async def _fill(self) -> list[tuple[int, int, str | None]]:
        return await fill(*self._place, [self._rng.randint(1, MOST) for _ in range(PROXIES)], self._options.exits)

    async def _look(self) -> list[object]:
        now, leases, holds, position = await look(*self._place)
        rows: list[list[Lease | Hold]] = [[*leases], [*holds]]
        return [now, *([as_list(row) for row in kind] for kind in rows), position]

    def _start(self, worker: int, number: int) -> None:
        task = Task(*self._place, worker, number, self._options.workers, self._options.seed, self._options.exits > 0)
        child = in_child(f"worker {worker}", lambda: work(task))
        self._children[child] = task

    def _kill_one_by_one(self) -> None:
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < self._options.seconds:
            if self._options.operations and passed > self._options.least and self._written() > self._options.operations:
                break
            time.sleep(self._options.kill_every)
            child = self._rng.choice(list(self._children))
            task = self._children[child]
            self._kill(child)
            self.kills += 1
            if self._options.crash_every and self.kills % self._options.crash_every == 0 and self._crash is not None:
                self._crash()
                self.crashes += 1
            self._start(task.worker, task.number + 1)

    def _kill(self, child: int) -> None:
        """kill -9; one that has ended by itself is a failure of the run."""
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            raise SystemExit(f"worker {self._children[child].worker} ended by itself (status {status})")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        del self._children[child]

    def _written(self) -> int:
        """Roughly how many operations there were."""
        return sum(path.stat().st_size for path in self._directory.glob("history-*.jsonl")) // 250


class Place(NamedTuple):
    """Where a store is, and its claims when they are elsewhere; `crash` ends its server without warning, and starts it."""

    url: str
    claims: str = ""
    crash: Callable[[], object] | None = None


@contextmanager
def place(store: str, directory: Path) -> Iterator[Place]:
    """Servers of our own are gone afterwards."""
    url = f"sqlite:{directory}/fleet.db"
    if store == "sqlite":
        yield Place(url)
    elif store == "postgres":
        with postgres.server() as server:
            yield Place(postgres.fresh_url(server.url), "", lambda: (server.stop(signal.SIGQUIT), server.start()))
    else:
        (directory / "redis").mkdir()
        process = redis_server.RedisProcess(directory / "redis", *REDIS).start()
        try:
            yield Place(url, process.url, lambda: (process.kill(), process.start()))
        finally:
            process.kill()


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long at most")
    parser.add_argument("--operations", type=int, default=0, help="stop after about so many; 0: when time is up")
    parser.add_argument("--least", type=float, default=4.0, help="how long at least")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds")
    parser.add_argument("--crash-every", type=int, default=0, metavar="KILLS", help="crash the store's server, too")
    parser.add_argument("--exits", type=int, default=0, metavar="COUNT", help="so many exits are shared by all proxies")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    return parser.parse_args()


def main() -> int:
    """0 when nothing was violated."""
    options = arguments()
    directory = Path(tempfile.mkdtemp(prefix="history-"))
    begun = time.monotonic()
    print(f"{options.store}: {options.workers} processes, seed {options.seed}", flush=True)
    with place(options.store, directory) as found:
        run = Run(options, found, directory)
        verdict = run.hammer()
    print(
        f"{options.store}: {run.kills} kills, {run.crashes} crashes of the server in {time.monotonic() - begun:.0f} s; {verdict}",
        flush=True,
    )
    for finding in verdict.findings[:20]:
        print(f"  {finding}")
    if verdict.findings:
        print(f"  histories: {directory}, seed {options.seed}")
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
