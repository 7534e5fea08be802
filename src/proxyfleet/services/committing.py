"""Group commit (DESIGN section 3, SPEC E9): one batch of orders is in flight, what arrives meanwhile forms the next.

One mechanism above every store. It knows neither fleets nor proposals: whoever gives it a store also gives it the
function that applies an answer to memory before anybody is told.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Hold, Lease, Token
from proxyfleet.core.orders import Answer, Decided, Granted, Order, Release, Renewed, Swept, Taken
from proxyfleet.ports import Claims
from proxyfleet.tasks import Tasks

log = logging.getLogger("proxyfleet.leasing")

MOST = 512
"""Orders of one batch."""


class Settled(NamedTuple):
    """An answer in the node's clock. `now` is the store's instant of it, `sent` when it was asked by the node's timer."""

    answer: Answer
    now: float
    sent: float


Apply: TypeAlias = Callable[[Sequence[tuple[Order, Answer | None]], Sequence[Hold], float], None]
"""Brings memory in step with a batch and the pairs it has changed, in the node's clock; None stands for a lost answer."""
Pending: TypeAlias = "tuple[Order, asyncio.Future[Settled]]"


class Committer:
    """`ask` waits for the commit. `gather` seconds pass before a batch is cut; only sheets need that."""

    def __init__(
        self, claims: Claims, node: str, clock: Clock, timer: Clock, apply: Apply, gather: float = 0.0
    ) -> None:
        self._claims = claims
        self._node = node
        self._clock = clock
        self._timer = timer
        self._apply = apply
        self._gather = gather
        self._tasks = Tasks()
        self._waiting: list[Pending] = []
        self._worker: asyncio.Task[object] | None = None
        self._busy = False
        self.batches = 0
        self.orders = 0
        self.lost = False
        """Whether a batch failed, so that what it did is not known; set to False by whoever has read all again."""

    async def ask(self, order: Order) -> Settled:
        """The order's answer once it is durable. Raises the store's errors. Who is cancelled has its leases given back."""
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._put(order, future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                answer = future.result().answer
                if isinstance(answer, Granted) and not answer.repeated:
                    self.give_back(answer.leases)
            raise

    def _put(self, order: Order, future: "asyncio.Future[Settled]") -> None:
        self._waiting.append((order, future))
        if not self._busy:
            self._busy = True
            self._worker = self._tasks.spawn(self._work(), name="claims")

    async def _work(self) -> None:
        try:
            while self._waiting:
                if self._gather:
                    await asyncio.sleep(self._gather)
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit(batch)
        finally:
            self._busy = False

    async def _commit(self, batch: list[Pending]) -> None:
        sent, begun = self._timer(), self._clock()
        try:
            decided = await self._claims.decide([order for order, _ in batch], self._node)
        except FleetError as error:
            self._fail(batch, error)
            return
        except BaseException:
            self._fail(batch, asyncio.CancelledError())
            raise
        self.batches += 1
        self.orders += len(batch)
        shift = offset(decided, begun, self._clock())
        now = decided.now + shift
        answers = [shifted(answer, shift) for answer in decided.answers] if shift else decided.answers
        holds = [moved_hold(hold, shift) for hold in decided.holds] if shift else decided.holds
        self._apply([(order, answer) for (order, _), answer in zip(batch, answers, strict=True)], holds, now)
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(Settled(answer, now, sent))
            elif isinstance(answer, Granted) and not answer.repeated:
                self.give_back(answer.leases)

    def give_back(self, leases: Iterable[Lease]) -> None:
        """Release what nobody wants any more, with the next batch; nobody waits for that."""
        for lease in leases:
            order = Release(Token(lease.pool, lease.slot, lease.fence), None)
            nobody: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
            nobody.cancel()  # so that an error which nobody waits for is not reported as forgotten
            self._put(order, nobody)

    def _fail(self, batch: list[Pending], error: BaseException) -> None:
        self.lost = True
        self._apply([(order, None) for order, _ in batch], (), self._clock())
        for _, future in batch:
            if not future.done():
                future.set_exception(error) if isinstance(error, Exception) else future.cancel()

    async def idle(self) -> None:
        """Until what is in flight and what waits has been committed."""
        if self._worker is not None:
            await asyncio.wait([self._worker])


def offset(decided: Decided, begun: float, ended: float) -> float:
    """What to add to the store's instants; 0 where its clock agrees with ours. Rather too late than too early."""
    return 0.0 if begun <= decided.now <= ended else ended - decided.now


def shifted(answer: Answer, shift: float) -> Answer:
    """The answer with its instants moved into the node's clock."""
    if isinstance(answer, Granted):
        moved = tuple(
            obstacle._replace(until=_moved(obstacle.until, shift), leases=_all(obstacle.leases, shift))
            for obstacle in answer.obstacles
        )
        return Granted(_all(answer.leases, shift), moved, answer.repeated)
    if isinstance(answer, Renewed):
        return Renewed(moved_lease(answer.lease, shift))
    if isinstance(answer, Swept):
        return Swept(_all(answer.leases, shift))
    if isinstance(answer, Taken):
        return Taken(moved_hold(answer.hold, shift), None if answer.lease is None else moved_lease(answer.lease, shift))
    return answer._replace(until=_moved(answer.until, shift))


def moved_lease(lease: Lease, shift: float) -> Lease:
    """The lease in another clock; an ended one stays ended."""
    return lease._replace(granted=lease.granted + shift, expires=_moved(lease.expires, shift))


def moved_hold(hold: Hold, shift: float) -> Hold:
    """The hold in another clock."""
    return hold._replace(since=hold.since + shift, until=_moved(hold.until, shift))


def _all(leases: tuple[Lease, ...], shift: float) -> tuple[Lease, ...]:
    return tuple(moved_lease(lease, shift) for lease in leases)


def _moved(instant: float, shift: float) -> float:
    return instant + shift if instant else instant
