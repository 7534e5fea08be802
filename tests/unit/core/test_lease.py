"""Tokens are read and written alike; states of one slot merge in any order to the same."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.lease import ENDED, Held, Hold, Holder, Lease, Token, later

LEASE = Lease(17, 3, 42, 17, Holder("ann", "x"), None, "", 0.0, 60.0)
STATES = st.builds(
    lambda fence, expires: LEASE._replace(fence=fence, expires=expires),
    st.integers(1, 3),
    st.sampled_from([ENDED, 50.0, 60.0, 70.0]),
)


def test_a_token_names_slot_and_fence() -> None:
    assert (LEASE.id, LEASE.token) == ("17x3", "17x3.42")
    assert Token.parse("17x3.42") == (17, 3, 42)
    assert str(Token(17, 3, 42)) == "17x3.42"
    assert Token(17, 3, 42).key == LEASE.key


def test_other_texts_are_no_tokens() -> None:
    for text in (
        "",
        "17",
        "17x3",
        "17x3.",
        "x3.4",
        "17x3.4 ",
        "-1x3.4",
        "17x3.4.5",
        "１x3.4",
        "1x2.3\n",
        "9" * 11 + "x1.1",
    ):
        assert Token.parse(text) is None, text


@given(st.lists(STATES, min_size=1, max_size=5))
def test_states_merge_in_any_order_to_the_same(states: list[Lease]) -> None:
    def merged(order: tuple[Lease, ...]) -> Lease:
        last = order[0]
        for state in order[1:]:
            last = later(last, state)
        return last

    assert len({merged(order) for order in permutations(states)}) == 1


def test_an_ended_lease_never_comes_back() -> None:
    ended = LEASE._replace(expires=ENDED)
    assert later(ended, LEASE._replace(expires=1e9)) == ended
    assert later(ended, LEASE._replace(fence=43)).fence == 43


def test_a_hold_stands_until_its_time() -> None:
    hold = Hold(1, "site", "", Held.RESERVATION, Holder("ann"), 0.0, 10.0, 1)
    assert hold.stands(9.9)
    assert not hold.stands(10.0)
    assert not hold._replace(kind=Held.FREE).stands(0.0)


def test_a_holder_shows_its_label() -> None:
    assert [str(Holder("ann")), str(Holder("ann", "x"))] == ["ann", "ann/x"]
