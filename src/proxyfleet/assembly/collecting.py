"""Keeps Python's search for garbage out of the way of work that makes very many objects which stay. Knows no work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = (50_000, 50, 50)
"""New objects between two looks at the youngest, and how many of those between two looks at the older ones."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within it garbage is looked for seldom: a load or an import would spend a fifth of its time on looking in vain."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
