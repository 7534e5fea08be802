"""Every way in which a command can end, as exit codes, and what is printed then: one line with the remedy, never a traceback."""

import errno
import json
import os
import sys
import traceback
from enum import IntEnum
from types import TracebackType
from typing import Final

from proxyfleet.core.errors import FleetError

from .stopping import Stopping
from .streams import printable


class ExitCode(IntEnum):
    """Documented in docs/reference/cli.md, which is drawn from `MEANINGS`."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERNAL = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: Final[dict[ExitCode, str]] = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "the request found nothing or could not be fulfilled: no eligible proxy, no valid line, unknown id",
    ExitCode.USAGE: "wrong usage: an option, a selector or a setting that cannot be used",
    ExitCode.UNAVAILABLE: "something that is needed is not available: the store, the key, the node, the port",
    ExitCode.INTERNAL: "an error of proxyfleet itself; `--debug` shows where",
    ExitCode.HUNG_UP: "ended in order because its terminal was closed (SIGHUP)",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
    ExitCode.TERMINATED: "ended in order by SIGTERM; `serve` and what else runs until it is stopped ends with 0 then",
}
_NO_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What writing to standard output may fail with; files of ours have their own errors."""

_USAGE: Final = frozenset(
    {
        "bad_settings",
        "bad_selector",
        "bad_target",
        "unknown_strategy",
        "bad_proxy",
        "bad_rules",
        "bad_change",
        "bad_user",
        "bad_usage",
        "bad_source_definition",
        "bad_judge",
    }
    | {"bad_store_url", "node_file", "node_refused", "open_proxy_refused", "bad_certificate", "bad_trust"}
    | {"sheet_not_found", "sheet_foreign", "bad_sheet_key"}
    | {"bad_provider", "unknown_provider", "no_budget", "bad_terms", "not_offered"}
)
_UNAVAILABLE: Final = frozenset(
    {
        "no_database",
        "secret_lost",
        "store_error",
        "store_unusable",
        "store_busy",
        "store_away",
        "store_locked",
        "store_closed",
        "node_unreachable",
        "cannot_listen",
        "judge_failed",
    }
    | {"no_key", "bad_key", "away"}
    | {"sheet_unavailable", "sheet_busy", "sheet_refused", "no_sheet_access", "sheet_unusable"}
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
    """Within it every error becomes a line on standard error and a `SystemExit` with the exit code.

    With `json` the line is an object for programs. SIGTERM and SIGHUP end a command in the same order as Ctrl-C does.
    """

    def __init__(self, *, debug: bool = False, json: bool = False) -> None:
        self._debug = debug
        self._json = json
        self._stopping = Stopping()

    def __enter__(self) -> None:
        self._stopping.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.end()
        error = _flushed(error)
        if error is None or isinstance(error, SystemExit):
            return
        if self._debug and not isinstance(error, Ended):
            traceback.print_exception(error, file=sys.stderr)
        if isinstance(error, KeyboardInterrupt):
            raise SystemExit(self._stopping.exit_code) from None
        raise SystemExit(int(self._told(error))) from None

    def _told(self, error: BaseException) -> ExitCode:
        if isinstance(error, Ended):
            return error.exit_code
        if isinstance(error, BrokenPipeError):
            _abandon_output()  # whoever read our output has gone
            return ExitCode.FAILED
        code, problem, ends = _meaning(error)
        tell(code, problem, json=self._json)
        return ends


def _flushed(error: BaseException | None) -> BaseException | None:
    """What the command has written is out, or that is the error: the interpreter would complain about it at its end."""
    try:
        sys.stdout.flush()
    except OSError as trouble:
        return error if error is not None and not isinstance(error, Ended | SystemExit) else trouble
    return error


def _abandon_output() -> None:
    """Nothing that is still to be written can be, so that the interpreter does not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _meaning(error: BaseException) -> tuple[str, str, ExitCode]:
    """Stable code, text, exit code."""
    if isinstance(error, FleetError):
        return error.code, "; ".join([str(error), *getattr(error, "__notes__", ())]), exit_code_of(error)
    if isinstance(error, ImportError):
        return "not_installed", f"{error}; install proxyfleet again, with its dependencies", ExitCode.UNAVAILABLE
    if isinstance(error, OSError) and error.errno in _NO_OUTPUT and error.filename is None:
        _abandon_output()
        return "no_output", f"the output cannot be written ({error.strerror}); send it elsewhere", ExitCode.FAILED
    told = f"unexpected {type(error).__name__}; repeat with --debug to see where"
    return "internal", told, ExitCode.INTERNAL


def tell(code: str, problem: str, *, json: bool) -> None:
    """The error to standard error: a line for people each of its lines, one object for programs."""
    if json:
        print(as_json(code, problem), file=sys.stderr)
        return
    for line in problem.splitlines():
        print(f"error: {printable(line)}", file=sys.stderr)


def as_json(code: str, problem: str) -> str:
    """One line: `{"error": {"code": ..., "message": ...}}`."""
    return json.dumps({"error": {"code": code, "message": problem}})
