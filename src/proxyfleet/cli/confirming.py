"""Asks a person before something that cannot be undone; programs say `--yes`."""

import sys

from .failing import BadUsage, Ended, ExitCode


def confirm(question: str) -> None:
    """Return when the answer is yes. Raises `BadUsage` when nobody is there, `Ended` when it is no."""
    if not sys.stdin.isatty():
        raise BadUsage("nobody is there to confirm; give --yes")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Ended(ExitCode.FAILED)
