"""Log lines on standard error, as text or JSON (SPEC H8). Chooses form and level; what is logged is everybody's own business."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from proxyfleet.settings.schema import LogSection


class TextForm(logging.Formatter):
    """`2026-01-31T12:00:00Z INFO proxyfleet.gateway action=...`; line breaks are escaped, so a line stays a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return f"{_when(record)} {record.levelname} {record.name} {_message(record)}"


class JsonForm(logging.Formatter):
    """The same as an object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told = {"time": _when(record), "level": record.levelname, "logger": record.name, "message": _message(record)}
        return json.dumps(told)


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _message(record: logging.LogRecord) -> str:
    # Tracebacks are left out: they show values of variables' callers to whoever reads the log.
    return record.getMessage().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def start_logging(section: LogSection, stream: TextIO | None = None) -> logging.Handler:
    """Send the program's log lines to `stream`, standard error by default; a second call replaces the first."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonForm() if section.format == "json" else TextForm())
    root = logging.getLogger("proxyfleet")
    root.handlers[:] = [handler]
    root.setLevel(section.level.upper())
    root.propagate = False
    return handler
