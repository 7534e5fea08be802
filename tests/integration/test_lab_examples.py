"""The examples of the lab run as they are written."""

import asyncio
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("lab_*.py"))


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
async def test_it_runs_to_its_end(example: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error::ResourceWarning", str(example), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert out
