"""What a look does to the ledger of its source, and when the next one is due."""

import pytest

from proxyfleet.core.source import Feed, Ledger, Source
from proxyfleet.services.ledgers import LONGEST_WAIT, after_failure, after_success
from proxyfleet.services.looking import Look

NOW = 1_000_000.0
SOURCE = Source("s", "k", (Feed("http://a/"),), interval=600.0)
BEFORE = Ledger(10, 9, 8, 80, 7, 3, 2, NOW - 9, NOW - 99, "old trouble", NOW, {"f": ("old", None)})


def test_success_counts_and_clears():
    look = Look(
        "s", "ok", read=5, added=2, updated=1, duplicate=1, rejected={"no_proxy": 1}, validators={"f": ("new", None)}
    )
    after = after_success(BEFORE, look, SOURCE, NOW, 0.5)
    assert (after.read, after.valid, after.new, after.total_new) == (5, 4, 2, 82)
    assert (after.attempts, after.failures, after.last_attempt, after.last_success) == (4, 0, NOW, NOW)
    assert after.next_due == NOW + 630.0
    assert after.validators == {"f": ("new", None)}
    assert (after.alive, after.last_error) == (7, "old trouble")


def test_an_unchanged_answer_keeps_the_figures():
    look = Look("s", "unchanged", validators={"f": ("old", None)})
    after = after_success(BEFORE, look, SOURCE, NOW, 0.0)
    assert (after.read, after.valid, after.new, after.total_new, after.last_success) == (10, 9, 8, 80, NOW)


def test_part_of_it_failing_is_told_and_a_long_pause_is_kept():
    look = Look("s", "partial", read=1, added=1, problems=["answered 503", "more"], retry_after=5_000.0)
    after = after_success(BEFORE, look, SOURCE, NOW, 0.0)
    assert (after.last_error, after.failures, after.next_due) == ("answered 503", 0, NOW + 5_000.0)


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 600.0), (1, 1_200.0), (4, 9_600.0), (8, LONGEST_WAIT), (2_000, LONGEST_WAIT)]
)
def test_failures_are_waited_out_longer_each_time(failures, wait):
    after = after_failure(Ledger(failures=failures), Look("s", problems=["x"]), SOURCE, NOW, ours=False)
    assert (after.failures, after.next_due, after.last_error) == (failures + 1, NOW + wait, "x")


def test_what_was_known_of_a_source_survives_its_failure():
    after = after_failure(BEFORE, Look("s", problems=["x"]), SOURCE, NOW, ours=False)
    assert (after.read, after.valid, after.new, after.validators) == (10, 9, 8, BEFORE.validators)
    assert after.last_success == BEFORE.last_success


def test_a_fault_of_our_own_is_not_counted():
    after = after_failure(BEFORE, Look("s", problems=["x"]), SOURCE, NOW, ours=True)
    assert (after.failures, after.attempts, after.last_error) == (2, 4, "x")


def test_who_asks_for_patience_gets_it():
    after = after_failure(Ledger(), Look("s", problems=["429"], retry_after=7_200.0), SOURCE, NOW, ours=False)
    assert after.next_due == NOW + 7_200.0


def test_nobody_is_waited_for_longer_than_a_day():
    look = Look("s", problems=["429"], retry_after=9e9)
    assert after_failure(Ledger(), look, SOURCE, NOW, ours=False).next_due == NOW + LONGEST_WAIT
    assert after_success(Ledger(), look, SOURCE, NOW, 0.0).next_due == NOW + LONGEST_WAIT
