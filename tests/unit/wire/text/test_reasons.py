"""The table of reasons is closed, complete and documented."""

import re
from pathlib import Path

import pytest

from proxyfleet.wire.text.reasons import REASONS, Refused

REPOSITORY = Path(__file__).parents[4]
SOURCES = sorted((REPOSITORY / "src/proxyfleet/wire/text").glob("*.py"))
CODE = re.compile(r'(?:Refused\(|Verdict\([\w.]+, None, )"([a-z_0-9]+)"')


def test_every_code_that_the_parser_uses_is_in_the_table_and_back() -> None:
    used = {code for source in SOURCES for code in CODE.findall(source.read_text(encoding="utf-8"))}
    used |= {"no_proxy", "bad_credentials"}  # chosen by expressions
    assert used == set(REASONS)


def test_the_documentation_lists_every_code() -> None:
    page = (REPOSITORY / "docs/reference/text-formats.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z_0-9]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert {(code, meaning.strip(), remedy.strip()) for code, meaning, remedy in documented} >= {
        (code, reason.meaning, reason.remedy) for code, reason in REASONS.items()
    }


@pytest.mark.parametrize("code", REASONS)
def test_meaning_and_remedy_are_one_line_each(code: str) -> None:
    assert all(part and "\n" not in part for part in REASONS[code])


def test_a_refusal_carries_its_code_and_detail() -> None:
    refused = Refused("bad_value", "column capacity")
    assert (refused.code, refused.detail) == ("bad_value", "column capacity")
