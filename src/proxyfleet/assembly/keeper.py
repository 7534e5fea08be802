"""A program of its own, run by its path: ends the process groups that were named to it once whoever named them is gone.

Reads `+GROUP` and `-GROUP`, a line each, from standard input; its end is the sign, for the system closes it however the other
side ends. Imports nothing of proxyfleet, so that it costs little beside a run of commands.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

LOOK_EVERY = 0.05


def left(lines: Iterable[str]) -> set[int]:
    """The groups that were named and not taken back, once nothing more comes."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end(groups: set[int], patience: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """SIGTERM to all of them, SIGKILL to those that are still there after so many seconds."""
    send(groups, signal.SIGTERM)
    for _ in range(int(patience / LOOK_EVERY)):
        if not send(groups, 0):
            return
        sleep(LOOK_EVERY)
    send(groups, signal.SIGKILL)


def send(groups: Iterable[int], number: int) -> int:
    """A signal to every process of them; how many groups there still are."""
    count = 0
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            count += 1
    return count


def main() -> None:
    """Signals of a terminal or a service are for those who are watched; we stay to the end."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    end(left(sys.stdin), float(sys.argv[1]))


if __name__ == "__main__":
    main()
