"""Which proxies there are; what they do together is tested with the whole aggregate."""

import pytest

from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.lab.builders import a_proxy


def test_in_and_out(fleet_of) -> None:
    fleet = fleet_of(2)
    assert (len(fleet), 2 in fleet, 3 in fleet) == (2, True, False)
    fleet.remove(2, 0.0)
    assert list(fleet) == [1]
    with pytest.raises(UnknownProxy):
        fleet.get(2)
    with pytest.raises(DuplicateProxy):
        fleet.add(a_proxy(1), 0.0)
