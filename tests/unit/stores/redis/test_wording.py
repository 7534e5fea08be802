"""Orders as text and answers as values; every text that people may choose survives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder, Lease, Token
from proxyfleet.core.orders import (
    Candidate,
    Claim,
    GiveBack,
    Granted,
    Obstacle,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Take,
    Taken,
)
from proxyfleet.stores.redis import wording

ANN = Holder("ann", "x")
LEASE = [7, 3, 12, 7, ["ann", "x"], None, "", 1_000_000, 61_000_000]
HOLD = [7, "site", "", "assignment", ["ann", "x"], 1_000_000, -1, 4, ""]
AS_LEASE = Lease(7, 3, 12, 7, ANN, None, "", 1.0, 61.0)
AS_HOLD = Hold(7, "site", "", Held.ASSIGNMENT, ANN, 1.0, FOREVER, 4)


def test_orders() -> None:
    token = Token(7, 3, 12)
    text = wording.orders_text(
        [
            Claim(ANN, (Candidate(7, 3, 8, 5, FOREVER),), 60.0, 2, True, "site", "k", "a", share_exits=True),
            Renew(token, "ann", 1.5),
            Release(token, None),
            Sweep("ann", "x", 7, "site", True),
            Reassign(token, ANN),
            Take(7, "site", ANN, "s"),
            GiveBack(7, "site", ANN, "s", True, 2.0),
        ]
    )
    assert json.loads(text) == [
        [1, '["ann","x"]', 60_000_000, 2, True, '"site"', '["ann","k"]', "a", [[7, 3, 8]], True],
        [2, 7, 3, 12, '["ann",', 1_500_000],
        [3, 7, 3, 12, False],
        [4, '["ann",', ',"x"]', 7, '"site"', True],
        [5, 7, 3, 12, '["ann","x"]'],
        [6, 7, '"site"', '["ann","x"]', '"s"'],
        [7, 7, '"site"', '["ann","x"]', '"s"', True, 2_000_000],
    ]


def test_what_is_left_open() -> None:
    assert json.loads(wording.orders_text([Claim(ANN, (), 1.0), Sweep()])) == [
        [1, '["ann","x"]', 1_000_000, 1, False, False, False, "", [], False],
        [4, False, False, False, False, False],
    ]


def test_answers() -> None:
    candidate = Candidate(7, 3, 7, 5, FOREVER)
    orders = [Claim(ANN, (candidate,), 60.0), *[Release(Token(1, 1, 1), None)] * 4]
    told = [
        [0, [LEASE], [[0, "capacity", 9_000_000, ["bob", ""], [LEASE]]], 1],
        [1, LEASE],
        [2, [LEASE]],
        [3, HOLD, LEASE],
        [4, "resource_taken", -1, ["bob", ""]],
    ]
    decided, seq = wording.decided(orders, json.dumps([5_000_000, 77, told, [HOLD]]))
    met = Obstacle(candidate, "capacity", 9.0, Holder("bob"), (AS_LEASE,))
    assert decided.answers == [
        Granted((AS_LEASE,), (met,), True),
        Renewed(AS_LEASE),
        Swept((AS_LEASE,)),
        Taken(AS_HOLD, AS_LEASE),
        Refused("resource_taken", FOREVER, Holder("bob")),
    ]
    assert (decided.now, seq, decided.holds) == (5.0, 77, [AS_HOLD])


def test_an_answer_too_few_is_noticed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        wording.decided([Release(Token(1, 1, 1), None)], "[1,1,[],[]]")


def test_rows_of_the_feed_are_told_apart() -> None:
    assert wording.row_of(LEASE) == AS_LEASE
    assert wording.row_of(HOLD) == AS_HOLD


@given(st.text(), st.text())
def test_no_two_holders_are_confused(principal: str, label: str) -> None:
    text = wording.holder_text(Holder(principal, label))
    assert json.loads(text) == [principal, label]
    assert text.startswith(str(wording.principal_head(principal)))
    assert not text.startswith(str(wording.principal_head(principal + '","')))


def test_rows_that_move_here() -> None:
    assert wording.adopted_lease(AS_LEASE._replace(resource="r")) == [
        7, 3, 12, 7, '["ann","x"]', '"r"', '""', 1_000_000, 61_000_000,
    ]  # fmt: skip
    assert wording.adopted_hold(AS_HOLD) == [
        '7,"site",""', "assignment", '["ann","x"]', 1_000_000, -1, 4, "",
    ]  # fmt: skip
