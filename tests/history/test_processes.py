"""Promises R1, R2 and R9 over real processes: four of them on one fleet, one killed every second, zero violations.

The short form is part of every test run; PROXYFLEET_SOAK=1 makes it a minute per store.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.history.__main__ import STORES

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("PROXYFLEET_SOAK", "") not in ("", "0")
OPTIONS = ("--seconds", "60") if LONG else ("--seconds", "12", "--operations", "35000", "--least", "5")
ENOUGH = 20_000 if LONG else 1_000
"""Operations without which a run says nothing; a busy machine makes few of them."""


@pytest.mark.parametrize("store", STORES)
def test_processes_that_are_killed_violate_nothing(store: str) -> None:
    hammer(store, *OPTIONS)


@pytest.mark.parametrize("store", STORES)
def test_neither_do_they_where_proxies_share_exits(store: str) -> None:
    hammer(store, "--exits", "9", *(OPTIONS if LONG else ("--seconds", "8", "--operations", "9000", "--least", "4")))


def hammer(store: str, *options: str) -> None:
    """Runs it, and insists on a good verdict about enough."""
    command = [sys.executable, "-m", "tests.history", "--store", store, "--crash-every", "4", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "0 violations" in told
    (operations,) = re.findall(r"([\d,]+) operations", told)
    assert int(operations.replace(",", "")) >= ENOUGH, told
    (kills,) = re.findall(r"(\d+) kills", told)
    assert int(kills) >= 3, told
