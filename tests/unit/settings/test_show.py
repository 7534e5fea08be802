"""What people see of their settings."""

from proxyfleet.settings import load, meanings, rows

ENVIRON = {"HOME": "/h", "PROXYFLEET_KEY": "canary", "PROXYFLEET_GATEWAY_CONTROL": "off"}


def test_rows_tell_value_origin_and_variable():
    found = {row.key: row for row in rows(load(environ=ENVIRON))}

    assert found["gateway.control"].value == "off"
    assert found["gateway.control"].origin == "PROXYFLEET_GATEWAY_CONTROL"
    assert found["gateway.listen"].origin == "default"
    assert found["gateway.listen"].value == found["gateway.listen"].default == "127.0.0.1:8899"
    assert found["rules.open_after"].variable == "PROXYFLEET_RULES_OPEN_AFTER"


def test_secrets_stay_stars():
    shown = {row.key: row.value for row in rows(load(environ=ENVIRON))}
    assert shown["key"] == "***"
    assert "canary" not in str(shown)
    assert {row.key: row.value for row in rows(load(environ={"HOME": "/h"}))}["key"] == ""


def test_the_rules_are_explained_by_their_own_words():
    told = meanings()
    assert told["rules.jitter"].startswith("up to this share is added to every rest")
    assert told["rules.rest_base"] == told["rules.rest_max"]
    assert told["rules.window_success"].endswith("below `window_success`.")
