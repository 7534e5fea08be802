"""The names of everything that is kept in Redis. All share one tag, so that a cluster keeps them on one node.

Lua numbers hold whole microseconds exactly until the year 2255; this is where they become seconds and back.
"""

KEYS = ("fleet", "terms", "buried", "slots", "running", "guests", "holds", "pairs", "ends", "exits", "feed")
"""In the order in which `scripts/prelude.lua` takes them; idempotency keys are `key:...` beside them."""
PREFIX = "proxyfleet"
SECOND = 1_000_000


def names(prefix: str) -> list[str]:
    """The keys of a fleet under that prefix."""
    return [f"{{{prefix}}}:{key}" for key in KEYS]


def micros(seconds: float) -> int:
    """Whole microseconds, never later than the instant; -1 stands for endless."""
    return -1 if seconds == float("inf") else int(seconds * SECOND)


def seconds(number: float) -> float:
    """The other way round."""
    return float("inf") if number < 0 else number / SECOND
