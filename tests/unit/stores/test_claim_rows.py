"""Rows of claims and feeds, there and back."""

import pytest

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder, Lease
from proxyfleet.core.proxy import Kind
from proxyfleet.stores import claim_rows
from proxyfleet.stores.claim_rows import hold_from, ids_from, ids_text, lease_from, news_from, news_text, terms_of

LEASE = Lease(1, 0, 3, 1, Holder("ann", "ü"), None, "", 10.5, 70.25)
HOLD = Hold(1, "site", "", Held.ASSIGNMENT, Holder("bob"), 10.0, FOREVER, 2)


def test_terms_have_the_defaults_of_their_kind() -> None:
    assert terms_of((None, "static", None, "active", "192.0.2.1")) == (5, float("inf"), False, False, "192.0.2.1")
    assert terms_of((None, Kind.ROTATING, 9.0, "disabled", "192.0.2.1")) == (1000, 9.0, True, True, None)


def test_rows_become_values() -> None:
    assert lease_from((*LEASE[:4], *LEASE.holder, *LEASE[5:])) == LEASE
    assert hold_from((*HOLD[:3], "assignment", *HOLD.holder, *HOLD[5:])) == HOLD


def test_news_pass_through_text() -> None:
    assert news_from(news_text([LEASE, HOLD])) == [LEASE, HOLD]


def test_changed_ids_pass_through_text_unless_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_rows, "MOST_IDS", 3)
    assert ids_text([]) == ""
    assert ids_from([ids_text([3, 1, 3]), ids_text([2])]) == {1, 2, 3}
    assert ids_from([ids_text([1]), ids_text(range(4))]) is None
    assert ids_from([]) == frozenset()
