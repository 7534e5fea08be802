"""The feed in memory is bounded and says when it does not reach back."""

from proxyfleet.core.lease import FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, Granted, Release, Sweep
from proxyfleet.lab.clock import HandClock
from proxyfleet.stores.deciding import Terms
from proxyfleet.stores.memory_claims import FEED, MemoryClaims, fits

ANN = Holder("ann")


def test_who_is_too_far_behind_is_told() -> None:
    claims = MemoryClaims(lambda _: Terms(2, FOREVER, False, False), HandClock())
    start = claims.standing().position
    for _ in range(FEED // 2 + 1):
        answer = claims.decide([Claim(ANN, (Candidate(1, 0, 1, 2, FOREVER),), 60.0)], "n").answers[0]
        assert isinstance(answer, Granted)
        lease = answer.leases[0]
        claims.decide([Release(Token(lease.pool, lease.slot, lease.fence), "ann")], "n")
    assert not claims.news(start, "other").complete
    assert claims.news(claims.standing().position, "other").complete


def test_a_sweep_of_nothing_fits_nothing() -> None:
    lease = Lease(1, 0, 1, 1, ANN, "site", "", 0.0, 9.0)
    assert not fits(Sweep(), lease)
    assert not fits(Sweep(reservations_only=True), lease)
    assert fits(Sweep(resource="site"), lease)
    assert not fits(Sweep(resource="site", principal="bob"), lease)
    assert not fits(Sweep(principal="ann", reservations_only=True), lease._replace(resource=None))
