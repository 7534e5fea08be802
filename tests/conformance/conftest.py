"""One world per kind of store that decides about claims."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conformance.claimkit import World
from tests.conformance.worlds import KINDS, opened_world


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(request.param, tmp_path) as made:
        yield made
