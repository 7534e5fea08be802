"""What users may use: how much at a time, how often, how many bytes (SPEC G3, rule 18). And how much may go to one target at
a time.

Counts and judges; whoever is over the limit of bytes is slowed down to it, not cut off. Users without limits cost
nothing: they have no meter, and their connections no layer. What users do at other nodes is told to us now and then: it
counts as if it were done here, except that of a rate each node has the share that is asked for there, and of things under
way a fair share once all nodes together want more than there is. Without shares, nodes that hear of each other late would
all wait for the others, and then all begin at once.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.ports import GatewayUser, UserLookup
from proxyfleet.ports.uses import Elsewhere, UserUse

NOWHERE: Final = Elsewhere()
FORGOTTEN: Final = 60
"""Tellings after the last use in which a user is still named, so that the bytes are not counted twice."""
LEAST: Final = 0.05
"""What was asked for, below which it was long ago."""


class TooMuch(NamedTuple):
    """The code of a refusal, and in how many seconds it may be different."""

    code: str
    wait: float


class Slowed(Protocol):
    """A connection that waits for bytes."""

    def go_on(self) -> None:
        """There is something again."""
        ...


class Bucket:
    """Fills at `rate` per second up to `most`; may be overdrawn, and then refills from below."""

    __slots__ = ("_at", "_level", "most", "rate")

    def __init__(self, rate: float, most: float, now: float) -> None:
        self.rate, self.most = rate, most
        self._level, self._at = most, now

    def change(self, rate: float, most: float) -> None:
        """Other limits; what was used stays used."""
        self._level += most - self.most
        self.rate, self.most = rate, most

    def wait(self, wanted: float, now: float) -> float:
        """Seconds until `wanted` is there."""
        self._level = min(self.most, self._level + (now - self._at) * self.rate)
        self._at = now
        return max(0.0, (wanted - self._level) / self.rate)

    def take(self, amount: float) -> None:
        """Use it up."""
        self._level -= amount

    @property
    def overdrawn(self) -> bool:
        """Whether more was used than there is; seen only after the level was brought up to date by `wait`."""
        return self._level < 0


class Meter:
    """One user. `active` are requests and tunnels under way; `slowed` the connections that have to wait for bytes."""

    def __init__(self, user: GatewayUser, now: float) -> None:
        self.active = 0
        self.moved = 0
        self.slowed: set[Slowed] = set()
        self.asked = self._lately = 0.0
        self._told_moved = self._idle = 0
        self._else = NOWHERE
        self._most = self._room = 0
        self._peak = self._wanted = 0
        self._rate = 0.0
        self._begun: Bucket | None = None
        self.bytes: Bucket | None = None
        self.limit(user, now)

    def limit(self, user: GatewayUser, now: float) -> None:
        """What this user may, as it is written now."""
        self._most = user.concurrency
        self._rate = user.rate
        self._share(now)
        self._make_room()
        per_minute = user.bytes_per_minute
        self.bytes = _changed(self.bytes, per_minute / 60.0, float(per_minute), now)
        if self.bytes is None:
            self.release(now)

    def enter(self, now: float) -> TooMuch | None:
        """One more request or tunnel; `leave` once for each that was let in."""
        self.asked += 1.0
        if self._most and self.active >= self._room:
            self._peak = max(self._peak, self.active + 1)
            return TooMuch("user_concurrency", 1.0)
        if self.bytes is not None and (wait := self.bytes.wait(0.0, now)):
            return TooMuch("user_bytes", wait)
        if self._begun is not None:
            if wait := self._begun.wait(1.0, now):
                return TooMuch("user_rate", wait)
            self._begun.take(1.0)
        self.active += 1
        self._peak = max(self._peak, self.active)
        return None

    def leave(self) -> None:
        """It is over."""
        self.active -= 1

    def use(self) -> UserUse | None:
        """For the other nodes, about once a second; None when this user has long been gone."""
        self._lately, self.asked = self._lately / 2 + self.asked, 0.0
        self._wanted, self._peak = self._peak, self.active
        if self._lately < LEAST:
            self._lately = 0.0
        self._idle = 0 if self.active or self._lately or self.moved != self._told_moved else self._idle + 1
        if self._idle > FORGOTTEN:
            self.moved = 0
        self._told_moved = self.moved
        if self._idle > FORGOTTEN:
            return None
        return UserUse(self.active, round(self._lately, 3), self.moved, self._wanted)

    def hear(self, elsewhere: Elsewhere, now: float) -> None:
        """What this user does at all other nodes."""
        self._else = elsewhere
        self._share(now)
        self._make_room()
        if self.bytes is not None and elsewhere.moved:
            self.bytes.wait(0.0, now)
            self.bytes.take(elsewhere.moved)

    def _share(self, now: float) -> None:
        """Of the rate what is asked for here; somebody new here, or alone, has asked for one thing more."""
        here = self._lately + 1.0
        rate = self._rate * here / (here + self._else.asked + self._else.nodes)
        self._begun = _changed(self._begun, rate, max(1.0, rate), now)

    def _make_room(self) -> None:
        """How many may be under way here: what the others leave, and no more than our share where there is a struggle."""
        others, most = self._else, self._most
        wants = [*others.wanted[: others.place], self._wanted, *others.wanted[others.place :]]
        if sum(wants) <= most:
            self._room = most - max(others.active, sum(others.wanted))
        else:
            self._room = min(most - others.active, max(1, fair(most, wants)[others.place]))

    def release(self, now: float) -> None:
        """Let those go on that were slowed down, if there is something again."""
        if self.slowed and (self.bytes is None or not self.bytes.wait(0.0, now)):
            slowed, self.slowed = self.slowed, set()
            for one in slowed:
                one.go_on()


def fair(most: int, wants: Sequence[int]) -> list[int]:
    """Shares out `most` so that nobody gets more than he wants, and nobody less than another who wants more; what cannot be
    divided goes to those who come first.
    """
    shares = [0] * len(wants)
    while most and (hungry := [one for one, want in enumerate(wants) if shares[one] < want]):
        each = max(1, most // len(hungry))
        for one in hungry[:most]:
            given = min(each, wants[one] - shares[one])
            shares[one] += given
            most -= given
    return shares


def _changed(bucket: Bucket | None, rate: float, most: float, now: float) -> Bucket | None:
    if not rate:
        return None
    if bucket is None:
        return Bucket(rate, most, now)
    bucket.change(rate, most)
    return bucket


class Meters:
    """The meters of all users who have limits: a `ports.uses.Metered`."""

    def __init__(self, timer: Clock = monotonic_clock) -> None:
        self._timer = timer
        self._by_name: dict[str, Meter] = {}
        self._as_limited: dict[str, GatewayUser] = {}

    def of(self, user: GatewayUser | None, now: float) -> Meter | None:
        """The user's meter; None for somebody without limits."""
        if user is None or not user.limited:
            return None
        meter = self._by_name.get(user.name)
        if meter is None:
            meter = self._by_name[user.name] = Meter(user, now)
        elif self._as_limited[user.name] != user:
            meter.limit(user, now)
        self._as_limited[user.name] = user
        return meter

    def uses(self) -> dict[str, UserUse]:
        """See `ports.uses.Metered`."""
        return {name: use for name, meter in self._by_name.items() if (use := meter.use()) is not None}

    def hear(self, elsewhere: Mapping[str, Elsewhere], users: UserLookup) -> None:
        """See `ports.uses.Metered`; whoever is seen elsewhere first is known here from then on."""
        now = self._timer()
        for name in elsewhere.keys() - self._by_name.keys():
            self.of(users(name), now)
        for name, meter in self._by_name.items():
            meter.hear(elsewhere.get(name, NOWHERE), now)

    def sweep(self, now: float) -> None:
        """Twice a second: who was slowed down may go on."""
        for meter in self._by_name.values():
            meter.release(now)


class TargetCap:
    """How many requests and tunnels go to one target host at a time, over all clients and proxies of this node."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._active: dict[str, int] = {}

    def enter(self, host: str) -> bool:
        """Whether one more may; `leave` once for each."""
        active = self._active.get(host, 0)
        if active >= self._most:
            return False
        self._active[host] = active + 1
        return True

    def leave(self, host: str) -> None:
        """One fewer."""
        left = self._active[host] - 1
        if left:
            self._active[host] = left
        else:
            del self._active[host]
