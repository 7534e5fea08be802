"""What the list says of each kind of purchase; the rule of docs/decisions/0011."""

from dataclasses import replace
from decimal import Decimal

import pytest

from proxyfleet.core.proxy import DAY, Proxy, Scheme
from proxyfleet.core.purchase import Item, Money, Purchase, PurchaseState, Wish
from proxyfleet.core.settling import VOID_AFTER, expiries_of, identity_of, told_by

INTENDED, UNCLEAR, PLACED, DONE, REFUSED, VOID = PurchaseState
NOW = 1_000_000.0
LATER = NOW + VOID_AFTER


def item(n: int, note: str = "", *, until: float | None = NOW + 5 * DAY, order: str = "") -> Item:
    return Item(str(n), Proxy(Scheme.HTTP, f"h{n}", 80, "u", expires_at=until), note, order)


OLD = [item(1), item(2)]
BUY = Purchase("pf-a", "p", "buy", Wish(2, 30), Money(Decimal(1), "USD"), NOW, expiries=expiries_of(OLD), state=UNCLEAR)
PROLONG = replace(BUY, verb="prolong")
REPLACE = replace(BUY, verb="replace")


def test_identities_are_text_without_secrets():
    assert identity_of(item(1).proxy) == "http://u@h1:80"
    assert identity_of(Proxy(Scheme.SOCKS5H, "h", 1)) == "socks5://h:1"


@pytest.mark.parametrize(
    ("listed", "now", "state"),
    [
        (OLD, NOW + 1, UNCLEAR),
        (OLD, LATER, VOID),
        ([], LATER, VOID),
        ([*OLD, item(3, "pf-a"), item(4, "pf-a")], NOW, DONE),
        ([*OLD, item(3, "pf-a")], LATER, PLACED),
        ([*OLD, item(3), item(4)], NOW, DONE),
        ([*OLD, item(3)], LATER, UNCLEAR),
        ([*OLD, item(3), item(4), item(5)], LATER, UNCLEAR),
        ([*OLD, item(3, "pf-b"), item(4), item(5)], LATER, VOID),
    ],
)
def test_what_was_bought(listed, now, state):
    assert told_by(BUY, listed, now).state is state


def test_new_ones_may_be_of_another_order():
    new = [*OLD, item(3), item(4)]
    assert told_by(BUY, new, LATER, alone=False).state is UNCLEAR
    tagged = [*OLD, item(3, "pf-a"), item(4, "pf-a")]
    assert told_by(BUY, tagged, LATER, alone=False).state is DONE


def test_an_intent_without_a_trace_is_unclear_first():
    told = told_by(replace(BUY, state=INTENDED), OLD, NOW + 1)
    assert (told.state, told.items, told.because) == (UNCLEAR, (), "the list shows nothing of it yet")


def test_what_was_placed_arrives_in_time():
    placed = replace(BUY, state=PLACED, order="7")
    assert told_by(placed, OLD, LATER).state is PLACED
    assert told_by(placed, [*OLD, item(3, order="7"), item(4, order="7")], NOW).state is DONE
    assert told_by(placed, [*OLD, item(3, order="8"), item(4, order="8")], NOW).state is PLACED
    told = told_by(placed, [*OLD, item(3)], NOW)
    assert (told.state, [one.remote_id for one in told.items]) == (PLACED, ["3"])


@pytest.mark.parametrize(
    ("days", "now", "state"),
    [
        ((30, 30), NOW, DONE),
        ((29.5, 30.5), NOW, DONE),
        ((0, 0), NOW, UNCLEAR),
        ((0, 0), LATER, VOID),
        ((30, 0), LATER, UNCLEAR),
    ],
)
def test_what_was_prolonged(days, now, state):
    listed = [item(n, until=NOW + 5 * DAY + more * DAY) for n, more in enumerate(days, 1)]
    assert told_by(PROLONG, listed, now).state is state


def test_remote_ids_that_changed_do_not_matter():
    listed = [replace(item(n, until=NOW + 35 * DAY), remote_id=f"new{n}") for n in (1, 2)]
    told = told_by(PROLONG, listed, NOW)
    assert (told.state, len(told.items)) == (DONE, 2)


@pytest.mark.parametrize(
    ("listed", "now", "state"),
    [([item(3)], NOW, DONE), (OLD, NOW, UNCLEAR), (OLD, LATER, VOID), (OLD[:1], LATER, UNCLEAR)],
)
def test_what_was_replaced(listed, now, state):
    assert told_by(REPLACE, listed, now).state is state
