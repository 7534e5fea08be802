"""What a ledger becomes after a look, and when the next one is due. Pure: the instant and the chance are arguments."""

from dataclasses import replace
from typing import Final

from proxyfleet.core.source import Ledger, Source
from proxyfleet.services.looking import Look

JITTER: Final = 0.1
"""Up to this share of the interval later, so that not everybody asks at the same second."""
LONGEST_WAIT: Final = 86_400.0
"""A failing source is looked at once a day at least, whatever it asks for, unless its own interval is longer."""
MOST_DOUBLINGS: Final = 20


def after_success(ledger: Ledger, look: Look, source: Source, now: float, chance: float) -> Ledger:
    """Something was answered. Figures stay where nothing has changed since the last look."""
    told = replace(
        ledger,
        total_new=ledger.total_new + look.added,
        attempts=ledger.attempts + 1,
        failures=0,
        last_attempt=now,
        last_success=now,
        last_error=look.problems[0] if look.problems else ledger.last_error,
        next_due=now + max(source.interval * (1.0 + JITTER * chance), min(look.retry_after, LONGEST_WAIT)),
        validators=dict(look.validators),
    )
    return replace(told, read=look.read, valid=look.valid, new=look.added) if look.read else told


def after_failure(ledger: Ledger, look: Look, source: Source, now: float, *, ours: bool) -> Ledger:
    """Nothing came. It is waited longer after each failure in a row; one of our own counts for nothing."""
    failures = ledger.failures + (not ours)
    doubled = source.interval * 2.0 ** min(max(failures - 1, 0), MOST_DOUBLINGS)
    return replace(
        ledger,
        total_new=ledger.total_new + look.added,
        attempts=ledger.attempts + 1,
        failures=failures,
        last_attempt=now,
        last_error=look.problems[0] if look.problems else "failed",
        next_due=now + max(min(doubled, max(LONGEST_WAIT, source.interval)), min(look.retry_after, LONGEST_WAIT)),
    )
