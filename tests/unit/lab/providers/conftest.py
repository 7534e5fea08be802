"""A shop with a clock that stands still, and calls to its sites without a socket."""

import json
from decimal import Decimal

import pytest

from proxyfleet.lab import HandClock
from proxyfleet.lab.providers import Shop
from proxyfleet.lab.providers.site import Called

KEY = "lab-key"


@pytest.fixture
def clock():
    return HandClock(1_764_000_000.0)


@pytest.fixture
def shop(clock):
    return Shop(clock, balance=Decimal(10))


def ask(site, path, method="GET", token=KEY, body=None, **query):
    """(status, what the JSON of the answer holds) of one call."""
    call = Called(method, path, query, body or {}, token)
    reply = site.carried_out(site.named(call), call)
    return reply.status, json.loads(reply.body) if reply.body else None
