"""Log lines: one line each, whatever is in them."""

import io
import json
import logging

from proxyfleet.assembly.logs import start_logging
from proxyfleet.settings.schema import LogSection


def logged(section, *lines):
    stream = io.StringIO()
    start_logging(section, stream)
    log = logging.getLogger("proxyfleet.test")
    for level, text in lines:
        log.log(level, "action=%s", text)
    return stream.getvalue().splitlines()


def test_text_has_time_level_and_name():
    (line,) = logged(LogSection(), (logging.INFO, "a"), (logging.DEBUG, "b"))
    assert line.endswith("Z INFO proxyfleet.test action=a")


def test_json_is_an_object_per_line():
    (line,) = logged(LogSection("warning", "json"), (logging.INFO, "a"), (logging.ERROR, "b"))
    told = json.loads(line)
    assert (told["level"], told["message"], told["logger"]) == ("ERROR", "action=b", "proxyfleet.test")


def test_line_breaks_cannot_forge_a_line():
    (line,) = logged(LogSection(), (logging.INFO, "a\r\nb ERROR forged"))
    assert "a\\r\\nb" in line


def test_a_second_call_replaces_the_first():
    first = io.StringIO()
    start_logging(LogSection(), first)
    assert len(logged(LogSection(), (logging.INFO, "a"))) == 1
    assert first.getvalue() == ""
