"""Own limits: never more than the quota, whatever is asked."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.stores.sheets.pace import Limits, Pace


def test_a_burst_then_the_rate():
    pace = Pace(Limits(rate=1.5, burst=2))
    waits = [round(pace.reserve("read", 100.0), 3) for _ in range(4)]
    assert waits == [0.0, 0.0, 0.667, 1.333]
    assert pace.foresee("read", 100.0) == pace.foresee("write", 100.0)
    assert pace.reserve("read", 200.0) == 0.0


def test_so_many_a_minute_reads_and_writes_apart():
    pace = Pace(Limits(rate=1000.0, burst=1000, reads=2, writes=1))
    assert [pace.reserve("read", 0.0) for _ in range(3)] == [0.0, 0.0, 60.0]
    assert [pace.reserve("write", 0.0) for _ in range(2)] == [0.0, 60.0]
    assert pace.reserve("read", 0.0) == 60.0


def test_the_rate_holds_over_both_kinds():
    pace = Pace(Limits(rate=2.0, burst=2, reads=1000, writes=1000))
    times = [at + pace.reserve(kind, at) for at in (0.0, 0.1, 5.0) for kind in ("read", "write", "write")]
    assert times == sorted(times)
    assert all(times[at + 2] - times[at] >= 0.499 for at in range(len(times) - 2))


def test_held_until():
    pace = Pace()
    pace.hold(10.0)
    pace.hold(5.0)
    assert pace.reserve("read", 3.0) == 7.0


@given(st.lists(st.tuples(st.sampled_from(["read", "write"]), st.floats(0, 5)), max_size=300))
def test_no_minute_ever_holds_more(calls):
    pace, now = Pace(), 0.0
    sent = {"read": deque(), "write": deque()}
    for kind, pause in calls:
        now += pause
        wait = pace.reserve(kind, now)
        assert wait >= 0.0
        sent[kind].append(now + wait)
    for times in sent.values():
        ordered = sorted(times)
        assert list(times) == ordered
        assert all(ordered[at + 55] - ordered[at] >= 59.999 for at in range(len(ordered) - 55))
