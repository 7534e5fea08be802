"""Attribution by source address: right while it counts, gone afterwards."""

from proxyfleet.lab.clock import HandClock
from proxyfleet.lab.passages import LINGER, PRUNE_AT, Passage, Passages

PEER = ("127.0.0.1", 5000)


def test_an_open_connection_is_found_and_claimed_once() -> None:
    passages, passage = Passages(HandClock()), Passage("http-1")
    passages.opened(PEER, passage)
    assert passages.find(PEER) is passage
    assert passages.claim(PEER) is passage
    assert passages.claim(PEER) is None


def test_a_target_that_accepts_late_still_learns_who_it_was() -> None:
    clock = HandClock()
    passages, passage = Passages(clock), Passage("http-1")
    passages.opened(PEER, passage)
    passages.closed(PEER, passage)
    clock.advance(LINGER)
    assert passages.find(PEER) is passage
    clock.advance(0.1)
    assert passages.find(PEER) is None


def test_a_reused_port_belongs_to_its_new_owner() -> None:
    passages, old, new = Passages(HandClock()), Passage("http-1"), Passage("http-2")
    passages.opened(PEER, old)
    passages.opened(PEER, new)
    passages.closed(PEER, old)
    assert new.closed_at is None
    assert passages.claim(PEER) is new


def test_connections_that_nobody_claims_do_not_pile_up() -> None:
    clock = HandClock()
    passages = Passages(clock)
    for port in range(3 * PRUNE_AT):
        passage = Passage("http-1")
        passages.opened(("127.0.0.1", port), passage)
        passages.closed(("127.0.0.1", port), passage)
        clock.advance(LINGER)
    assert len(passages) <= PRUNE_AT + 1
