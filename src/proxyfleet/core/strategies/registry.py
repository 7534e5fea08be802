"""The names of all strategies, and what each says of itself (SPEC D1, D2). The reference page is drawn from this table."""

from proxyfleet.core.errors import UnknownStrategy
from proxyfleet.core.strategies.contract import Strategy
from proxyfleet.core.strategies.loads import LeastLoaded, TwoChoices
from proxyfleet.core.strategies.names import StrategyName
from proxyfleet.core.strategies.ranked import BestHealth, BestReputation, FastestResponse
from proxyfleet.core.strategies.sticky import Sticky
from proxyfleet.core.strategies.turns import LeastRecentlyUsed, RoundRobin
from proxyfleet.core.strategies.uniform import Uniform
from proxyfleet.core.strategies.weighted import Weighted

STRATEGIES: dict[str, type[Strategy]] = {
    strategy.name: strategy
    for strategy in (
        Weighted,
        RoundRobin,
        LeastRecentlyUsed,
        BestReputation,
        BestHealth,
        FastestResponse,
        Uniform,
        LeastLoaded,
        TwoChoices,
        Sticky,
    )
}
ALIASES = {"lru": StrategyName.LEAST_RECENTLY_USED.value, "health_only": StrategyName.BEST_HEALTH.value}


def strategy_named(name: str) -> type[Strategy]:
    """The strategy of that name or alias; raises `UnknownStrategy` with the list."""
    found = STRATEGIES.get(ALIASES.get(name, name))
    if found is None:
        raise UnknownStrategy(name, (*STRATEGIES, *ALIASES))
    return found
