"""The table of settings is complete: each has kind and meaning, and defaults that its own kind accepts."""

import pytest

from proxyfleet.core.rules import Rules
from proxyfleet.settings.load import keys
from proxyfleet.settings.schema import SECTIONS, GatewaySection, Settings
from proxyfleet.settings.show import meanings


@pytest.mark.parametrize("key", list(keys()))
def test_every_default_fits_its_kind(key):
    kind, default = keys()[key]
    if key not in ("store", "key"):
        assert kind.read(kind.write(default)) == default


def test_every_setting_has_a_meaning():
    told = meanings()
    assert list(told) == list(keys())
    assert all(len(text) > 10 for text in told.values())


def test_sections_stand_where_they_are_listed():
    settings = Settings()
    assert all(isinstance(getattr(settings, name), record) for name, record in SECTIONS.items())
    assert settings.rules == Rules()
    assert str(GatewaySection().selector) == ""
