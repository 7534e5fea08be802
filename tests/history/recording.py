"""What a process asked of a store and what it was answered, line by line in a file of its own, as it happens.

A line is written before a batch is sent and after it was answered, each by one `write` to a file opened with O_APPEND: what
was acknowledged is in the file before anybody acts on it, also when the process is killed in the next instant.

    ["I", batch, wall, orders]        is sent now; wall is this machine's clock, by which all stores here go too
    ["R", batch, wall, now, answers]  was answered; now is the store's clock when it decided
    ["F", batch]                      failed; it may have been decided all the same
    ["C", change, wall, proxy, capacity] and ["D", change, wall]: a capacity is changed, and has been
"""

import json
import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.lease import Lease
from proxyfleet.core.orders import (
    Answer,
    Claim,
    Decided,
    GiveBack,
    Granted,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Taken,
    as_list,
)
from proxyfleet.ports import ClaimNews, Claims, Standing


class History:
    """One file of one process."""

    def __init__(self, path: Path, clock: Clock = wall_clock) -> None:
        self._clock = clock
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._numbers = count(1)

    def write(self, *line: object) -> None:
        """One line, whole or not at all."""
        os.write(self._file, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    def begin(self, kind: str, *what: object) -> int:
        """Something is asked now; its number."""
        number = next(self._numbers)
        self.write(kind, number, self._clock(), *what)
        return number

    def end(self, kind: str, number: int, *what: object) -> None:
        """What became of it, known from now on."""
        self.write(kind, number, self._clock(), *what)


class RecordedClaims:
    """The claims port, with everything that goes through it written down."""

    def __init__(self, claims: Claims, history: History) -> None:
        self._claims = claims
        self._history = history

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """The batch is in the file before it is sent, its answers before they are returned."""
        number = self._history.begin("I", [order_line(order) for order in orders])
        try:
            decided = await self._claims.decide(orders, node)
        except BaseException:
            self._history.write("F", number)
            raise
        self._history.end("R", number, decided.now, [answer_line(answer) for answer in decided.answers])
        return decided

    async def standing(self) -> Standing:
        """As it is."""
        return await self._claims.standing()

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """As it is."""
        return await self._claims.claim_news(after, node)

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """As it is."""
        await self._claims.wait_for_news(timeout)


def order_line(order: Order) -> list[Any]:
    """An order, as far as the checker wants to know."""
    if isinstance(order, Claim):
        return ["claim", *order.holder, order.resource, order.key, order.wanted]
    if isinstance(order, Renew):
        return ["renew", *order.token, order.principal]
    if isinstance(order, Release):
        return ["release", *order.token, order.principal]
    if isinstance(order, Sweep):
        return ["sweep", *order]
    if isinstance(order, Reassign):
        return ["reassign", *order.token, *order.holder]
    pair = order.proxy_id, order.resource, order.session, *order.holder
    return ["give back", *pair, order.force] if isinstance(order, GiveBack) else ["take", *pair]


def answer_line(answer: Answer) -> list[Any]:
    """An answer; why candidates were not granted is left out."""
    if isinstance(answer, Granted):
        return ["granted", answer.repeated, rows(answer.leases)]
    if isinstance(answer, Renewed):
        return ["renewed", as_list(answer.lease)]
    if isinstance(answer, Swept):
        return ["swept", rows(answer.leases)]
    if isinstance(answer, Taken):
        return ["taken", as_list(answer.hold), None if answer.lease is None else as_list(answer.lease)]
    assert isinstance(answer, Refused)
    return ["refused", answer.code]


def rows(leases: Sequence[Lease]) -> list[list[Any]]:
    """Leases as lists."""
    return [as_list(lease) for lease in leases]
