"""Every way in which a command can end, as exit codes, and what is printed then: one line with the remedy, never a traceback."""

import os
import sys
import traceback
from enum import IntEnum
from types import TracebackType
from typing import Final

from proxyfleet.core.errors import FleetError


class ExitCode(IntEnum):
    """Documented in docs/reference/cli.md, which is drawn from `MEANINGS`."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERNAL = 70
    INTERRUPTED = 130


MEANINGS: Final[dict[ExitCode, str]] = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "the request found nothing or could not be fulfilled: no eligible proxy, no valid line, unknown id",
    ExitCode.USAGE: "wrong usage: an option, a selector or a setting that cannot be used",
    ExitCode.UNAVAILABLE: "something that is needed is not available: the store, the key, the node, the port",
    ExitCode.INTERNAL: "an error of proxyfleet itself; `--debug` shows where",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}

_USAGE: Final = frozenset(
    {
        "bad_settings",
        "bad_selector",
        "unknown_strategy",
        "bad_proxy",
        "bad_rules",
        "bad_change",
        "bad_user",
        "bad_usage",
    }
    | {"bad_store_url", "node_file", "node_refused", "open_proxy_refused"}
)
_UNAVAILABLE: Final = frozenset(
    {"store_error", "store_unusable", "store_busy", "store_locked", "store_closed", "node_unreachable", "cannot_listen"}
)


class BadUsage(FleetError):
    """Options that cannot be used together, or a value that does not fit; the text says what would."""

    code = "bad_usage"


class Ended(Exception):
    """A command that has said everything already and ends with this exit code."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code.name)
        self.exit_code = code


def exit_code_of(error: FleetError) -> ExitCode:
    """By the stable code of the error."""
    if error.code in _USAGE:
        return ExitCode.USAGE
    return ExitCode.UNAVAILABLE if error.code in _UNAVAILABLE else ExitCode.FAILED


class Reporting:
    """Within it every error becomes a line on standard error and a `SystemExit` with the exit code."""

    def __init__(self, *, debug: bool = False) -> None:
        self._debug = debug

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, SystemExit):
            return
        if self._debug and not isinstance(error, Ended):
            traceback.print_exception(error, file=sys.stderr)
        raise SystemExit(int(_told(error))) from None


def _told(error: BaseException) -> ExitCode:
    if isinstance(error, Ended):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    if isinstance(error, FleetError):
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return exit_code_of(error)
    if isinstance(error, ImportError):
        print(f"error: {error}; install proxyfleet again, with its dependencies", file=sys.stderr)
        return ExitCode.UNAVAILABLE
    print(f"error: unexpected {type(error).__name__}; repeat with --debug to see where", file=sys.stderr)
    return ExitCode.INTERNAL
