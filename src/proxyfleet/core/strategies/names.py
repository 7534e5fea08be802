"""The names of the strategies as people write them; `proxyfleet.Strategy`. What is behind a name is in `registry`."""

from enum import StrEnum


class StrategyName(StrEnum):
    """Each is its own text, so that it may be given wherever a name is asked for (`registry.explained`)."""

    WEIGHTED_RANDOM = "weighted_random"
    ROUND_ROBIN = "round_robin"
    LEAST_RECENTLY_USED = "least_recently_used"
    BEST_REPUTATION = "best_reputation"
    BEST_HEALTH = "best_health"
    FASTEST_RESPONSE = "fastest_response"
    RANDOM = "random"
    LEAST_LOADED = "least_loaded"
    TWO_CHOICES = "two_choices"
    STICKY = "sticky"
