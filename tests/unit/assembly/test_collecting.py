"""Garbage is looked for seldom while much is made, and as before afterwards."""

import gc

import pytest

from proxyfleet.assembly.collecting import SELDOM, seldom_collected


def test_thresholds_are_those_of_before_whatever_happens():
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold() == SELDOM
    with pytest.raises(KeyError), seldom_collected():
        raise KeyError
    assert gc.get_threshold() == before
    assert gc.isenabled()
