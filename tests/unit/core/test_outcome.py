"""Outcomes: whose fault each category is, what an attempt says of its target and of a rotating endpoint."""

import pytest

from proxyfleet.core.outcome import FAULT, Category, Fault, Outcome, Phase


@pytest.mark.parametrize(
    ("category", "fault"),
    [
        ("connect", Fault.PROXY),
        ("timeout", Fault.PROXY),
        ("protocol", Fault.PROXY),
        ("authentication", Fault.PROXY),
        ("network", Fault.PROXY),
        ("unknown", Fault.PROXY),
        ("rate_limit", Fault.PAIR),
        ("banned", Fault.PAIR),
        ("quota", Fault.ACCOUNT),
        ("client_abort", Fault.CLIENT),
        ("target", Fault.TARGET),
    ],
)
def test_whose_fault_it_is(category: str, fault: Fault) -> None:
    assert FAULT[Category(category)] is fault


def test_every_category_has_a_fault() -> None:
    assert set(FAULT) == set(Category)


def test_a_success_has_no_category() -> None:
    outcome = Outcome.succeeded(0.25, "t")
    assert outcome.success
    assert (outcome.category, outcome.response_time, outcome.target) == (None, 0.25, "t")
    assert not Outcome.failed("timeout").success


def test_a_category_is_given_by_name_and_defaults_to_unknown() -> None:
    assert Outcome.failed().category is Category.UNKNOWN
    assert Outcome.failed("banned", retry_after=9.0).retry_after == 9.0


def test_an_unknown_category_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown error category 'tired'; use one of: connect, timeout, .*unknown$"):
        Outcome.failed("tired")


@pytest.mark.parametrize(
    ("category", "phase", "reached"),
    [
        ("timeout", None, True),
        ("timeout", Phase.DIAL, False),
        ("timeout", Phase.HANDSHAKE, True),
        ("connect", Phase.EXCHANGE, True),
        ("authentication", None, False),
        ("quota", Phase.EXCHANGE, False),
    ],
)
def test_attempts_that_ended_at_the_proxy_say_nothing_of_the_target(
    category: str, phase: Phase | None, reached: bool
) -> None:
    assert Outcome.failed(category, phase=phase).reached_target is reached


@pytest.mark.parametrize(
    ("category", "phase", "at_endpoint"),
    [
        ("connect", None, True),
        ("authentication", Phase.HANDSHAKE, True),
        ("timeout", Phase.DIAL, True),
        ("timeout", None, False),
        ("timeout", Phase.EXCHANGE, False),
        ("protocol", Phase.HANDSHAKE, False),
    ],
)
def test_what_counts_for_a_rotating_endpoint(category: str, phase: Phase | None, at_endpoint: bool) -> None:
    assert Outcome.failed(category, phase=phase).at_endpoint is at_endpoint


def test_targets_are_one_name_however_they_are_written() -> None:
    assert Outcome.succeeded(0.1, "Example.COM").target == "example.com"
    assert Outcome.failed("banned", target="Example.COM").target == "example.com"
    assert Outcome.succeeded(0.1).target is Outcome.failed().target is None
