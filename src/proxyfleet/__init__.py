"""proxyfleet: one system that knows every proxy, hands each out safely, watches its health, serves them behind one address.

The public names, imported when first used so that `import proxyfleet` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxyfleet.assembly.fleet import Fleet as Fleet
    from proxyfleet.assembly.leased import LeasedProxy as LeasedProxy
    from proxyfleet.assembly.sessions import SessionManager as SessionManager
    from proxyfleet.core.errors import FleetError as FleetError
    from proxyfleet.core.outcome import Outcome as Outcome
    from proxyfleet.core.proxy import Proxy as Proxy
    from proxyfleet.core.selector import Selector as Selector
    from proxyfleet.core.strategies.names import StrategyName as Strategy
    from proxyfleet.pool.config import ProxyConfig as ProxyConfig
    from proxyfleet.pool.pool import ProxyHealth as ProxyHealth
    from proxyfleet.pool.pool import ProxyPool as ProxyPool
    from proxyfleet.pool.pool import ProxyState as ProxyState
    from proxyfleet.pool.use import NoProxyAvailable as NoProxyAvailable
    from proxyfleet.pool.use import use_proxy as use_proxy
    from proxyfleet.services.refusing import ClaimRefused as ClaimRefused

_HOMES = {
    "ClaimRefused": "services.refusing",
    "Fleet": "assembly.fleet",
    "LeasedProxy": "assembly.leased",
    "SessionManager": "assembly.sessions",
    "FleetError": "core.errors",
    "Outcome": "core.outcome",
    "Proxy": "core.proxy",
    "Selector": "core.selector",
    "Strategy": "core.strategies.names",
    "ProxyConfig": "pool.config",
    "ProxyHealth": "pool.pool",
    "ProxyPool": "pool.pool",
    "ProxyState": "pool.pool",
    "NoProxyAvailable": "pool.use",
    "use_proxy": "pool.use",
}
_RENAMED = {"Strategy": "StrategyName"}
__all__ = [
    "ClaimRefused",
    "Fleet",
    "FleetError",
    "LeasedProxy",
    "NoProxyAvailable",
    "Outcome",
    "Proxy",
    "ProxyConfig",
    "ProxyHealth",
    "ProxyPool",
    "ProxyState",
    "Selector",
    "SessionManager",
    "Strategy",
    "use_proxy",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'proxyfleet' has no attribute {name!r}")
    return getattr(import_module(f"proxyfleet.{_HOMES[name]}"), _RENAMED.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
