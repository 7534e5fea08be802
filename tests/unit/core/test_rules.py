"""The settings of picking and health: defaults of SPEC, the rest table of rule 7, contradictions refused."""

import pytest

from proxyfleet.core.errors import BadRules
from proxyfleet.core.rules import Rules

MINUTE = 60.0


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (5, 5), (6, 5), (7, 5), (8, 8), (9, 16), (10, 32), (11, 32), (60_000, 32)]
)
def test_with_the_breaker_a_proxy_rests_at_least_the_cooldown(failures: int, minutes: float) -> None:
    assert Rules().rest(failures) == minutes * MINUTE


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 32), (999, 32)]
)
def test_without_the_breaker_backoff_alone_runs_from_the_first_failure(failures: int, minutes: float) -> None:
    assert Rules(breaker=False).rest(failures) == minutes * MINUTE


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (6, 32), (7, 32)])
def test_a_pair_has_its_own_backoff(failures: int, minutes: float) -> None:
    assert Rules().pair_rest(failures) == minutes * MINUTE


def test_all_parts_of_the_rest_are_settings() -> None:
    rules = Rules(open_after=2, cooldown=10.0, rest_base=4.0, rest_max=20.0)
    assert [rules.rest(failures) for failures in (2, 3, 4, 5)] == [10.0, 10.0, 16.0, 20.0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weigh_by": "luck"}, "weigh_by = 'luck' is unknown; use reputation or health"),
        ({"min_score": 1.1}, "min_score = 1.1 is out of range; use 0.0 to 1.0"),
        ({"min_score": float("nan")}, "min_score = nan"),
        ({"jitter": -0.1}, "jitter = -0.1"),
        ({"guard": 2.0}, "guard = 2.0"),
        ({"blame_share": 1.5}, "blame_share"),
        ({"window_success": -1.0}, "window_success"),
        ({"open_after": 0}, "open_after = 0 is out of range; use 1 to 65535"),
        ({"open_after": 65_536}, "open_after"),
        ({"window_samples": 0}, "window_samples"),
        ({"pair_failures": 0}, "pair_failures"),
        ({"cooldown": 0.0}, "cooldown = 0.0"),
        ({"probe_timeout": -1.0}, "probe_timeout"),
        ({"slow_start": float("inf")}, "slow_start = inf"),
        ({"auth_recheck": 0.0}, "auth_recheck"),
        ({"ewma_tau": 0.0}, "ewma_tau"),
        ({"rest_base": 90.0, "rest_max": 60.0}, "rest_base = 90.0 contradicts rest_max = 60.0; make rest_base at most"),
        ({"pair_base": 90.0, "pair_max": 60.0}, "pair_base = 90.0 contradicts pair_max = 60.0"),
        ({"blame_proxies": 11}, "blame_proxies = 11 contradicts blame_attempts = 10"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadRules, match=words):
        Rules(**changes)


def test_the_documented_defaults() -> None:
    rules = Rules()
    assert (rules.strategy, rules.weigh_by, rules.min_score, rules.breaker) == (
        "weighted_random",
        "reputation",
        0.0,
        True,
    )
    assert (rules.open_after, rules.cooldown, rules.rest_base, rules.rest_max, rules.jitter) == (5, 300, 60, 1920, 0.2)
    assert (rules.guard, rules.score_probe_every) == (0.5, 300)
    assert (rules.blame_proxies, rules.blame_attempts, rules.blame_share, rules.blame_window) == (3, 10, 0.5, 60)
    assert (rules.auth_gap, rules.auth_recheck) == (60, 86_400)
