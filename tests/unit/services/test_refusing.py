"""Every code has a cause and a remedy in one line."""

import re
from pathlib import Path

import proxyfleet
from proxyfleet.core.lease import FOREVER, Holder
from proxyfleet.services.refusing import CODES, ClaimRefused, words


def test_every_code_is_one_line_with_a_remedy() -> None:
    for code, why in CODES.items():
        told = words(code, 5.0, Holder("ann"))
        assert "; " in told, code
        assert "{" not in told, code
        assert why.remedy in told, code


def test_who_and_how_long() -> None:
    told = ClaimRefused("resource_taken", retry_after=12.4, by=Holder("ann", "x"))
    assert "by ann/x for another 12 s" in str(told)
    assert (told.code, told.retry_after, told.by) == ("resource_taken", 12.4, Holder("ann", "x"))
    assert "another" not in str(ClaimRefused("capacity", retry_after=FOREVER)).partition(";")[0]


def test_every_code_a_store_refuses_with_has_words() -> None:
    rooms = [path for room in ("core", "stores") for path in Path(proxyfleet.__path__[0], room).rglob("*.py")]
    texts = [text for text in (path.read_text(encoding="utf-8") for path in rooms) if "core.orders import" in text]
    told = {code for text in texts for code in re.findall(r'\bRefused\("(\w+)"', text)}
    assert "bad_text" in told
    assert told <= set(CODES)
