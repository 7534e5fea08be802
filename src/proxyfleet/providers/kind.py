"""What a kind of provider is: how an account at it is opened, and what people have to know to set one up."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.proxy import Secret
from proxyfleet.ports.buying import Ability, Provider
from proxyfleet.ports.calling import Call

Sleep = Callable[[float], Awaitable[object]]


class BadProvider(FleetError):
    """An account that cannot be opened: an unknown kind, an option it does not know, a value that does not fit."""

    code = "bad_provider"


class Account(NamedTuple):
    """What an account is opened with. `clock` is UTC seconds."""

    name: str
    key: Secret
    call: Call
    options: Mapping[str, str]
    clock: Clock
    sleep: Sleep


class ProviderKind(NamedTuple):
    """`options` are those of the account, `terms` those of a wish: name to meaning. An option `field.*` stands for many."""

    what: str
    abilities: frozenset[Ability]
    open: Callable[[Account], Provider]
    options: Mapping[str, str] = {}
    terms: Mapping[str, str] = {}
