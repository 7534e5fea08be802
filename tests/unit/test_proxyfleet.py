"""The public names: all there, imported only when used."""

import subprocess
import sys

import pytest

import proxyfleet

PROMISED = {
    "ProxyPool", "ProxyConfig", "ProxyHealth", "ProxyState", "use_proxy", "Proxy", "Selector", "Strategy", "Outcome",
}  # fmt: skip


def test_every_promised_name_is_there_and_listed() -> None:
    assert set(dir(proxyfleet)) >= PROMISED
    for name in dir(proxyfleet):
        assert getattr(proxyfleet, name) is not None


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = proxyfleet.nonsense


def test_importing_the_package_imports_none_of_its_rooms() -> None:
    program = "import sys, proxyfleet; print(sorted(n for n in sys.modules if n.startswith('proxyfleet.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


def test_strategies_are_named_by_their_text() -> None:
    assert {strategy.value for strategy in proxyfleet.Strategy} >= {"weighted_random", "sticky", "two_choices"}
    assert len(proxyfleet.ProxyPool(["h.example:1"], rotation_strategy=proxyfleet.Strategy.STICKY)) == 1
