"""Every store does what the reference does, batch by batch, whatever operators change meanwhile."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.conformance.batches import STEP, STEPS, Change, Side
from tests.conformance.worlds import KINDS, fence_base, opened_world

from proxyfleet.core.orders import Order

EXAMPLES = 500 if os.environ.get("PROXYFLEET_SOAK") else 30


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_a_store_does_what_the_reference_does(
    kind: str, steps: list[tuple[int, Change | None, list[Order]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory: Path = tmp_path_factory.mktemp("model")
    async with opened_world("memory", directory) as reference, opened_world(kind, directory) as world:
        sides = [Side(reference), Side(world, await fence_base(world))]
        for side in sides:
            await side.begin()
        for passed, change, orders in steps:
            for side in sides:
                side.world.advance(passed * STEP)
                if change is not None:
                    await side.change(change)
            expected, got = [await side.ask(orders) for side in sides]
            assert got == expected
            stands, stood = [await side.standing() for side in sides]
            assert stood == stands
