"""`ProxyPool`: choose a proxy, give it back, tell how it went (SPEC D5). A lock and names over `FleetState`; no second breaker.

Every method may be called from any thread and from asyncio alike; nothing here waits or does I/O. All are quick but
`get_metrics` and `get_all_proxy_health`, which look at every proxy.
"""

import logging
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from random import Random
from threading import Lock
from typing import TypedDict

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.errors import BadProxy, BadRules
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Refusal
from proxyfleet.core.proxy import MAX_CAPACITY
from proxyfleet.core.report import HealthReport
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.pool.config import ProxyConfig, from_environment

log = logging.getLogger("proxyfleet.pool")


class ProxyState(StrEnum):
    """The circuit of a proxy: closed works, open rests, half_open is being tried."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class ProxyHealth(TypedDict):
    """One proxy's health. Times in seconds, instants UTC epoch seconds; None where nothing is known yet."""

    health_score: float
    state: ProxyState
    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float | None
    average_response_time: float | None
    consecutive_failures: int
    last_success: float | None
    last_failure: float | None


class CheckOut(ProxyConfig):
    """A proxy that `get_proxy` handed out: a `ProxyConfig` that remembers whether its slot was given back."""

    __slots__ = ("_open", "proxy_id")

    def __init__(self, config: ProxyConfig, proxy_id: int) -> None:
        for name in ProxyConfig.__slots__:
            setattr(self, name, getattr(config, name))
        self.proxy_id = proxy_id
        self._open = True

    def give_back(self) -> bool:
        """True the first time only; the pool calls it under its lock."""
        was_open, self._open = self._open, False
        return was_open

    @property
    def open(self) -> bool:
        """Whether the slot is still taken."""
        return self._open


Identity = tuple[str, str | None]


class ProxyPool:
    """Proxies in memory. `get_proxy` gives the one that the strategy chooses, or None when nobody is eligible.

    rotation_strategy: any name of `proxyfleet.Strategy` (default weighted_random, weighed by health score).
    min_health_score: proxies below it are held back, 0.0 to 1.0 (default 0.3), but for one try every 5 minutes.
    max_concurrent_per_proxy: check-outs one proxy carries at once (default 3).
    enable_circuit_breaker: off leaves backoff alone to rest failing proxies.
    rules: all other constants (`proxyfleet.core.rules.Rules`); `clock` and `rng` are for tests.
    Raises `BadRules`, `BadProxy` or `UnknownStrategy`.
    """

    def __init__(  # noqa: PLR0913 - the names are promised to users
        self,
        proxies: Iterable[ProxyConfig | str] = (),
        rotation_strategy: str = "weighted_random",
        min_health_score: float = 0.3,
        max_concurrent_per_proxy: int = 3,
        enable_circuit_breaker: bool = True,
        *,
        rules: Rules | None = None,
        clock: Clock = wall_clock,
        rng: Random | None = None,
    ) -> None:
        if type(max_concurrent_per_proxy) is not int or not 1 <= max_concurrent_per_proxy <= MAX_CAPACITY:
            raise BadRules(
                f"max_concurrent_per_proxy = {max_concurrent_per_proxy} is impossible; use 1 to {MAX_CAPACITY}"
            )
        if not 0.0 <= min_health_score <= 1.0:
            raise BadRules(f"min_health_score = {min_health_score} is out of range; use 0.0 to 1.0")
        rules = replace(
            Rules() if rules is None else rules,
            strategy=rotation_strategy,
            min_score=min_health_score,
            breaker=enable_circuit_breaker,
            weigh_by="health",
        )
        self._capacity = max_concurrent_per_proxy
        self._clock = clock
        self._lock = Lock()
        self._fleet = FleetState(rules, rng=rng or Random())
        self._configs: dict[int, ProxyConfig] = {}
        self._ids: dict[Identity, int] = {}
        self._next_id = 1
        self._selectors: dict[tuple[str, ...], Selector] = {}
        self._successes = self._failures = 0
        for proxy in proxies:
            self.add_proxy(proxy)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: object) -> "ProxyPool":
        """A pool of what PROXY_SERVER (with PROXY_USERNAME, PROXY_PASSWORD) and PROXY_LIST name; options as in `ProxyPool`.

        Parts that cannot be read are logged as warnings; `BadProxy` is raised when nothing could be read but something was set.
        """
        found, problems = from_environment(os.environ if environ is None else environ)
        for problem in problems:
            log.warning("%s", problem)
        if problems and not found:
            raise BadProxy(problems[0])
        pool = cls(**options)  # type: ignore[arg-type]
        for config in found:
            pool.add_proxy(config)
        return pool

    def __len__(self) -> int:
        return len(self._fleet)

    def add_proxy(self, proxy: ProxyConfig | str) -> None:
        """Take in a proxy; one with the same server and user name is replaced and keeps its health."""
        config = ProxyConfig(proxy) if isinstance(proxy, str) else proxy
        with self._lock:
            proxy_id = self._ids.get(_identity(config))
            if proxy_id is not None:
                self._fleet.replace(config.to_proxy(proxy_id, self._capacity), self._clock())
                self._configs[proxy_id] = config
                return
            proxy_id, self._next_id = self._next_id, self._next_id + 1
            self._fleet.add(config.to_proxy(proxy_id, self._capacity), self._clock())
            self._configs[proxy_id] = config
            self._ids[_identity(config)] = proxy_id

    def remove_proxy(self, proxy: ProxyConfig | str) -> bool:
        """Take a proxy out; False when it was not in. Check-outs of it may still be given back, to no effect."""
        with self._lock:
            proxy_id = self._id_of(proxy)
            if proxy_id is None:
                return False
            self._fleet.remove(proxy_id, self._clock())
            del self._ids[_identity(self._configs.pop(proxy_id))]
            return True

    def get_proxy(
        self,
        tags: Iterable[str] | None = None,
        exclude_proxies: Iterable[ProxyConfig | str] | None = None,
    ) -> CheckOut | None:
        """Check a proxy out that carries all `tags` and is none of `exclude_proxies` (configs or servers); None if nobody fits."""
        with self._lock:
            exclude = self._excluded(exclude_proxies) if exclude_proxies else ()
            now = self._clock()
            pick = self._fleet.pick(self._selector(tags), now, exclude=exclude, claim=True)
            if isinstance(pick, Refusal):
                return None
            self._fleet.take(pick.proxy_id, now)
            return CheckOut(self._configs[pick.proxy_id], pick.proxy_id)

    def _excluded(self, proxies: Iterable[ProxyConfig | str]) -> Collection[int]:
        each = [proxies] if isinstance(proxies, (ProxyConfig, str)) else proxies
        return {proxy_id for proxy in each for proxy_id in self._ids_of(proxy)}

    def _selector(self, tags: Iterable[str] | None) -> Selector:
        if not tags:
            return ANY
        wanted = (tags,) if isinstance(tags, str) else tuple(sorted(tags))
        selector = self._selectors.get(wanted)
        if selector is None:
            selector = self._selectors[wanted] = Selector.of(tag=wanted)
        return selector

    def release_proxy(self, proxy: ProxyConfig | str) -> None:
        """Give the slot back without saying how it went; the second time changes nothing."""
        with self._lock:
            proxy_id = self._id_of(proxy)
            if proxy_id is not None:
                self._give_back(proxy, proxy_id)

    def record_success(self, proxy: ProxyConfig | str, response_time: float = 0.0) -> None:
        """It worked, in `response_time` seconds. Gives the slot back, once. ValueError for a time that cannot be."""
        self._record(proxy, Outcome.succeeded(response_time))

    def record_failure(self, proxy: ProxyConfig | str, error_category: str = "unknown") -> None:
        """It failed; `error_category` is one of `proxyfleet.Outcome`'s. Gives the slot back, once.

        Only categories that are the proxy's fault lower its score. An unknown category raises ValueError with the list.
        """
        self._record(proxy, Outcome.failed(error_category))

    def _record(self, proxy: ProxyConfig | str, outcome: Outcome) -> None:
        with self._lock:
            proxy_id = self._id_of(proxy)
            if proxy_id is None:
                return
            self._successes += outcome.success
            self._failures += not outcome.success
            self._fleet.record(proxy_id, outcome, self._clock())
            self._fleet.take_events()
            self._give_back(proxy, proxy_id)

    def _give_back(self, proxy: ProxyConfig | str, proxy_id: int) -> None:
        """A check-out gives its own slot back; a plain config or server one of the slots, when any is taken."""
        now = self._clock()
        owed = proxy.give_back() if isinstance(proxy, CheckOut) else True
        if owed and self._fleet.leases(proxy_id):
            self._fleet.give(proxy_id, now)

    def get_proxy_health(self, proxy: ProxyConfig | str) -> ProxyHealth | None:
        """The proxy's health, None when it is not in the pool."""
        with self._lock:
            proxy_id = self._id_of(proxy)
            return None if proxy_id is None else _health(self._fleet.health(proxy_id, self._clock()))

    def get_all_proxy_health(self) -> dict[str, ProxyHealth]:
        """Every proxy's health by server; where several share a server, by `user@server`."""
        with self._lock:
            now = self._clock()
            servers = [config.server for config in self._configs.values()]
            shared = (
                {server for server in servers if servers.count(server) > 1} if len(set(servers)) < len(servers) else ()
            )
            return {
                f"{config.username}@{config.server}" if config.server in shared else config.server: _health(
                    self._fleet.health(proxy_id, now)
                )
                for proxy_id, config in self._configs.items()
            }

    def get_metrics(self) -> dict[str, int]:
        """Totals of the pool and the four counters that `/metrics` has, since its start."""
        with self._lock:
            report = self._fleet.report(self._clock())
            return {
                "total_proxies": report.total,
                "available_proxies": sum(1 for found in self._fleet.explain(ANY, self._clock()) if found.eligible),
                "active_requests": report.leases,
                "proxy_selections_total": self._fleet.selections,
                "proxy_successes_total": self._successes,
                "proxy_failures_total": self._failures,
                "proxy_circuit_breaker_opens_total": report.circuit_opens,
            }

    def reset_proxy(self, proxy: ProxyConfig | str) -> None:
        """Forget what was learnt about a proxy; its check-outs stay."""
        with self._lock:
            proxy_id = self._id_of(proxy)
            if proxy_id is not None:
                self._fleet.reset(proxy_id, self._clock())

    def _id_of(self, proxy: ProxyConfig | str) -> int | None:
        if isinstance(proxy, CheckOut):
            return proxy.proxy_id if proxy.proxy_id in self._configs else None
        return next(iter(self._ids_of(proxy)), None)

    def _ids_of(self, proxy: ProxyConfig | str) -> list[int]:
        if isinstance(proxy, CheckOut):
            return [proxy.proxy_id]
        if isinstance(proxy, ProxyConfig):
            found = self._ids.get(_identity(proxy))
            return [] if found is None else [found]
        config = ProxyConfig(proxy)
        named = [i for i, held in self._configs.items() if held.server == config.server]
        return [i for i in named if config.username in (None, self._configs[i].username)]


def _identity(config: ProxyConfig) -> Identity:
    return config.server, config.username


def _health(report: HealthReport) -> ProxyHealth:
    return ProxyHealth(
        health_score=report.health,
        state=ProxyState(report.circuit),
        total_requests=report.attempts,
        successful_requests=report.successes,
        failed_requests=report.failures + report.strangers,
        success_rate=report.success_rate,
        average_response_time=report.response_time,
        consecutive_failures=report.consecutive_failures,
        last_success=report.last_success,
        last_failure=report.last_failure,
    )
