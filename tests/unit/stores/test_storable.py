"""What no database can hold, and what is answered to it."""

from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.orders import Candidate, Claim, Decided, GiveBack, Refused, Release, Sweep, Swept, Take
from proxyfleet.stores.storable import refused, storable, with_refused

ANN = Holder("ann")


def at(proxy_id: int) -> Candidate:
    return Candidate(proxy_id, 0, proxy_id, 5, 9e9)


def test_what_can_be_stored() -> None:
    assert storable(Claim(Holder("ünï", "a\n"), (at(1),), 60.0, resource="r"))
    assert not storable(Claim(Holder("a\0"), (at(1),), 60.0))
    assert not storable(Release(Token(2**63, 0, 1), None))
    assert not storable(Release(Token(1, 2**31, 1), None))


def test_each_order_has_its_answer() -> None:
    orders = [Take(1, "\ud800", ANN), Take(1, "site", ANN), Sweep(label="\ud800"), GiveBack(2**80, "site", ANN)]
    mine = Refused("cooling")
    assert with_refused(orders, Decided(1.0, [mine])).answers == [
        Refused("bad_text"), mine, Swept(()), Refused("not_assigned"),
    ]  # fmt: skip
    assert refused(Release(Token(2**70, 0, 1), None), 1.0) == Refused("unknown_lease")
