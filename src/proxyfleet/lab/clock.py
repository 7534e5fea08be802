"""A clock that stands still until it is moved: time as an argument, for tests that never sleep."""


class HandClock:
    """Call it for the time, in seconds; `advance` moves it. Fits wherever a `proxyfleet.clock.Clock` is wanted."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` and return the new time; ValueError for a negative number, for time does not go back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} seconds")
        self._now += seconds
        return self._now
