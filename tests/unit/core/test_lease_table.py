"""What a node believes about claims: proposals, news in any order, ends by time, and the counts in the fleet."""

from proxyfleet.core.lease import ENDED, FOREVER, Held, Hold, Holder, Lease, Token
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.orders import Candidate
from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import ANY, Selector

ANN = Holder("ann")
NOW = 1_000_000.0
LEASE = Lease(1, 0, 1, 1, ANN, None, "", NOW, NOW + 60.0)


def proposed(table: LeaseTable) -> Candidate:
    found = table.propose(ANY, NOW)
    assert isinstance(found, Candidate)
    return found


def test_a_proposal_counts_until_it_is_withdrawn(fleet_of) -> None:
    table = LeaseTable(fleet_of(1, capacity=2))
    first, second = proposed(table), proposed(table)
    assert [first.slot, second.slot] == [0, 1]
    assert (first.capacity, first.until, first.rotating) == (2, FOREVER, False)
    assert isinstance(table.propose(ANY, NOW), Refusal)
    assert table.propose_proxy(1, NOW) is None
    table.withdraw(first, NOW)
    assert table.freed
    assert proposed(table).slot == 0


def test_a_confirmed_proposal_is_a_lease_until_it_ends(fleet_of) -> None:
    table = LeaseTable(fleet_of(1, capacity=1))
    table.confirm(proposed(table), LEASE, NOW)
    assert table.find(Token(1, 0, 1), NOW) == LEASE
    assert table.find(Token(1, 0, 2), NOW) is None
    table.advance(NOW + 59.9)
    assert table.fleet.leases(1) == 1
    table.advance(NOW + 60.5)
    assert table.fleet.leases(1) == 0
    assert table.take_ended() == [LEASE]
    assert table.take_ended() == []
    assert proposed(table).slot == 0


def test_a_renewed_lease_ends_later(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    table.learn(LEASE, NOW)
    table.learn(LEASE._replace(expires=NOW + 100.0), NOW)
    table.learn(LEASE, NOW)
    table.advance(NOW + 61.0)
    assert table.fleet.leases(1) == 1
    table.advance(NOW + 101.0)
    assert table.fleet.leases(1) == 0
    assert len(table) == 0


def test_a_lease_that_others_have_renewed_comes_back(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    table.learn(LEASE, NOW)
    table.advance(NOW + 61.0)
    assert table.fleet.leases(1) == 0
    table.learn(LEASE._replace(expires=NOW + 100.0), NOW + 61.0)
    assert table.fleet.leases(1) == 1


def test_late_news_bring_no_ended_lease_back(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    table.learn(LEASE._replace(expires=ENDED), NOW)
    table.learn(LEASE, NOW)
    assert table.fleet.leases(1) == 0
    table.learn(LEASE._replace(fence=2), NOW)
    table.advance(NOW + 30.0)
    table.learn(LEASE, NOW + 30.0)
    assert table.find(Token(1, 0, 2), NOW + 30.0) is not None
    assert table.fleet.leases(1) == 1


def test_leases_beyond_the_capacity_are_counted(fleet_of) -> None:
    table = LeaseTable(fleet_of(1, capacity=1))
    for slot in range(3):
        table.learn(LEASE._replace(slot=slot), NOW)
    assert table.fleet.leases(1) == 3
    for slot in range(2):
        table.learn(LEASE._replace(slot=slot, expires=ENDED), NOW)
        assert isinstance(table.propose(ANY, NOW), Refusal)
    table.learn(LEASE._replace(slot=2, expires=ENDED), NOW)
    assert proposed(table).slot == 0


def test_a_slot_of_others_is_not_proposed_and_a_lost_one_moves(fleet_of) -> None:
    table = LeaseTable(fleet_of(1, capacity=3))
    mine = proposed(table)
    table.learn(LEASE, NOW)
    assert mine.slot == LEASE.slot
    assert proposed(table).slot == 1
    moved = LEASE._replace(slot=2, holder=Holder("me"))
    table.withdraw(mine, NOW)
    table.learn(moved, NOW)
    assert table.fleet.leases(1) == 3
    assert isinstance(table.propose(ANY, NOW), Refusal)


def test_confirming_ends_what_was_believed_there(fleet_of) -> None:
    table = LeaseTable(fleet_of(1, capacity=2))
    mine = proposed(table)
    table.learn(LEASE, NOW)
    newer = LEASE._replace(fence=2, holder=Holder("me"))
    table.confirm(mine, newer, NOW)
    assert table.fleet.leases(1) == 1
    assert table.find(Token(1, 0, 2), NOW) == newer
    assert proposed(table).slot == 1


def test_holds_keep_picks_away_until_they_end(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    wanted = Selector(resource="site")
    hold = Hold(1, "site", "", Held.RESERVATION, ANN, NOW, NOW + 10.0, 1, "1x0.1")
    table.learn(hold, NOW)
    assert isinstance(table.propose(wanted, NOW), Refusal)
    assert table.hold_of(1, "site", NOW) == hold
    table.advance(NOW + 10.1)
    assert isinstance(table.propose(wanted, NOW + 10.1), Candidate)
    table.learn(hold._replace(version=2, kind=Held.ASSIGNMENT, until=FOREVER), NOW)
    table.learn(hold, NOW)
    assert isinstance(table.propose(wanted, NOW), Refusal)
    assert [one.kind for one in table.holds(NOW)] == [Held.ASSIGNMENT]
    table.learn(hold._replace(version=3, kind=Held.FREE, until=NOW), NOW)
    assert isinstance(table.propose(wanted, NOW), Candidate)
    assert list(table.holds(NOW)) == []


def test_a_session_of_a_rotating_proxy_keeps_nobody_away(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    table.learn(Hold(1, "site", "1x0f1", Held.RESERVATION, ANN, NOW, NOW + 10.0, 1, "1x0.1"), NOW)
    assert isinstance(table.propose(Selector(resource="site"), NOW), Candidate)


def test_what_belongs_to_a_removed_proxy_goes_with_it(fleet_of) -> None:
    table = LeaseTable(fleet_of(2))
    table.learn(LEASE, NOW)
    table.learn(LEASE._replace(slot=1, proxy_id=2), NOW)
    table.learn(Hold(1, "site", "", Held.ASSIGNMENT, ANN, NOW, FOREVER, 1), NOW)
    table.drop({2}, NOW)
    assert table.fleet.leases(1) == 1
    table.drop({1}, NOW)
    table.fleet.remove(1, NOW)
    table.fleet.remove(2, NOW)
    assert len(table.take_ended()) == 2
    assert list(table.leases(NOW)) == list(table.holds(NOW)) == []
    table.learn(LEASE._replace(fence=9), NOW)
    assert len(table) == 0, "a lease of a proxy that is not there is not believed"


def test_replacing_ends_what_is_not_named(fleet_of) -> None:
    table = LeaseTable(fleet_of(2))
    other = LEASE._replace(pool=2, proxy_id=2)
    hold = Hold(1, "site", "", Held.ASSIGNMENT, ANN, NOW, FOREVER, 1)
    table.learn(LEASE, NOW)
    table.learn(hold, NOW)
    table.replace([other], [hold._replace(proxy_id=2)], NOW)
    assert [lease.pool for lease in table.leases(NOW)] == [2]
    assert [one.proxy_id for one in table.holds(NOW)] == [2]
    assert isinstance(table.propose(Selector(resource="site", exclude=[2]), NOW), Candidate)
    assert (table.fleet.leases(1), table.fleet.leases(2)) == (1, 1)


def test_the_soonest_end_is_told(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    assert table.soonest(NOW) == 60.0
    table.learn(LEASE._replace(expires=NOW + 7.0), NOW)
    assert 7.0 <= table.soonest(NOW) <= 7.3


def test_sessions_are_found_by_their_holder(fleet_of) -> None:
    table = LeaseTable(fleet_of(1))
    holder = Holder("ann", "session a")
    lease = LEASE._replace(holder=holder)
    table.learn(lease, NOW)
    table.learn(LEASE._replace(slot=1), NOW)
    assert table.session(holder, NOW) == lease
    assert table.session(Holder("bob", "session a"), NOW) is None
    assert table.session(holder, NOW + 61.0) is None
    moved = lease._replace(slot=2, expires=NOW + 30.0)
    table.learn(moved, NOW)
    assert table.session(holder, NOW) == moved
    table.learn(lease._replace(expires=ENDED), NOW)
    assert table.session(holder, NOW) == moved, "the end of the old one is not the end of the new one"
    table.advance(NOW + 31.0)
    assert table.session(holder, NOW) is None
