"""Which changes of settings a running node takes over, and which wait for its next start. A table and a comparison, no action."""

from typing import Final

from proxyfleet.settings.accounts import PROVIDERS
from proxyfleet.settings.load import keys
from proxyfleet.settings.schema import Settings

FIXED: Final = frozenset({"gateway.listen", "gateway.control", "gateway.reuse_port", "gateway.own_sockets"})
"""Of the sections below what belongs to open sockets."""
LIVE_SECTIONS: Final = ("gateway.", "timers.", "limits.", "failover.", "log.")
LIVE: Final = frozenset({"rules.strategy"})


def changed(old: Settings, new: Settings) -> list[str]:
    """The keys whose values differ, in the order of the documentation."""
    found = [key for key in keys() if _value(old, key) != _value(new, key)]
    return found + [PROVIDERS] * (old.providers != new.providers)


def waits(key: str) -> bool:
    """Whether a change of that setting takes effect at the next start only."""
    return key not in LIVE and (key in FIXED or not key.startswith(LIVE_SECTIONS))


def _value(settings: Settings, key: str) -> object:
    section, dot, name = key.rpartition(".")
    return getattr(getattr(settings, section) if dot else settings, name)
