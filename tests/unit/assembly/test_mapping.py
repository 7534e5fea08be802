"""Settings reach the gateway unchanged, and the defaults of both sides are the same."""

from dataclasses import replace

from proxyfleet.assembly.mapping import gateway_settings
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.settings.schema import FailoverSection, GatewaySection, LimitsSection, Settings, TimersSection


def test_defaults_are_those_of_the_gateway():
    assert gateway_settings(Settings()) == GatewaySettings()


def test_values_arrive():
    settings = Settings(
        gateway=GatewaySection(
            listen=("::1", 5), allow_clients=("10.0.0.0/8",), refuse_addresses=frozenset({("h", 1)})
        ),
        timers=TimersSection(dial=1.5),
        limits=LimitsSection(head_fields=9, connections=3),
        failover=FailoverSection(attempts=7),
    )
    told = gateway_settings(settings, own=("127.0.0.1", 2))
    assert (told.listen, told.allow_clients) == (("::1", 5), ("10.0.0.0/8",))
    assert told.refuse_addresses == {("h", 1), ("127.0.0.1", 2)}
    assert (told.timers.dial, told.limits.head.fields, told.limits.connections, told.failover.attempts) == (
        1.5,
        9,
        3,
        7,
    )
    assert replace(told.timers, dial=10.0) == GatewaySettings().timers
