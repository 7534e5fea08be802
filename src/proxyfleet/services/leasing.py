"""Hands proxies out (SPEC E1 to E3): picks from memory, lets the store decide, applies what it decided, in that order.

One per node. Traffic never waits for a store here: only claims that outlive a request come this way. Who stands in line
is `waiting`, what shares a commit is `committing`, what other nodes do arrives through `following`.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from proxyfleet.clock import Clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Hold, Holder, Lease, Token
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.orders import (
    LONGEST,
    SHORTEST,
    Answer,
    Candidate,
    Claim,
    Granted,
    Obstacle,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Taken,
)
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.ports import Claims
from proxyfleet.services.committing import Committer, Settled
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.services.waiting import WaitingLine

LEASE_TTL: Final = 60.0
RESERVATION_TTL: Final = 300.0
MOST_COUNT: Final = 10_000
RECORD_GATHERS: Final = 0.05
"""Seconds for which callers are gathered before a sheet is read for all of them."""
ROUNDS: Final = 8
"""How often refused candidates are replaced by others before the shortage is told."""
CONTENDED: Final = 5.0
"""Seconds for which claims carry spare candidates after another node was quicker once."""
SPARES: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks for. `resource` makes reservations; `proxies` names the very ones, whatever their health.

    Several leases are spread evenly, at most `each` on one proxy; reservations are always of different ones.
    """

    holder: Holder
    selector: Selector = ANY
    count: int = 1
    ttl: float = LEASE_TTL
    wait: float = 0.0
    key: str | None = None
    all_or_nothing: bool = False
    resource: str | None = None
    strategy: str | None = None
    target: str | None = None
    proxies: tuple[int, ...] = ()
    each: int | None = None


class Handout(NamedTuple):
    """A lease and until when its holder may rely on it: timer seconds, a little before the store lets it go (rule 2)."""

    lease: Lease
    deadline: float


class Grant(NamedTuple):
    """What there was; `missing` many could not be had, because of `refusal`."""

    handouts: tuple[Handout, ...]
    missing: int
    refusal: ClaimRefused | None


class Attempt(NamedTuple):
    """What one round proposes, and with whom it does not try again."""

    wanted: Wanted
    most: int
    exclude: Collection[int]


class Leasing:
    """`node` names this node to the store, `clock` is UTC seconds, `timer` never goes back. Call `tick` a few times a second.

    Every method that asks the store may raise the store's errors; `ClaimRefused` says why something was not granted.
    """

    def __init__(
        self,
        fleet: FleetState,
        claims: Claims,
        *,
        node: str,
        clock: Clock,
        timer: Clock,
        recorded: Claims | None = None,
    ) -> None:
        self.fleet = fleet
        self.table = LeaseTable(fleet)
        self.committer = Committer(claims, node, clock, timer, self._apply)
        self.recorder = (
            self.committer if recorded is None else Committer(recorded, node, clock, timer, self._apply, RECORD_GATHERS)
        )
        """Where assignments are decided: `recorded` writes them into a sheet too, which is slow and must not hold up leases."""
        self._clock = clock
        self._timer = timer
        self._line: WaitingLine[Attempt, list[Candidate]] = WaitingLine(self._propose, self._withdraw)
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._contended = -CONTENDED

    # leases -------------------------------------------------------------------------------------------------------

    async def acquire(self, wanted: Wanted) -> Grant:
        """Up to `count` leases. Raises `ClaimRefused` for an impossible request; a shortage is told in the grant."""
        _check(wanted)
        got: list[Handout] = []
        try:
            return await self._acquire(wanted, got)
        except BaseException:
            self.committer.give_back(handout.lease for handout in got)
            raise

    async def _acquire(self, wanted: Wanted, got: list[Handout]) -> Grant:
        """Round by round until there is enough or nothing more; `got` is what there is so far."""
        end, rounds = self._timer() + wanted.wait, 0
        refused, passed = set(wanted.selector.exclude), set[int]()
        why = Refused("none_eligible")
        while True:
            attempt = Attempt(wanted, wanted.count - len(got), refused | passed)
            candidates = self._at_once(attempt) if rounds < ROUNDS else None
            if candidates is None:
                candidates = await self._in_line(attempt._replace(exclude=refused), end)
                passed, rounds = set(), 0
            if candidates is None:
                return Grant(tuple(got), attempt.most, self._shortage(wanted, why))
            settled = await self._claim(attempt, candidates)
            if isinstance(settled.answer, Refused):
                raise self.refused(settled.answer)
            granted = cast(Granted, settled.answer)
            got += [self._handout(lease, settled) for lease in granted.leases]
            if len(got) >= wanted.count or granted.repeated or (got and wanted.key is not None):
                return Grant(tuple(got), max(0, wanted.count - len(got)), None)
            for obstacle in granted.obstacles:
                (passed if obstacle.code == "capacity" else refused).add(obstacle.candidate.proxy_id)
            refused.update(lease.proxy_id for lease in granted.leases if _is_enough(lease, wanted))
            why, rounds = _told(granted.obstacles, why), rounds + 1

    def _at_once(self, attempt: Attempt) -> list[Candidate] | None:
        """Candidates, unless somebody has waited for the same longer."""
        if len(self._line):
            if self.table.freed:
                self._serve()
            if self._line.blocks(_shape(attempt.wanted)):
                return None
        return self._propose(attempt)

    async def _in_line(self, attempt: Attempt, end: float) -> list[Candidate] | None:
        left = end - self._timer()
        return await self._line.wait(attempt, _shape(attempt.wanted), left) if left > 0 else None

    async def _claim(self, attempt: Attempt, candidates: list[Candidate]) -> Settled:
        wanted = attempt.wanted
        arguments = "" if wanted.key is None else _arguments(wanted)
        return await self.committer.ask(
            Claim(
                wanted.holder,
                tuple(candidates),
                wanted.ttl,
                attempt.most,
                wanted.all_or_nothing,
                wanted.resource,
                wanted.key,
                arguments,
                self.fleet.rules.share_exits,
            )
        )

    def _propose(self, attempt: Attempt) -> list[Candidate] | None:
        """As many as wanted, and some spare ones where others were quicker lately; None when that is not to be had."""
        wanted, now = attempt.wanted, self._clock()
        found = self._named(attempt, now) if wanted.proxies else self._picked(attempt, now)
        if not found or (wanted.all_or_nothing and len(found) < attempt.most):
            self._withdraw(found)
            return None
        return found

    def _named(self, attempt: Attempt, now: float) -> list[Candidate]:
        ids = [one for one in attempt.wanted.proxies if one not in attempt.exclude]
        return [found for one in ids if (found := self.table.propose_proxy(one, now)) is not None]

    def _picked(self, attempt: Attempt, now: float) -> list[Candidate]:
        wanted, found = attempt.wanted, list[Candidate]()
        if attempt.most == 1 and self._timer() >= self._contended + CONTENDED:
            one = self.table.propose(
                wanted.selector, now, strategy=wanted.strategy, target=wanted.target, exclude=attempt.exclude
            )
            return [one] if isinstance(one, Candidate) else found
        spare = SPARES if self._timer() < self._contended + CONTENDED else 0
        rounds, seen = wanted.each or MOST_COUNT, set[int]()
        while len(found) < attempt.most + spare:
            one = self.table.propose(
                wanted.selector, now, strategy=wanted.strategy, target=wanted.target, exclude={*attempt.exclude, *seen}
            )
            if isinstance(one, Candidate):
                found.append(one)
                seen.add(one.proxy_id)
            elif seen and wanted.resource is None and len(found) < attempt.most and rounds > 1:
                rounds, seen = rounds - 1, set()  # everybody has one more: begin anew, so that they are spread evenly
            else:
                break
        return found

    def _withdraw(self, candidates: Sequence[Candidate]) -> None:
        now = self._clock()
        for candidate in candidates:
            self.table.withdraw(candidate, now)

    def _handout(self, lease: Lease, settled: Settled) -> Handout:
        left = lease.expires - settled.now
        return Handout(lease, settled.sent + left - max(1.0, 0.05 * left))

    def _shortage(self, wanted: Wanted, why: Refused) -> ClaimRefused:
        if why.code != "none_eligible":
            return self.refused(why)
        if not len(self.fleet):
            return ClaimRefused("empty_fleet", retry_after=60.0)
        unknown = next((one for one in wanted.proxies if one not in self.fleet), None)
        if unknown is not None:
            return ClaimRefused("unknown_proxy", told=f"there is no proxy {unknown}; list the proxies to see the ids")
        room = self.fleet.room(wanted.selector, wanted.count)
        if not wanted.proxies and room < wanted.count:
            return ClaimRefused("impossible" if room else "no_match")
        blocked = self._line.blocks(_shape(wanted))
        full = blocked or bool(wanted.proxies) or self.fleet.lacks_slots(wanted.selector)
        soonest = self.table.soonest(self._clock())
        return ClaimRefused("capacity" if full else "none_eligible", retry_after=soonest if full else 1.0)

    def refused(self, answer: Refused) -> ClaimRefused:
        """The store's refusal, in words."""
        left = answer.until - self._clock() if answer.until else 0.0
        return ClaimRefused(answer.code, retry_after=left if left > 0 else None, by=answer.by)

    async def renew(self, token: Token, principal: str, ttl: float = LEASE_TTL) -> Handout:
        """At least `ttl` seconds from now, while the lease runs. Raises `ClaimRefused`."""
        _check_ttl(ttl)
        settled = await self.committer.ask(Renew(token, principal, ttl))
        return self._handout(self._lease_of(settled.answer), settled)

    async def release(self, token: Token, principal: str | None) -> Lease:
        """Free the slot at once; `principal` None is the operator. Raises `ClaimRefused`."""
        return self._lease_of((await self.committer.ask(Release(token, principal))).answer)

    async def reassign(self, token: Token, holder: Holder) -> Lease:
        """Give a running lease to another holder, under a new token. Raises `ClaimRefused`."""
        return self._lease_of((await self.committer.ask(Reassign(token, holder))).answer)

    async def sweep(self, sweep: Sweep) -> tuple[Lease, ...]:
        """Release all that fits: of a holder, of a proxy, reservations only."""
        answer = (await self.committer.ask(sweep)).answer
        return answer.leases if isinstance(answer, Swept) else ()

    def _lease_of(self, answer: Answer) -> Lease:
        if isinstance(answer, Refused):
            raise self.refused(answer)
        assert isinstance(answer, Renewed)  # noqa: S101 - what these orders are answered with
        return answer.lease

    # memory -------------------------------------------------------------------------------------------------------

    def _apply(self, batch: Sequence[tuple[Order, Answer | None]], holds: Sequence[Hold], now: float) -> None:
        for order, answer in batch:
            if isinstance(order, Claim):
                self._apply_claim(order, answer, now)
            elif isinstance(answer, Renewed):
                self.table.learn(answer.lease, now)
            elif isinstance(answer, Swept):
                for lease in answer.leases:
                    self.table.learn(lease, now)
            elif isinstance(answer, Taken) and answer.lease is not None:
                self.table.learn(answer.lease, now)
            elif answer is None:
                self.committer.lost = True
        for hold in holds:
            self.table.learn(hold, now)
        self._after()

    def _apply_claim(self, order: Claim, answer: Answer | None, now: float) -> None:
        granted = {lease.key: lease for lease in answer.leases} if isinstance(answer, Granted) else {}
        obstacles = answer.obstacles if isinstance(answer, Granted) else ()
        full = {one.candidate.key for one in obstacles if one.code == "capacity"}
        for candidate in order.candidates:
            lease = granted.pop(candidate.key, None)
            if lease is None or lease.proxy_id != candidate.proxy_id:
                self.table.withdraw(candidate, now, full=candidate.key in full)
            else:
                self.table.confirm(candidate, lease, now)
        if not isinstance(answer, Granted):
            return
        for lease in granted.values():
            self.table.learn(lease, now)
        for obstacle in obstacles:
            self._contended = self._timer()
            for lease in obstacle.leases:
                self.table.learn(lease, now)

    def _after(self) -> None:
        for lease in self.table.take_ended():
            if self._watchers:
                for told in self._watchers.pop(lease.token, ()):
                    told()
        if self.table.freed:
            self._serve()

    def _serve(self) -> None:
        self.table.freed = False
        if len(self._line):
            self._line.serve()

    def watch(self, token: Token, told: Callable[[], None]) -> None:
        """Call `told` once when the lease has ended, by whatever; at once when it does not run."""
        if self.table.find(token, self._clock()) is None:
            told()
        else:
            self._watchers.setdefault(str(token), []).append(told)

    def unwatch(self, token: Token, told: Callable[[], None]) -> None:
        """Never mind."""
        waiting = self._watchers.get(str(token), [])
        if told in waiting:
            waiting.remove(told)
        if not waiting:
            self._watchers.pop(str(token), None)

    def tick(self) -> None:
        """Apply what time has ended and try those who wait: proxies recover, too."""
        self.table.advance(self._clock())
        self._after()
        if len(self._line):
            self._line.serve()

    async def close(self) -> None:
        """Let what is in flight be committed."""
        if self.recorder is not self.committer:
            await self.recorder.idle()
        await self.committer.idle()


def _is_enough(lease: Lease, wanted: Wanted) -> bool:
    """Whether another lease of the same proxy is of no use: a pair is held once, but for sessions of a rotating proxy."""
    return wanted.each is not None or (wanted.resource is not None and not lease.session)


def _check(wanted: Wanted) -> None:
    _check_ttl(wanted.ttl)
    if not 0 < wanted.count <= MOST_COUNT:
        raise ClaimRefused("bad_request", told=f"count {wanted.count} is out of range; ask for 1 to {MOST_COUNT}")
    if wanted.proxies and wanted.wait and not wanted.all_or_nothing and wanted.count > len(wanted.proxies):
        raise ClaimRefused("bad_request", told="more leases were asked for than proxies were named; ask for fewer")


def _check_ttl(ttl: float) -> None:
    if not SHORTEST <= ttl <= LONGEST:
        raise ClaimRefused("ttl_out_of_range")


def _shape(wanted: Wanted) -> str:
    return f"{wanted.selector.text}\0{wanted.target}\0{wanted.resource}\0{wanted.proxies or ''}"


def _arguments(wanted: Wanted) -> str:
    told = repr(
        (wanted.selector.text, wanted.count, wanted.ttl, wanted.resource, wanted.target, wanted.proxies, wanted.each)
    )
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _told(obstacles: Sequence[Obstacle], before: Refused) -> Refused:
    """Of several obstacles the one that ends first; a candidate that was lost to others is mere bad luck."""
    if not obstacles:
        return before
    first = min(obstacles, key=lambda one: one.until or float("inf"))
    return Refused(first.code, first.until, first.by)
