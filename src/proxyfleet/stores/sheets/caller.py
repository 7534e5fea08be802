"""Calls Google inside the pace and through the circuit, repeats reads with backoff, and says in one line what went wrong.

A write is never repeated here: rows may have moved, or it may have been carried out. Whoever wrote reads again first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from proxyfleet.clock import Clock, monotonic_clock

from .calls import Answer, Call, Json, Lost, Send
from .circuit import Circuit
from .errors import NoSheetAccess, SheetNotFound, SheetRefused, SheetUnavailable
from .pace import Pace

LONGEST_BACKOFF: Final = 64.0
"""As Google advises: min(2^n + jitter, 64) seconds."""
TROUBLED: Final = frozenset({408, 429, 500, 502, 503, 504})
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for one answer, and for a read with all its repeats."""

    answer: float = 60.0
    whole: float = 120.0


class Caller:
    """`account` tells whom people have to share the spreadsheet with; it stands in messages."""

    def __init__(
        self,
        send: Send,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
        rng: Random,
        clock: Clock = monotonic_clock,
        sleep: Sleep = asyncio.sleep,
        account: Callable[[], str] = str,
    ) -> None:
        self._send, self._pace, self._patience = send, pace or Pace(), patience or Patience()
        self._rng, self._clock, self._sleep = rng, clock, sleep
        self._account = account
        self.circuit = Circuit(rng)
        self.calls = {"read": 0, "write": 0}
        """How many were sent."""

    async def call(self, call: Call) -> Json:
        """The answer's JSON. Raises `SheetUnavailable` and other kinds of `SheetError`."""
        deadline = self._clock() + self._patience.whole
        pause = 1.0
        while True:
            self._check(call, deadline)
            try:
                return await self._once(call)
            except SheetUnavailable:
                wait = pause + self._rng.random()
                if call.kind == "write" or self._clock() + wait > deadline or self.circuit.opens_at:
                    raise
                await self._sleep(wait)
                pause = min(pause * 2, LONGEST_BACKOFF)

    async def _once(self, call: Call) -> Json:
        await self._sleep(self._pace.reserve(call.kind, self._clock()))
        self.calls[call.kind] += 1
        try:
            answer = await asyncio.wait_for(self._send(call), self._patience.answer)
        except (Lost, TimeoutError) as error:
            self.circuit.failed(self._clock())
            sent = error.sent if isinstance(error, Lost) else True
            cause = str(error) or f"no answer within {self._patience.answer:g} s"
            raise SheetUnavailable(
                f"{call.what}: Google cannot be reached ({cause}); check the network, it is tried again by itself",
                sent=sent,
            ) from None
        return self._judged(call, answer)

    def _check(self, call: Call, deadline: float) -> None:
        """Raises `SheetUnavailable` where it is no use to wait."""
        now = self._clock()
        if now + self._pace.foresee(call.kind, now) > deadline:
            raise SheetUnavailable(f"{call.what}: too many calls wait for Google's quota; try again in a minute")
        if not self.circuit.admits(now):
            away = 0.0 if self.circuit.since is None else now - self.circuit.since
            wait = max(self.circuit.opens_at - now, 0.0)
            raise SheetUnavailable(
                f"{call.what}: Google has not answered for {away:.0f} s; it is asked again in {wait:.0f} s"
            )

    def _judged(self, call: Call, answer: Answer) -> Json:
        status, told = answer
        if status == 429:
            self._pace.hold(self._clock() + 5.0 + 5.0 * self._rng.random())
            self.circuit.succeeded()
            raise SheetUnavailable(
                f"{call.what}: Google's quota is used up, by this or another program; it waits", sent=False
            )
        if status in TROUBLED or (told is None and status < 400):
            self.circuit.failed(self._clock())
            raise SheetUnavailable(
                f"{call.what}: Google is in trouble (HTTP {status}); it is tried again by itself", sent=True
            )
        self.circuit.succeeded()
        if status < 300 and told is not None:
            return told
        raise self._refusal(call, status, told)

    def _refusal(self, call: Call, status: int, told: Json | None) -> Exception:
        error = (told or {}).get("error")
        said = str(error.get("message", "")) if isinstance(error, dict) else ""
        account = self._account()
        whom = f" with {account}" if account else ""
        if status == 404:
            return SheetNotFound(f"{call.what}: there is no such spreadsheet; correct its URL, or share it{whom}")
        if status in (401, 403):
            if "SERVICE_DISABLED" in str(error) or "has not been used" in said:
                return NoSheetAccess(
                    f"{call.what}: the Google Sheets API is switched off in the project of the key; "
                    "enable it in the Google Cloud console"
                )
            return NoSheetAccess(f"{call.what}: no permission; share the spreadsheet{whom} as an editor")
        protected = "protected" in said
        return SheetRefused(f"{call.what}: Google refuses it ({said[:200] or f'HTTP {status}'})", protected=protected)
