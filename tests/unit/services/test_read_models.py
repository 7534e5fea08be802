"""What faces show: no secrets, the order of A5, and selectors over facts as picks judge them."""

import json
import random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Details, Secret
from proxyfleet.core.selector import Selector
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services import read_models

NOW = 1_000_000.0
DAY = 86_400.0


@pytest.fixture
def fleet():
    made = FleetState(rng=random.Random(1))
    details = Details(refresh_url=Secret("canary"), notes="n", min_interval=2.0)
    made.add(a_proxy(1, username="u", password="canary", country="DE", tags={"b", "a"}, details=details), NOW)
    made.add(a_proxy(2, expires_at=NOW + 3 * DAY + 1), NOW)
    made.add(a_proxy(3, expires_at=NOW + 9 * DAY, country="US"), NOW)
    made.add(a_proxy(4, expires_at=NOW - 1), NOW)
    return made


def test_rows_become_json_without_secrets(fleet):
    text = json.dumps([read_models.row(fleet, proxy_id, NOW) for proxy_id in fleet])
    assert "canary" not in text
    row = json.loads(text)[0]
    assert (row["has_password"], row["tags"], row["country"], row["notes"]) == (True, ["a", "b"], "DE", "n")
    assert row["health"]["reputation"] == 50


def test_most_days_left_first_none_last(fleet):
    assert read_models.in_listing_order(fleet, iter(fleet)) == [3, 2, 4, 1]


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("country=DE", [1]),
        ("tag=a", [1]),
        ("exclude=1,2", [3, 4]),
        ("days_left>=3", [1, 2, 3]),
        ("days_left<0", [4]),
        ("days_left=", [1]),
        ("id=2,3", [2, 3]),
        ("host=198.18.0.3", [3]),
        ("username=u", [1]),
        ("notes=n", [1]),
        ("min_interval>=1", [1]),
        ("reputation>=51", []),
        ("uses=0 status=active port=8080 capacity=5 free=5", [1, 2, 3, 4]),
        ("min_score=1.0", []),
    ],
)
def test_selectors_name_proxies_whether_or_not_they_may_be_used(fleet, selector, ids):
    assert list(read_models.matching(fleet, Selector.parse(selector), NOW)) == ids


def test_health_counts_what_traffic_taught(fleet):
    fleet.record(1, Outcome.succeeded(0.25), NOW)
    shown = read_models.row(fleet, 1, NOW)["health"]
    assert (shown["successes"], shown["attempts"], shown["last_success"]) == (1, 1, "1970-01-12T13:46:40Z")
    assert list(read_models.matching(fleet, Selector.parse("uses=1"), NOW)) == [1]


def test_figures_have_the_names_of_the_specification(fleet):
    told = read_models.stats(fleet, NOW)
    assert (told["total_proxies"], told["available"], told["expired"], told["current"]) == (4, 3, 1, 0)
    assert (told["total_capacity"], told["available_capacity"]) == (20, 15)
    json.dumps(told)


def test_explanations_name_addresses(fleet):
    told = {row["id"]: row for row in read_models.explained(fleet, Selector.parse("country=DE"), NOW)}
    assert told[1]["eligible"] is True
    assert told[3]["code"] == "not_wanted"
    assert told[4]["address"] == "http://198.18.0.4:8080"


def test_a_proxy_that_goes_while_explained_is_left_out(fleet):
    rows = read_models.explained(fleet, Selector(), NOW)
    next(rows)
    fleet.remove(3, NOW)
    assert [row["id"] for row in rows] == [2, 4]


def test_instants():
    assert read_models.instant(None) is None
    assert read_models.instant(0.9) == "1970-01-01T00:00:00Z"
    assert read_models.instant(1e18) == "1e+18"
