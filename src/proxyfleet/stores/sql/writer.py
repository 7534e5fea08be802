"""The one thread of a process that writes: gathers what arrives while a commit is in flight into the next (group commit).

What is answered has been committed and synced. Knows no tables; a job is a function of a connection.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Generic, TypeVar

from apsw import Connection

from proxyfleet.stores.errors import StoreClosed, StoreError
from proxyfleet.stores.sql.transaction import transaction
from proxyfleet.stores.sql.trouble import explained

T = TypeVar("T")
MOST = 512
"""Jobs of one commit."""


class Order(Generic[T]):
    """One job on its way. As a context it keeps what the job raises, because that is for its caller and nobody else."""

    __slots__ = ("error", "future", "job", "result")

    def __init__(self, job: Callable[[Connection], T], future: "asyncio.Future[T]") -> None:
        self.job = job
        self.future = future
        self.result: T | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        self.error = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return isinstance(error, Exception)


AnyOrder = Order[Any]
"""Any: jobs of one commit have results of many types."""


class Writer:
    """Runs jobs on `connection`, which is its own from now on."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._orders: SimpleQueue[AnyOrder | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._work, name="proxyfleet-writer", daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[Connection], T]) -> T:
        """Have `job` run inside a transaction; returns its result once that is on disk, or raises what it raised.

        A job that fails leaves nothing behind and does not disturb the others of its commit.
        """
        if self._closed:
            raise StoreClosed
        order: Order[T] = Order(job, asyncio.get_running_loop().create_future())
        self._orders.put(order)
        return await order.future

    def end(self) -> None:
        """Take no more jobs; those given before are still finished."""
        self._closed = True
        self._orders.put(None)

    def join(self) -> None:
        """Wait until the thread has ended. Blocking; the connection stays open."""
        self._thread.join()

    def _work(self) -> None:
        while (first := self._orders.get()) is not None:
            batch = [first]
            last = self._gather(batch)
            self._commit(batch)
            answer(batch)
            if last:
                return

    def _gather(self, batch: list[AnyOrder]) -> bool:
        """Add what waits; True when the end was among it."""
        while len(batch) < MOST:
            try:
                order = self._orders.get_nowait()
            except Empty:
                return False
            if order is None:
                return True
            batch.append(order)
        return False

    def _commit(self, batch: list[AnyOrder]) -> None:
        try:
            with explained(self._path), transaction(self._connection):
                if len(batch) == 1:
                    self._alone(batch[0])
                else:
                    for order in batch:
                        self._perform(order)
        except StoreError as error:
            for order in batch:
                order.error = order.error or error

    def _alone(self, order: AnyOrder) -> None:
        """Nobody else's work has to be kept apart: what fails takes the transaction with it."""
        with order, explained(self._path):
            order.result = order.job(self._connection)
        if order.error is not None:
            raise StoreError("nothing of it is kept")

    def _perform(self, order: AnyOrder) -> None:
        connection = self._connection
        connection.execute("SAVEPOINT job")
        with order, explained(self._path):
            order.result = order.job(connection)
        if not connection.in_transaction:  # SQLite gave up the whole transaction, for instance on a full disk
            raise order.error if isinstance(order.error, StoreError) else StoreError(f"{self._path} gave up; try again")
        if order.error is not None:
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")


def answer(batch: list[AnyOrder]) -> None:
    """Wake the callers, one hop for each event loop."""
    loops = {order.future.get_loop() for order in batch}
    for loop in loops:
        mine = [order for order in batch if order.future.get_loop() is loop]
        with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(settle, mine)


def settle(batch: list[AnyOrder]) -> None:
    """Give each caller who still waits its result or its error."""
    for order in batch:
        if order.future.done():
            continue
        if order.error is not None:
            order.future.set_exception(order.error)
        else:
            order.future.set_result(order.result)
