"""Which settings a running node takes over."""

from dataclasses import replace

import pytest

from proxyfleet.assembly.reloading import FIXED, LIVE, changed, waits
from proxyfleet.core.rules import Rules
from proxyfleet.settings.load import keys
from proxyfleet.settings.schema import GatewaySection, LogSection, Settings


def test_what_has_changed():
    old = Settings()
    new = replace(old, gateway=GatewaySection(via=False), rules=Rules(strategy="random"), log=LogSection("debug"))
    assert changed(old, new) == ["gateway.via", "rules.strategy", "log.level"]
    assert changed(old, old) == []


@pytest.mark.parametrize(
    ("key", "late"),
    [
        ("gateway.via", False),
        ("gateway.tls_certificate", False),
        ("gateway.answer_rules", False),
        ("timers.dial", False),
        ("limits.held", False),
        ("failover.attempts", False),
        ("rules.strategy", False),
        ("log.level", False),
        ("gateway.listen", True),
        ("gateway.control", True),
        ("store", True),
        ("key_file", True),
        ("rules.cooldown", True),
    ],
)
def test_what_waits_for_the_next_start(key, late):
    assert key in keys()
    assert waits(key) is late


def test_the_tables_name_settings():
    assert set(keys()) >= FIXED | LIVE
