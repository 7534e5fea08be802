"""Errors at start: a cause and a remedy in one line."""

from proxyfleet.core.errors import FleetError
from proxyfleet.gateway.errors import CannotListen, GatewayError, OpenProxyRefused


def test_cause_and_remedy_are_one_line():
    error = CannotListen("taken", "choose another port")
    assert str(error) == "taken; choose another port"
    assert (error.cause, error.remedy) == ("taken", "choose another port")
    assert isinstance(error, GatewayError)
    assert isinstance(error, FleetError)


def test_an_open_proxy_is_named():
    text = str(OpenProxyRefused("0.0.0.0"))
    assert "0.0.0.0" in text
    assert "user" in text
    assert "\n" not in text
