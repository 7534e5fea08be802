"""Every constant of picking and health, as settings with the defaults of SPEC (rules 6 to 10, C1 to C7). No behaviour.

`Rules()` is what the documents describe. A value out of range or two that contradict each other raise `BadRules`.
"""

from dataclasses import dataclass

from proxyfleet.core.errors import BadRules

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """All times in seconds, shares and scores from 0.0 to 1.0.

    strategy: what picks when nobody asks for another one.
    weigh_by: what weighted_random weighs by, "reputation" or "health".
    min_score: the health below which a proxy is held back; 0 holds nobody back.
    breaker: off means that backoff alone rests a proxy, from its first failure on.
    open_after: consecutive failures that open the circuit.
    cooldown, rest_base, rest_max: an opened circuit rests max(cooldown, min(rest_max, rest_base x 2^(k - open_after))).
    jitter: up to this share is added to every rest, so that proxies do not come back in step.
    window, window_samples, window_success: the circuit opens too when, within `window`, at least `window_samples`
        attempts had a share of successes below `window_success`.
    probe_timeout: a probe whose outcome never came frees its permit after this.
    score_probe_every: a proxy held back by its score alone gets one attempt this often.
    slow_start: after a circuit has closed, its weight climbs from a tenth to the whole over this time.
    guard: the largest share of the proxies that once worked that may rest for failures at once.
    pair_failures: consecutive failures on one target that make the proxy skip that target.
    pair_base, pair_max: how long it skips it, doubling with each further failure.
    blame_window, blame_attempts, blame_share, blame_proxies: a target is at fault when within the window at least so many
        attempts, that share of them failed, through at least so many proxies.
    auth_gap: two refusals of the own credentials this far apart, no success between, are a hard state.
    auth_recheck: how often a proxy with refused credentials is tried again.
    ewma_tau: decay of the peak latency average that two_choices reads.
    share_exits: leases of all proxies behind one measured exit address count against the capacity of each, so that a site
        never sees more than that at once from one address. Say the same on every node.
    """

    strategy: str = "weighted_random"
    weigh_by: str = "reputation"
    min_score: float = 0.0
    breaker: bool = True
    open_after: int = 5
    cooldown: float = 5 * MINUTE
    rest_base: float = 1 * MINUTE
    rest_max: float = 32 * MINUTE
    jitter: float = 0.2
    window: float = 60.0
    window_samples: int = 20
    window_success: float = 0.5
    probe_timeout: float = 60.0
    score_probe_every: float = 5 * MINUTE
    slow_start: float = 60.0
    guard: float = 0.5
    pair_failures: int = 3
    pair_base: float = 1 * MINUTE
    pair_max: float = 32 * MINUTE
    blame_window: float = 60.0
    blame_attempts: int = 10
    blame_share: float = 0.5
    blame_proxies: int = 3
    auth_gap: float = 60.0
    auth_recheck: float = 24 * 60 * MINUTE
    ewma_tau: float = 10.0
    share_exits: bool = False

    def __post_init__(self) -> None:
        if self.weigh_by not in ("reputation", "health"):
            raise BadRules(f"weigh_by = {self.weigh_by!r} is unknown; use reputation or health")
        for name in ("min_score", "jitter", "window_success", "guard", "blame_share"):
            self._within(name, 0.0, 1.0)
        for name in ("open_after", "window_samples", "pair_failures", "blame_attempts", "blame_proxies"):
            self._within(name, 1, 65_535)
        for name in (
            "cooldown",
            "rest_base",
            "rest_max",
            "probe_timeout",
            "score_probe_every",
            "pair_base",
            "pair_max",
        ):
            self._within(name, 0.001, 365 * 86_400.0)
        for name in ("window", "slow_start", "blame_window", "auth_gap", "auth_recheck", "ewma_tau"):
            self._within(name, 0.001, 365 * 86_400.0)
        self._ordered("rest_base", "rest_max")
        self._ordered("pair_base", "pair_max")
        self._ordered("blame_proxies", "blame_attempts")

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if not low <= value <= high:
            raise BadRules(f"{name} = {value} is out of range; use {low} to {high}")

    def _ordered(self, small: str, large: str) -> None:
        if getattr(self, small) > getattr(self, large):
            raise BadRules(
                f"{small} = {getattr(self, small)} contradicts {large} = {getattr(self, large)}; "
                f"make {small} at most {large}"
            )

    def rest(self, failures: int) -> float:
        """How long a proxy rests at its `failures`-th consecutive failure, before jitter (SPEC rule 7)."""
        if not self.breaker:
            return _doubling(self.rest_base, failures - 1, self.rest_max)
        return max(self.cooldown, _doubling(self.rest_base, failures - self.open_after, self.rest_max))

    def pair_rest(self, failures: int) -> float:
        """How long a (proxy, target) pair rests at its `failures`-th consecutive refusal, before jitter."""
        return _doubling(self.pair_base, failures - 1, self.pair_max)


def _doubling(base: float, times: int, most: float) -> float:
    return min(most, base * 2.0 ** min(max(times, 0), 40))
