"""ProxyPool: what a scraper relies on. Time and chance are given; threads are real."""

import asyncio
import logging
from random import Random
from threading import Thread

import pytest

from proxyfleet import FleetError, ProxyConfig, ProxyPool, ProxyState

SERVERS = ["http://a.example:1", "http://b.example:1", "http://c.example:1"]


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


def pool_of(*proxies, **options):
    return ProxyPool(proxies or SERVERS, clock=options.pop("clock", Hand()), rng=Random(7), **options)


def test_an_empty_pool_gives_none():
    assert ProxyPool().get_proxy() is None


def test_a_checked_out_proxy_is_a_config_and_equals_the_one_added():
    config = ProxyConfig("http://a.example:1", "u", "p", tags=["x"])
    assert pool_of(config).get_proxy() == config


def test_no_proxy_carries_more_check_outs_than_allowed():
    pool = pool_of(max_concurrent_per_proxy=2)
    held = [pool.get_proxy() for _ in range(6)]
    assert all(held)
    assert pool.get_proxy() is None
    pool.release_proxy(held[0])
    assert pool.get_proxy() == held[0]


def test_a_check_out_gives_its_slot_back_once_and_then_only_records():
    pool = pool_of("http://a.example:1", max_concurrent_per_proxy=2)
    first, second = pool.get_proxy(), pool.get_proxy()
    pool.record_success(first, 0.1)
    pool.record_success(first, 0.1)
    pool.release_proxy(first)
    assert pool.get_metrics()["active_requests"] == 1
    assert pool.get_proxy_health(first)["total_requests"] == 2
    pool.release_proxy(second)
    assert pool.get_metrics()["active_requests"] == 0


def test_a_plain_config_acts_on_one_of_its_slots():
    pool = pool_of("http://a.example:1", max_concurrent_per_proxy=3)
    for _ in range(2):
        pool.get_proxy()
    pool.record_failure(ProxyConfig("http://a.example:1"), "timeout")
    assert pool.get_metrics()["active_requests"] == 1
    pool.release_proxy("http://a.example:1")
    pool.release_proxy("http://a.example:1")
    assert pool.get_metrics()["active_requests"] == 0


def test_tags_are_all_required_and_exclusions_are_kept_out():
    pool = pool_of(
        ProxyConfig("http://a.example:1", tags=["x"]),
        ProxyConfig("http://b.example:1", tags=["x", "y"]),
        ProxyConfig("http://c.example:1"),
    )
    assert pool.get_proxy(tags=["x", "y"]).server == "http://b.example:1"
    assert pool.get_proxy(tags=["nobody"]) is None
    assert pool.get_proxy(exclude_proxies=[SERVERS[0], ProxyConfig(SERVERS[2])]).server == SERVERS[1]
    assert pool.get_proxy(tags="y").server == "http://b.example:1"


def test_health_is_a_dict_with_the_promised_keys_and_the_known_score():
    pool = pool_of("http://a.example:1")
    pool.record_success(pool.get_proxy(), response_time=0.25)
    health = pool.get_proxy_health("http://a.example:1")
    assert set(health) == {
        "health_score", "state", "total_requests", "successful_requests", "failed_requests", "success_rate",
        "average_response_time", "consecutive_failures", "last_success", "last_failure",
    }  # fmt: skip
    assert health["health_score"] == pytest.approx(1.0)
    assert (health["state"], health["success_rate"], health["last_failure"]) == (ProxyState.CLOSED, 1.0, None)


def test_five_failures_open_the_circuit_and_one_probe_closes_it():
    clock = Hand()
    pool = pool_of("http://a.example:1", clock=clock, min_health_score=0.0)
    for _ in range(5):
        pool.record_failure(pool.get_proxy(), "connect")
    assert pool.get_proxy() is None
    assert pool.get_proxy_health("http://a.example:1")["state"] is ProxyState.OPEN
    assert pool.get_metrics()["proxy_circuit_breaker_opens_total"] == 1
    clock.now += 361.0
    probe = pool.get_proxy()
    assert probe is not None
    assert pool.get_proxy() is None
    pool.record_success(probe, 0.1)
    assert pool.get_proxy_health("http://a.example:1")["state"] is ProxyState.CLOSED


def test_without_the_breaker_backoff_alone_rests_from_the_first_failure():
    clock = Hand()
    pool = pool_of("http://a.example:1", clock=clock, min_health_score=0.0, enable_circuit_breaker=False)
    pool.record_failure(pool.get_proxy(), "timeout")
    assert pool.get_proxy() is None
    assert pool.get_proxy_health("http://a.example:1")["state"] is ProxyState.CLOSED
    clock.now += 73.0
    assert pool.get_proxy() is not None


def test_failures_that_are_not_the_proxys_fault_leave_its_score_alone():
    pool = pool_of("http://a.example:1")
    for category in ("client_abort", "target", "rate_limit", "banned", "quota"):
        pool.record_failure(pool.get_proxy(), category)
    health = pool.get_proxy_health("http://a.example:1")
    assert (health["consecutive_failures"], health["failed_requests"], health["health_score"]) == (0, 5, 0.5)


def test_reset_forgets_and_removal_leaves_late_outcomes_without_effect():
    pool = pool_of()
    held = pool.get_proxy()
    pool.record_failure(held, "connect")
    pool.reset_proxy(held)
    assert pool.get_proxy_health(held)["total_requests"] == 0
    assert pool.remove_proxy(held)
    assert not pool.remove_proxy(held)
    pool.record_success(held)
    assert pool.get_metrics()["total_proxies"] == len(pool) == 2


def test_adding_the_same_proxy_again_replaces_it_and_keeps_its_health():
    pool = pool_of("http://a.example:1")
    pool.record_success("http://a.example:1", 0.1)
    pool.add_proxy(ProxyConfig("http://a.example:1", tags=["new"]))
    assert len(pool) == 1
    assert pool.get_proxy(tags=["new"]) is not None
    assert pool.get_proxy_health("http://a.example:1")["total_requests"] == 1


def test_all_health_names_proxies_by_server_and_by_user_where_servers_are_shared():
    pool = pool_of("http://a.example:1", ProxyConfig("b.example:1", "u1", "x"), ProxyConfig("b.example:1", "u2", "x"))
    assert set(pool.get_all_proxy_health()) == {"http://a.example:1", "u1@http://b.example:1", "u2@http://b.example:1"}


@pytest.mark.parametrize(
    "options",
    [
        {"rotation_strategy": "nonsense"},
        {"min_health_score": 1.5},
        {"max_concurrent_per_proxy": 0},
    ],
)
def test_impossible_options_are_refused_with_the_range_or_the_list(options):
    with pytest.raises(FleetError, match="use"):
        ProxyPool(**options)


def test_an_unknown_category_is_refused_with_the_list():
    pool = pool_of()
    with pytest.raises(ValueError, match="client_abort"):
        pool.record_failure(SERVERS[0], "nonsense")


def test_from_env_warns_of_bad_parts_and_refuses_when_nothing_is_left(caplog):
    with caplog.at_level(logging.WARNING):
        pool = ProxyPool.from_env({"PROXY_LIST": "a.example:1,nonsense"}, max_concurrent_per_proxy=1)
    assert len(pool) == 1
    assert "part 2" in caplog.text
    assert len(ProxyPool.from_env({})) == 0
    with pytest.raises(FleetError):
        ProxyPool.from_env({"PROXY_SERVER": "nonsense"})


def test_eight_threads_keep_the_counts():
    pool = ProxyPool(SERVERS, max_concurrent_per_proxy=2, rng=Random(1))
    tallies = []

    def scrape(seed):
        rng, tally = Random(seed), [0, 0, 0]
        for _ in range(1500):
            proxy = pool.get_proxy()
            if proxy is None:
                continue
            kind = rng.randrange(3)
            tally[kind] += 1
            if kind == 0:
                pool.record_success(proxy, 0.1)
            elif kind == 1:
                pool.record_failure(proxy, "client_abort")
            else:
                pool.release_proxy(proxy)
        tallies.append(tally)

    threads = [Thread(target=scrape, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    metrics = pool.get_metrics()
    successes, failures, releases = (sum(tally[kind] for tally in tallies) for kind in range(3))
    assert metrics["proxy_successes_total"] == successes
    assert metrics["proxy_failures_total"] == failures
    assert metrics["proxy_selections_total"] == successes + failures + releases
    assert metrics["active_requests"] == 0
    assert sum(h["total_requests"] for h in pool.get_all_proxy_health().values()) == successes + failures


async def test_many_tasks_never_exceed_the_cap_and_keep_the_counts():
    pool = ProxyPool(SERVERS, max_concurrent_per_proxy=2, rng=Random(1))
    most = 0

    async def scrape():
        nonlocal most
        for _ in range(50):
            proxy = pool.get_proxy()
            if proxy is not None:
                most = max(most, pool.get_metrics()["active_requests"])
                await asyncio.sleep(0)
                pool.record_success(proxy, 0.1)

    await asyncio.gather(*(scrape() for _ in range(20)))
    metrics = pool.get_metrics()
    assert most <= 6
    assert (metrics["active_requests"], metrics["proxy_successes_total"]) == (0, metrics["proxy_selections_total"])
