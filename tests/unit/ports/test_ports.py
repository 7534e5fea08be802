"""The ports fit those who implement them."""

import inspect
import random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.ports import FleetView, GatewayUser


@pytest.mark.parametrize("name", [name for name in vars(FleetView) if not name.startswith("_")])
def test_the_fleet_can_be_called_as_the_port_says(name):
    wanted = inspect.signature(getattr(FleetView, name)).parameters
    offered = inspect.signature(getattr(FleetState(rng=random.Random(1)), name)).parameters
    for parameter in list(wanted.values())[1:]:
        assert parameter.name in offered
        assert offered[parameter.name].kind is parameter.kind


def test_users_are_equal_by_value():
    assert GatewayUser("a", "h") == GatewayUser("a", "h") != GatewayUser("a", "i")
