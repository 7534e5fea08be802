"""Refused credentials are a hard state, not a backoff (SPEC rule 9): marks and judgements, no columns.

Hard only when the proxy's own, unparameterised credentials were refused twice at least 60 s apart with no success
between. Ends by new credentials, by a reset, or by the one check a day that is allowed.
"""

from proxyfleet.core.rules import Rules


class Credentials:
    """When the own credentials of a slot were first refused, and when they may be tried again."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.first: dict[int, float] = {}
        """Slots that were refused at least once since their last success, and when first."""
        self.recheck: dict[int, float] = {}
        """Slots in the hard state, and when each may be tried once again."""

    def refused(self, slot: int, now: float) -> bool:
        """One more refusal; True when the proxy is in the hard state from now on."""
        if slot in self.recheck:
            self.recheck[slot] = now + self.rules.auth_recheck
            return True
        first = self.first.setdefault(slot, now)
        if now - first < self.rules.auth_gap:
            return False
        self.recheck[slot] = now + self.rules.auth_recheck
        return True

    def accepted(self, slot: int) -> None:
        """A success, new credentials, a reset, or the slot's proxy is gone."""
        self.first.pop(slot, None)
        self.recheck.pop(slot, None)
