"""The two scores of a proxy (SPEC C1 and C2, rule 10). Pure formulas on plain numbers; -1 stands for "not known yet"."""

from proxyfleet.core.columns import HALF_OPEN, OPEN, UNKNOWN

ALPHA = 0.2
"""Weight of a new observation in the moving averages; the first observation is taken whole."""
NEW = 50
FRESH, STALE = 300.0, 3600.0
RECENCY_LEVELS = 5
RECENCY_STEP = (STALE - FRESH) / (RECENCY_LEVELS - 1)
FAST, SLOW = 0.5, 5.0
OPEN_FACTOR, HALF_OPEN_FACTOR = 0.1, 0.5


PROVEN_USES = 100
"""Uses from which on more of them add nothing to the reputation."""
BEST_REPUTATION, BEST_HEALTH = 100, 1.0
"""What a proxy has that never fails, answers within half a second and has `PROVEN_USES`."""


def reputation(success_rate: float, response_time: float, streak: int, uses: int) -> int:
    """0 to 100: 50 + (success rate - 0.5) x 60, +15 to -15 for speed, -5 per consecutive failure, + min(uses / 10, 10).

    A proxy without any use has 50; a part that is not known adds nothing. Floored after clamping.
    """
    score = NEW - 5.0 * streak + (uses / 10.0 if uses < PROVEN_USES else 10.0)
    if success_rate >= 0.0:
        score += (success_rate - 0.5) * 60.0
    if response_time >= 0.0:
        score += 15.0 if response_time < 0.5 else speed_points(response_time)
    if score >= 100.0:
        return 100
    return int(score) if score > 0.0 else 0


def speed_points(response_time: float) -> float:
    """+15 below 500 ms, falling linearly to 0 at 2000 ms, -15 beyond; seconds in."""
    if response_time < 0.5:
        return 15.0
    return 15.0 * (2.0 - response_time) / 1.5 if response_time <= 2.0 else -15.0


def health(success_rate: float, last_success: float, response_time: float, circuit: int, now: float) -> float:
    """0.0 to 1.0: 0.6 x success rate + 0.2 x recency + 0.2 x response; unknown parts are 0.5; open x 0.1, half-open x 0.5."""
    score = 0.6 * success_rate if success_rate >= 0.0 else 0.3
    if last_success == UNKNOWN:
        score += 0.1
    else:
        age = now - last_success
        score += 0.2 if age <= FRESH else 0.2 * recency(age)
    if response_time == UNKNOWN:
        score += 0.1
    else:
        score += 0.2 if response_time <= FAST else 0.2 * quickness(response_time)
    if circuit == OPEN:
        return score * OPEN_FACTOR
    return score * HALF_OPEN_FACTOR if circuit == HALF_OPEN else score


def quickness(response_time: float) -> float:
    """1 up to 0.5 s, falling linearly to 0 at 5 s."""
    return min(max((SLOW - response_time) / (SLOW - FAST), 0.0), 1.0)


def recency(age: float) -> float:
    """1 up to 5 min after a success, then 0.8, 0.6, 0.4, 0.2 in equal steps, 0 from 60 min on."""
    if age <= FRESH:
        return 1.0
    if age >= STALE:
        return 0.0
    return 1.0 - (int((age - FRESH) / RECENCY_STEP) + 1) / RECENCY_LEVELS


def recency_changes(last_success: float, now: float) -> float:
    """The next instant after `now` at which `recency` may change; infinity when it is 0 for good."""
    age = now - last_success
    if age >= STALE:
        return float("inf")
    if age <= FRESH:
        return last_success + FRESH + 0.001
    return last_success + min(STALE, FRESH + RECENCY_STEP * (int((age - FRESH) / RECENCY_STEP) + 1))
