"""Orders are checked before a proxy sees them."""

import pytest

from proxyfleet.lab.behaviour import CHOICES, FIELDS, KINDS, Behaviour, changed


def test_json_like_orders_become_a_new_behaviour() -> None:
    before = Behaviour(username="lab", latency=1.0)
    after = changed(before, {"latency": 2, "banned": ["a.lab"], "error_headers": {"X-A": "1"}, "dead": True})
    assert (after.latency, after.banned, after.error_headers, after.dead) == (2.0, {"a.lab"}, (("X-A", "1"),), True)
    assert after.username == "lab"
    assert before.latency == 1.0


def test_null_takes_an_optional_value_back() -> None:
    assert changed(Behaviour(stall_after=5, username="a"), {"stall_after": None, "username": None}) == Behaviour()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"latncy": 1}, "unknown behaviour 'latncy'"),
        ({"latency": "1"}, "latency must be a number"),
        ({"latency": True}, "latency must be a number"),
        ({"latency": -1}, "must not be negative"),
        ({"latency": None}, "latency must be a number"),
        ({"dead": 1}, "dead must be true or false"),
        ({"quota": 1.5}, "quota must be a whole number"),
        ({"banned": "a.lab"}, "banned must be a list of texts"),
        ({"banned": [1]}, "banned must be a list of texts"),
        ({"error_headers": 3}, "error_headers must be an object"),
        ({"error_headers": [["a"]]}, "error_headers must be an object"),
        ({"error_rate": 1.1}, "between 0.0 and 1.0"),
        ({"speaks": "gopher"}, "speaks must be one of"),
        ({"claims": "ftp"}, "claims must be one of"),
        ({"quota_status": 500}, "quota_status must be one of"),
        ({"bandwidth": 0}, "at least 1 byte"),
        ({"exit": "8.8.8.8"}, "exit must be a loopback address"),
        ({"username": 3}, "username must be a text"),
    ],
)
def test_bad_orders_say_what_is_wrong(order: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        changed(Behaviour(), order)


def test_every_field_that_is_no_text_has_a_kind() -> None:
    texts = {"username", "password", "speaks", "claims", "anonymity", "exit", "rotate"}
    assert set(KINDS) | texts == FIELDS
    assert set(CHOICES) <= FIELDS


def test_the_password_stays_out_of_the_repr() -> None:
    assert "hunter2" not in repr(Behaviour(username="lab", password="hunter2"))


def test_parameters_are_taken_where_they_mean_something() -> None:
    assert not Behaviour().takes_parameters
    assert Behaviour(rotate="session").takes_parameters
    assert Behaviour(requires=frozenset({"country"})).takes_parameters
