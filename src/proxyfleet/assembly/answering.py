"""Finds who answers a question of the command line: the running node, or a fleet loaded from the store for this one call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import SystemRandom
from typing import Final

from proxyfleet.clock import wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.services.inventory import fill
from proxyfleet.services.questions import Questions
from proxyfleet.settings import Loaded

from .asking import NodeClient
from .members import Speaker, find_members
from .opening import opened
from .runtime import node_file

OFF: Final = "off"

Answers = Questions | NodeClient


@asynccontextmanager
async def answers(loaded: Loaded, named: str | None) -> AsyncIterator[tuple[Answers, bool]]:
    """Who answers, and whether that is a living node. A node that was named must answer; one that is found may be gone."""
    settings = loaded.settings
    named = named or loaded.node
    members = None if named == OFF else find_members(named, loaded.node_token, node_file(settings))
    node = None if members is None else Speaker(members)
    if node is not None and (named or await node.lives()):
        yield node, True
        return
    async with opened(settings, missing="refuse") as found:
        fleet = FleetState(settings.rules, rng=SystemRandom())
        await fill(fleet, found.store, wall_clock())
        table, standing = LeaseTable(fleet), await found.claims.standing()
        table.replace(standing.leases, standing.holds, wall_clock())
        yield Questions(fleet, wall_clock, table=table), False
