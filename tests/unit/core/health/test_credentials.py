"""Refused credentials: hard only when refused twice, far enough apart, with no success between."""

import pytest

from proxyfleet.core.health.credentials import Credentials
from proxyfleet.core.rules import Rules

DAY = 86_400.0


@pytest.mark.parametrize(
    ("times", "hard"),
    [
        ([0.0], [False]),
        ([0.0, 59.9], [False, False]),
        ([0.0, 60.0], [False, True]),
        ([0.0, 30.0, 60.0], [False, False, True]),
        ([0.0, 60.0, 61.0], [False, True, True]),
    ],
)
def test_twice_and_a_minute_apart(times: list[float], hard: list[bool]) -> None:
    credentials = Credentials(Rules())
    assert [credentials.refused(1, at) for at in times] == hard


def test_a_success_between_starts_anew() -> None:
    credentials = Credentials(Rules())
    credentials.refused(1, 0.0)
    credentials.accepted(1)
    assert not credentials.refused(1, 100.0)
    assert credentials.refused(1, 160.0)


def test_slots_do_not_mix() -> None:
    credentials = Credentials(Rules())
    credentials.refused(1, 0.0)
    assert not credentials.refused(2, 100.0)


def test_one_check_a_day() -> None:
    credentials = Credentials(Rules())
    credentials.refused(1, 0.0)
    credentials.refused(1, 60.0)
    assert credentials.recheck == {1: 60.0 + DAY}
    assert credentials.refused(1, 60.0 + DAY)
    assert credentials.recheck == {1: 60.0 + 2 * DAY}
    credentials.accepted(1)
    assert (credentials.recheck, credentials.first) == ({}, {})
