"""Names of keys share one tag; instants are whole microseconds and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.stores.redis.keys import KEYS, micros, names, seconds


def test_all_keys_of_a_fleet_share_one_tag() -> None:
    found = names("mine")
    assert len(found) == len(set(KEYS)) == len(KEYS)
    assert all(name.startswith("{mine}:") for name in found)


@given(st.integers(0, 2**53 - 1))
def test_microseconds_come_back(number: int) -> None:
    assert abs(micros(seconds(number)) - number) <= 1


def test_endless() -> None:
    assert micros(float("inf")) == -1
    assert seconds(-1) == float("inf")
    assert seconds(micros(1.5)) == pytest.approx(1.5)
