"""Shared label sets: one number each, counted users, numbers used again."""

import pytest

from proxyfleet.core.clause import Profile
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Labels, Scheme

US, DE = (Profile(Scheme.HTTP, Labels(country=country)) for country in ("US", "DE"))


def test_equal_profiles_share_one_number_and_one_object() -> None:
    profiles = Profiles()
    first, second = profiles.take(US), profiles.take(Profile(Scheme.HTTP, Labels(country="US")))
    assert first == second != profiles.take(DE)
    assert profiles.at(second) is US
    assert len(profiles) == 2


def test_a_number_is_free_when_its_last_user_is_gone() -> None:
    profiles = Profiles()
    number = profiles.take(US)
    profiles.take(US)
    assert profiles.release(number) is False
    assert profiles.at(number) is US
    assert profiles.release(number) is True
    with pytest.raises(KeyError):
        profiles.at(number)
    assert (len(profiles), profiles.take(DE), profiles.at(number)) == (1 - 1, number, DE)


def test_many_users_at_once_are_released_one_by_one() -> None:
    profiles, profile = Profiles(), Profile(Scheme.HTTP, Labels())
    number = profiles.number(profile)
    profiles.take_many(number, 2)
    assert profiles.take(profile) == profiles.number(profile) == number
    assert [profiles.release(number) for _ in range(3)] == [False, False, True]
