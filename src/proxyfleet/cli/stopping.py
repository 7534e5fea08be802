"""SIGTERM, and a terminal that is closed, end a command as Ctrl-C does: what was begun is finished or undone. Nothing else.

Commands that stop in an order of their own (`serve`, `run`) take the signals over while they run.
"""

import signal
import threading
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
BASE: Final = 128
"""What shells add to the number of a signal."""


class Stopping:
    """`begin`, then `end`; both once. Only signals that would kill are caught: what `nohup` ignores stays ignored."""

    def __init__(self) -> None:
        self._by: int = signal.SIGINT
        self._caught: list[signal.Signals] = []

    @property
    def exit_code(self) -> int:
        """By the signal that came last."""
        return BASE + self._by

    def begin(self) -> None:
        """From now on."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._caught = [one for one in SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
        for one in self._caught:
            signal.signal(one, self._came)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        self._by = number
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job in the background of a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    def end(self) -> None:
        """As it was."""
        for one in self._caught:
            signal.signal(one, signal.SIG_DFL)
