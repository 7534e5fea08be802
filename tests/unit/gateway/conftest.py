"""Every test of the gateway's rooms runs on both event loops, and on their transports as well as on ours: they differ in
when they pause, resume and report an end.
"""

import asyncio
import inspect

import pytest
import uvloop
from tests.integration import gatewaykit


def pytest_generate_tests(metafunc):
    if inspect.iscoroutinefunction(metafunc.function):
        metafunc.parametrize("own_sockets", [True, False], ids=["own", "loops"], indirect=True)


@pytest.fixture(autouse=True)
def own_sockets(request, monkeypatch):
    """Whether gateways use transports of our own."""
    own = getattr(request, "param", True)
    monkeypatch.setattr(gatewaykit, "OWN_SOCKETS", own)
    return own


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
