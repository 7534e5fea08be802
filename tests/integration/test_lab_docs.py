"""The reference page of the lab names everything the lab has."""

from pathlib import Path

from proxyfleet.lab.behaviour import CHOICES, FIELDS
from proxyfleet.lab.control import CALLS
from proxyfleet.lab.hosts import RESERVED
from proxyfleet.lab.lab import KINDS
from proxyfleet.lab.pages import PAGES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "lab.md").read_text()


def test_every_field_and_choice_of_the_behaviour_is_explained() -> None:
    assert [name for name in FIELDS if f"`{name}`" not in PAGE] == []
    choices = {str(choice) for name in ("speaks", "anonymity", "rotate") for choice in CHOICES[name] if choice}
    assert [choice for choice in choices if f"`{choice}`" not in PAGE] == []


def test_every_page_call_kind_and_name_is_explained() -> None:
    assert [name for name in PAGES if f"`/{name}" not in PAGE] == []
    assert [call for call in CALLS if f"`{call[0]} /{call[1]}" not in PAGE] == []
    assert [name for name in (*KINDS, *RESERVED) if f"`{name}`" not in PAGE] == []
